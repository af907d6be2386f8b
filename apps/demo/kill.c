// kill.c: a hundred deaths. Each round one program is started beside a survivor and killed at a seeded point: while it
// computes, on this CPU or another, with a page shared, or inside its own fault door. Then a third program, fresh,
// looks in the kernel's frame table for anything that is still the dead one's.
#include "demo.h"

enum { WITNESS_FRAMES = 2048 };

// witness ENV NAME: 0 if no frame is on the dead environment's account or under its name any more.
int witness(int argc, char **argv) {
  if (argc < 4) return 2;
  uint64_t account = os_number(argv[2], 0), left = 0;
  exo_name name = os_number(argv[3], 0);
  const struct exo_machine_window *m = os_self.machine;
  for (uint64_t i = 0; i < m->range_count; i++)
    for (exo_frame f = m->range[i].first; f < m->range[i].first + m->range[i].count; f++) {
      const struct exo_frame_desc *d = f % 128 == 0 || f == m->range[i].first
                                           ? (os_frame_desc(f), (const struct exo_frame_desc *)OS_FRAMES + f)
                                           : (const struct exo_frame_desc *)OS_FRAMES + f;
      uint64_t kind = exo_state_kind(d->state);
      if (kind < EXO_KIND_USER || kind >= EXO_KIND_WINDOW) continue;
      left += d->account == (uint32_t)account || exo_name_is_prefix(name, d->guard);
    }
  return left ? 1 : 0;
}

static bool ask_witness(const struct os_child *dead) {
  char env[32], name[32], *argv[] = {(char[]){"demo"}, (char[]){"witness"}, env, name};
  os_format(env, sizeof env, "0x%x", (uint32_t)dead->env);
  os_format(name, sizeof name, "0x%lx", dead->name);
  struct os_child child;
  struct os_spawn how = {.file = "bin/demo", .argc = 4, .argv = argv, .ceiling = WITNESS_FRAMES};
  if (os_spawn(&how, &child) != EXO_OK) return false;
  while (os_child_alive(&child)) os_yield(child.env, os_now_ns() + 2'000'000);
  int status = os_child_status(&child);
  return os_child_reclaim(&child) >= 0 && status == 0;
}

// Lets the victim come to the point where it is to die.
static void wait_for_point(const struct desk *d, uint64_t mode, uint64_t point, exo_env victim, bool here) {
  uint64_t limit = os_now_ns() + 2'000'000'000;
  while ((mode == MODE_DOOR ? !d->in_door : d->steps < point) && os_now_ns() < limit) {
    if (here)
      os_yield(victim, os_now_ns() + 1'000'000);
    else
      arch_pause();
  }
}

// One round. 0: all as it should be.
static int kill_once(uint64_t round, uint64_t *random, uint64_t cpus) {
  uint64_t x = os_random(random), cpu = cpus > 1 ? round % cpus : 0;
  struct desk order = {.seed = x, .mode = round % 3 == 2 ? MODE_DOOR : MODE_RUN}, *desk;
  struct os_child victim;
  exo_result r = start_worker(&victim, &desk, &order, cpu);
  if (r < 0) {
    os_print("  round %lu: no victim: %s\n", round, os_result_text(r));
    return 1;
  }
  wait_for_point(desk, order.mode, x % 5000, victim.env, cpu == os_self.cpu);
  bool in_time = order.mode != MODE_DOOR || desk->in_door;
  r = os_child_stop(&victim, 9);
  struct os_child dead = victim;
  exo_result back = r < 0 ? r : os_child_reclaim(&victim);
  end_worker(desk);
  bool clean = back >= 0 && ask_witness(&dead);
  if (in_time && clean) return 0;
  os_print("  round %lu: stop %ld, frames back %ld, in time %d, witness %d\n", round, r, back, in_time, clean);
  return 1;
}

int kill_rounds(uint64_t rounds, uint64_t seed, uint64_t cpus) {
  struct desk order = {.seed = seed, .mode = MODE_RUN}, *desk;
  struct os_child survivor;
  int wrong = 0;
  if (start_worker(&survivor, &desk, &order, 0) < 0) return 1;
  for (uint64_t i = 0; i < rounds && !wrong; i++) wrong += kill_once(i, &seed, cpus);
  desk->stop = 1;
  while (os_child_alive(&survivor)) os_yield(survivor.env, os_now_ns() + 2'000'000);
  uint64_t steps = desk->steps, sum = desk->checksum;
  bool right = desk->done && sum == expected(order.seed, steps);
  os_print("  survivor: %lu steps, checksum %016lx %s\n", steps, sum, right ? "right" : "WRONG");
  if (os_child_reclaim(&survivor) < 0) wrong++;
  end_worker(desk);
  return wrong + !right;
}
