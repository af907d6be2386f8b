// race.c: programs on CPUs that run truly at once, under a race detector: they share frames, tables, slots, accounts,
// slices, end each other, and ask in the midst of it all whether the invariants hold; as they do when all have had
// their steps.
//   race [-s seed] [-n steps] [-c CPUs]
#include <stdlib.h>
#include "test.h"

enum { ROUND = 2000, CHILDREN = 3, FRAMES_EACH = 5, PATIENCE = 200, LOOK = 100 };
enum : uint64_t { STEP_NS = 500, WAIT_NS = 200'000 };

static struct child child[CHILDREN];
static uint64_t round_seed, shootdowns, crosses, looks;
static _Thread_local uint64_t seeded; // of a CPU's thread, which lives for one round

static void call(unsigned cpu) {
  draw_call(cpu);
  fake_cpu[cpu].returned = false;
  fake_cpu[cpu].job = JOB_CALL;
}

// Are all invariants true, while the others go on? (BUSY: it was ended meanwhile.)
static void look(unsigned cpu) {
  struct fake_cpu *c = &fake_cpu[cpu];
  c->number = EXO_CALL_null;
  c->argument[0] = EXO_CHECK_WORD;
  c->job = JOB_CALL;
}
static void looked(const struct fake_cpu *c) {
  if (c->result == EXO_BUSY) return;
  if (c->result) test_fail("check.c", (int)c->result, check.what, (int64_t)check.frame, 0);
  __atomic_fetch_add(&looks, 1, __ATOMIC_RELAXED);
}

static void fault(unsigned cpu) {
  if (test_random(16)) cpu_at(cpu)->arch.uarea->fault.busy = 0; // the one before was dealt with
  fake_cpu[cpu].cause = 1 + test_random(9);
  fake_cpu[cpu].address = test_random(~0ull);
  fake_cpu[cpu].job = JOB_FAULT;
}

// What the program on this CPU does next.
static void program(unsigned cpu) {
  struct fake_cpu *c = &fake_cpu[cpu];
  if (seeded != round_seed) test_random_from(round_seed * EXO_MAX_CPUS + cpu);
  seeded = round_seed;
  if (c->returned && c->number == EXO_CALL_null && c->argument[0] == EXO_CHECK_WORD)
    looked(c);
  else if (c->returned && c->number != EXO_CALL_batch)
    errors_note(c->number, c->result);
  c->returned = false;
  fake.now += STEP_NS;
  uint64_t what = test_random(48);
  if (test_random(LOOK) == 0)
    look(cpu);
  else if (what == 0 && test_random(8) == 0) // what costs lives is seldom
    draw_lie(cpu);
  else if (what == 1 && draw_may_fault(cpu))
    fault(cpu);
  else if (what == 2)
    c->job = JOB_FP;
  else if (what < 10)
    draw_touch(cpu);
  else
    call(cpu);
}

// Plain frames of its own, fit to become a u-area: they have doors.
static void frames_give(const struct child *c) {
  exo_frame n = 64;
  for (unsigned i = 0; i < FRAMES_EACH; i++) {
    n = frame_free_at(n);
    EQ(CALL(0, frame_take, .frame = n, .guard = c->guard, .env = c->number), EXO_OK);
    struct exo_uarea *u = frame_memory(n);
    u->fault_door = FAULT_DOOR;
    u->event_door = EVENT_DOOR;
  }
}

// They may do everything to each other. In every other round they run apart: each misses one CPU, so that env_cpu has
// something to do; else they share their spaces.
static void children_make(void) {
  bool apart = round_seed % 2;
  for (unsigned i = 0; i < CHILDREN; i++) {
    child_make(&child[i], i + 1, ((1u << machine_cpus) - 1) & ~((unsigned)apart << i % machine_cpus));
    EQ(CALL(0, env_ceiling, .env = child[i].number, .ceiling = FRAMES_EACH + 4), EXO_OK);
    frames_give(&child[i]);
  }
  for (unsigned i = 0; i < CHILDREN; i++)
    for (unsigned k = 0; k < CHILDREN; k++)
      EQ(CALL(0, cap_grant, .env = child[i].number, .index = 1 + k, .name = child[k].guard, .rights = EXO_RIGHTS_ALL),
         EXO_OK);
  for (unsigned i = 0; i < CHILDREN; i++)
    for (unsigned cpu = 0; cpu < machine_cpus; cpu++)
      if (!apart || cpu != i % machine_cpus) child_run(&child[i], cpu, 1 + (i + apart * cpu) % CHILDREN, 1'000'000);
}

// Returns how many of the steps were made: programs may all end, or sleep for ever.
static uint64_t one_round(uint64_t steps) {
  machine_start();
  children_make();
  fake.program = program;
  fake.steps = steps;
  uint64_t left = steps;
  for (unsigned in_vain = 0; left && in_vain < PATIENCE && !fake.off; in_vain++) {
    fake_time(WAIT_NS);
    if (fake.steps != left) in_vain = 0;
    left = fake.steps;
  }
  fake.steps = 0;
  fake_run();
  if (fake.off && fake.exit != ARCH_EXIT_CLEAN) fake_broken("the machine ended");
  if (!fake.off) invariants();
  fake_reset();
  shootdowns += machine_window.shootdowns;
  crosses += machine_window.crosses;
  return steps - left;
}

int main(int argc, char **argv) {
  uint64_t steps = 200'000, done = 0, rounds = 0;
  test_running = "race";
  for (; argc >= 3; argc -= 2, argv += 2) {
    uint64_t value = strtoull(argv[2], nullptr, 0);
    if (argv[1][1] == 's') test_seed_from(argv[2]);
    if (argv[1][1] == 'n') steps = value;
    if (argv[1][1] == 'c') machine_cpus = (unsigned)value;
  }
  printf("seed %llu, %u CPUs\n", (unsigned long long)test_seed, machine_cpus);
  for (; done < steps; rounds++) {
    round_seed = test_seed + rounds; // to be given by -s: how far apart the CPUs run is not in it
    done += one_round(ROUND);
  }
  fake_reset();
  unsigned long long good = errors_count(false), bad = errors_count(true);
  printf("race: %llu steps in %llu rounds; %llu calls succeeded, %llu failed; %llu shootdowns, %llu cross calls, %llu "
         "looks\n",
         (unsigned long long)done, (unsigned long long)rounds, good, bad, (unsigned long long)shootdowns,
         (unsigned long long)crosses, (unsigned long long)looks);
  if (steps >= ROUND) CHECK(good * 10 > (good + bad) * 2);
  return 0;
}
