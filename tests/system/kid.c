// kid.c: children of this very program in a role of theirs, and threads: this environment on another CPU.
#include "system.h"
#include "machine.h"

enum { THREADS = 4, THREAD_SLICE = 4 }; // slices that neither the first program nor spawn uses
static const struct kid none;

bool kid_start(struct kid *k, struct kid_how how, const char *role, uint64_t a, uint64_t b) {
  char words[2][24], file[32], child[] = "child";
  char *argv[] = {os_self.argv[0], child, (char *)(uintptr_t)role, words[0], words[1]};
  *k = none;
  os_format(words[0], sizeof words[0], "%lu", a);
  os_format(words[1], sizeof words[1], "%lu", b);
  os_format(file, sizeof file, "bin/%s", argv[0]);
  k->frame = os_frame_get();
  k->shared = k->frame ? os_core_map(OS_SLOT_SELF, k->frame, EXO_READ | EXO_WRITE) : nullptr;
  struct os_spawn spawn = {.file = file,
                           .argc = 5,
                           .argv = argv,
                           .give = how.give ? how.give : OS_GIVE_OUT | OS_GIVE_SLICES | OS_GIVE_ARCHIVE,
                           .ceiling = how.ceiling ? how.ceiling : KID_CEILING,
                           .cpu = how.cpu,
                           .slice_ns = how.slice_ns,
                           .slice = how.slice,
                           .shared = k->frame};
  exo_result r = k->shared ? os_spawn(&spawn, &k->child) : EXO_CEILING;
  EXPECT_IS(r, EXO_OK);
  if (r == EXO_OK) return true;
  k->child.env = 0;
  kid_end(k);
  return false;
}

bool kid_wait(struct kid *k, uint64_t limit_ns) {
  uint64_t limit = os_now_ns() + limit_ns;
  while (os_child_alive(&k->child)) {
    if (os_now_ns() > limit) return false;
    os_yield(k->child.env, os_now_ns() + MS(2));
  }
  return true;
}

bool kid_until(struct kid *k, uint64_t word, uint64_t value, uint64_t limit_ns) {
  uint64_t limit = os_now_ns() + limit_ns;
  while (k->shared[word] < value) {
    if (os_now_ns() > limit || !os_child_alive(&k->child)) return k->shared[word] >= value;
    os_yield(k->child.env, os_now_ns() + MS(1));
  }
  return true;
}

void kid_end(struct kid *k) {
  if (k->child.env) {
    exo_result r = os_child_stop(&k->child, 77);
    EXPECT(r == EXO_OK || r == EXO_NO_ENV); // it has ended, perhaps just now
    struct exo_slice_set clear = {.slot = OS_SLOT_SLICE, .cpu = k->child.cpu, .index = k->child.slice};
    clear.guard = EXO_GUARD_SLICE;
    EXPECT_IS(exo_slice_set(clear), EXO_OK);
    for (clear.index = THREAD_SLICE; clear.index < THREAD_SLICE + THREADS; clear.index++)
      for (clear.cpu = 0; clear.cpu < os_self.machine->cpu_count; clear.cpu++) (void)exo_slice_set(clear);
    EXPECT(os_child_reclaim(&k->child) > 0);
  }
  if (k->shared) os_core_unmap((const void *)(uintptr_t)k->shared);
  if (k->frame) frame_end(k->frame);
  *k = none;
}

// --- Threads

static struct thread **thread_of(struct exo_uarea *u) { return (struct thread **)(void *)u->library; }

// Its fault door: notes the fault, and goes on behind the access.
static void thread_fault(struct exo_uarea *u, struct exo_record *r) {
  struct thread *t = *thread_of(u);
  t->cause = r->cause;
  t->address = r->address;
  t->faults++;
  *arch_frame_pc(&r->regs) = (uint64_t)probe_fault;
  (void)exo_resume((struct exo_resume){.record = 0});
}

static void thread_event(struct exo_uarea *u, struct exo_record *r) {
  (void)r;
  u->pending = 0;
  (void)exo_resume((struct exo_resume){.record = 1});
}

enum { STACK = 16384 };
static struct {
  _Alignas(16) uint8_t main[STACK], fault[STACK], event[STACK];
} stacks[THREADS];
static unsigned threads;

bool thread_start(struct thread *t, uint64_t cpu, void (*body)(void *), void *argument) {
  unsigned n = threads++;
  if (n == THREADS) return false;
  uint64_t index = 500 - 2 * n; // two pages near the end of PLACE
  *t = (struct thread){.state = frame_new(), .pair = frame_pair(), .cpu = cpu};
  if (place_map(index, t->pair, 3) < 0 || place_map(index + 1, t->pair + 1, 3) < 0) return false;
  struct exo_uarea *u = t->u = (struct exo_uarea *)(uintptr_t)place(index);
  *thread_of(u) = t;
  u->self = (uint64_t)u;
  u->fault_door = (uint64_t)thread_fault;
  u->event_door = (uint64_t)thread_event;
  u->fault_stack = (uint64_t)(stacks[n].fault + STACK);
  u->event_stack = (uint64_t)(stacks[n].event + STACK);
  u->masked = 1;
  u->forced.busy = 1;
  *arch_frame_pc(&u->forced.regs) = (uint64_t)body;
  *arch_frame_sp(&u->forced.regs) = (uint64_t)(stacks[n].main + STACK);
  *arch_frame_argument(&u->forced.regs, 0) = (uint64_t)argument;
  struct exo_env_cpu presence = {OS_SLOT_SELF, os_self.env, cpu, t->state, t->pair};
  struct exo_slice_set slice = {OS_SLOT_SLICE, cpu, THREAD_SLICE + n, os_self.env, MS(5), EXO_GUARD_SLICE};
  return exo_env_cpu(presence) == EXO_OK && exo_slice_set(slice) == EXO_OK &&
         exo_env_start((struct exo_env_start){OS_SLOT_SELF, os_self.env, cpu}) == EXO_OK;
}
