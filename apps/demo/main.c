// demo [CALLS [ROUNDS [SEED]]]: two programs that distrust each other, each with its own pager, on one CPU and on two:
// they attack each other with CALLS calls each, and compute meanwhile; then one of two is killed, ROUNDS times.
#include "demo.h"

enum { WORKER_FRAMES = 1024 };

exo_result start_worker(struct os_child *child, struct desk **desk, const struct desk *order, uint64_t cpu) {
  char *argv[] = {(char[]){"demo"}, (char[]){"worker"}};
  exo_frame frame = os_frame_get();
  *desk = frame ? os_core_map(OS_SLOT_SELF, frame, EXO_READ | EXO_WRITE) : nullptr;
  if (!*desk) return EXO_CEILING;
  **desk = *order;
  struct os_spawn how = {.file = "bin/demo",
                         .argc = 2,
                         .argv = argv,
                         .ceiling = WORKER_FRAMES,
                         .cpu = cpu,
                         .slice_ns = 5'000'000,
                         .shared = frame};
  exo_result r = os_spawn(&how, child);
  if (r < 0) end_worker(*desk);
  return r;
}

void end_worker(struct desk *desk) {
  exo_frame frame = os_table_entry((uint64_t)desk) >> 3;
  os_core_unmap(desk);
  os_frame_put(frame);
}

static bool judge(const char *name, const struct desk *d, const struct os_child *c) {
  bool right = d->done && d->checksum == expected(d->seed, d->steps);
  os_print("  %s: %lu calls: %lu refused, %lu harmless, %lu breaches; %lu pages paged, checksum %016lx %s\n", name,
           d->refused + d->harmless + d->breaches, d->refused, d->harmless, d->breaches, d->faults, d->checksum,
           right ? "right" : "WRONG");
  const struct exo_obituary *o = os_child_obituary(c);
  if (!d->done)
    os_print("  %s ended early: %s, address %lx, pc %lx, by %lx\n", name, os_cause_text(o->cause), o->address, o->pc,
             o->by);
  return right && !d->breaches && os_child_status(c) == 0;
}

// Two workers, the second on CPU `cpu`.
static int duel(uint64_t calls, uint64_t seed, uint64_t cpu) {
  struct desk order[2] = {{.seed = seed * 2 + 1, .calls = calls}, {.seed = seed * 2 + 2, .calls = calls}}, *desk[2];
  struct os_child child[2];
  int wrong = 0;
  if (start_worker(&child[0], &desk[0], &order[0], 0) < 0 || start_worker(&child[1], &desk[1], &order[1], cpu) < 0)
    return 1;
  for (int i = 0; i < 2; i++) {
    desk[i]->peer_name = child[!i].name;
    desk[i]->peer = child[!i].env;
  }
  while (os_child_alive(&child[0]) || os_child_alive(&child[1])) os_yield(0, os_now_ns() + 20'000'000);
  for (int i = 0; i < 2; i++) {
    wrong += !judge(i ? "second" : "first ", desk[i], &child[i]);
    wrong += os_child_reclaim(&child[i]) < 0;
    end_worker(desk[i]);
  }
  return wrong;
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "worker")) return worker();
  if (argc > 1 && !strcmp(argv[1], "witness")) return witness(argc, argv);
  uint64_t calls = argc > 1 ? os_number(argv[1], 1000000) : 1000000;
  uint64_t rounds = argc > 2 ? os_number(argv[2], 100) : 100;
  uint64_t seed = argc > 3 ? os_number(argv[3], 1) : (arch_counter() & 0xFFFFFF) | 1;
  uint64_t cpus = os_self.machine->cpu_count;
  int wrong = 0;
  os_print("Two programs that distrust each other; seed %lu.\n", seed);
  os_print("On one CPU, each attacks the other with %lu calls:\n", cpus > 1 ? calls / 2 : calls);
  wrong += duel(cpus > 1 ? calls / 2 : calls, seed, 0);
  os_report_test("duel-one-cpu", !wrong, "seed %lu", seed);
  if (cpus > 1) {
    os_print("On two CPUs at the same time, %lu more:\n", calls - calls / 2);
    int here = duel(calls - calls / 2, seed + 1000, 1);
    os_report_test("duel-two-cpus", !here, "seed %lu", seed + 1000);
    wrong += here;
  }
  os_print("One of two is killed, %lu times, at seeded points, on %lu CPU%s:\n", rounds, cpus, cpus > 1 ? "s" : "");
  int killed = kill_rounds(rounds, seed + 2000, cpus);
  os_report_test("kills", !killed, "%lu rounds, seed %lu", rounds, seed + 2000);
  wrong += killed;
  os_print(wrong ? "Something was not as promised.\n" : "All refused, all sums right, every frame came back.\n");
  return wrong ? 1 : 0;
}
