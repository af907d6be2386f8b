// random_test.c: long random lives: programs on three CPUs make calls that are nearly right, fault, lie in their
// u-areas and let time pass; environments end and are made again. After every step (of a long run: after every third)
// all invariants hold, and a call that failed has changed nothing. In the end every error of every call has been seen.
#include "test.h"

enum { LIFE = 2000, CPUS_USED = 3, CHILDREN = 2, ENOUGH = 5'000'000 };

static struct child child[CHILDREN];
static unsigned made_again;
static bool looks; // after this step

static void one_call(unsigned cpu) {
  const struct exo_uarea *u = cpu_at(cpu)->arch.uarea;
  draw_call(cpu);
  fake_post(cpu, JOB_CALL);
  uint64_t before = looks && !fake.mingle ? machine_digest() : 0;
  fake_run();
  const struct fake_cpu *c = &fake_cpu[cpu];
  draw_note(c, u);
  if (before && c->returned && c->result < 0 && !fake.off) CHECK(machine_digest() == before);
}

static void many_calls(void) {
  const struct exo_uarea *u[CPUS_USED];
  unsigned calling = 0;
  for (unsigned i = 0; i < CPUS_USED; i++) {
    if (fake_cpu[i].state != FAKE_USER) continue;
    u[i] = cpu_at(i)->arch.uarea;
    calling |= 1u << i;
    draw_call(i);
    fake_post(i, JOB_CALL);
  }
  fake_run();
  for (unsigned i = 0; i < CPUS_USED; i++)
    if (calling >> i & 1) draw_note(&fake_cpu[i], u[i]);
}

// --- Environments: made, taken back, made again

static void child_begin(unsigned i) {
  child_make(&child[i], i + 1, (1 << CPUS_USED) - 1);
  EQ(CALL(0, env_ceiling, .env = child[i].number, .ceiling = 12), EXO_OK);
  for (unsigned k = 0; k < 4; k++)
    EQ(CALL(0, frame_take, .frame = frame_free_at(64), .guard = child[i].guard, .env = child[i].number), EXO_OK);
  for (unsigned cpu = 0; cpu < CPUS_USED; cpu++) child_run(&child[i], cpu, 1 + i, 1'000'000);
}

static bool first_can_act(void) {
  const struct exo_slot_window *s = &((const struct env *)frame_memory(env_frame(first())))->w.slot[0];
  return !fake.off && runs_on(0) == first() && fake_cpu[0].state == FAKE_USER && s->rights == EXO_RIGHTS_ALL &&
         s->name == 0;
}

static void frame_back(exo_frame n) {
  uint64_t state = desc(n)->state;
  if (exo_state_kind(state) == EXO_KIND_ENV && n != env_frame(first()))
    CALL(0, env_stop, .env = ((const struct env *)frame_memory(n))->w.number);
  if (exo_state_kind(state) == EXO_KIND_TABLE && !exo_state_level(state))
    for (uint64_t i = 0; i < 512 && first_can_act(); i += EXO_RANGE_MAX)
      CALL(0, unmap, .table = n, .index = i, .count = EXO_RANGE_MAX);
  if (exo_state_kind(state) == EXO_KIND_TABLE && first_can_act()) CALL(0, table_drop, .table = n);
  if (first_can_act()) CALL(0, frame_drop, .frame = n);
}

// The first environment takes back all that was ever given out. What the boot laid out for itself, it keeps.
static void all_back(void) {
  for (int pass = 0; pass < PTE_LEVELS + 2; pass++)
    for (exo_frame n = 64; n < RAM_END && first_can_act(); n++)
      if (kind_of(n) >= EXO_KIND_USER && kind_of(n) <= EXO_KIND_UAREA) frame_back(n);
}

static bool room_for_all(void) {
  unsigned free = 0;
  for (exo_frame n = 64; n < RAM_END; n++) free += kind_of(n) == EXO_KIND_FREE;
  const struct env *env = frame_memory(env_frame(first()));
  return free > 80 && env->w.ceiling > env->w.used + 80;
}

static bool children_live(void) { return env_at(child[0].number) || env_at(child[1].number); }

static void again(void) {
  if (!first_can_act()) return;
  all_back();
  if (!first_can_act() || !room_for_all()) return;
  uint64_t mingle = fake.mingle;
  fake.mingle = 0;
  for (unsigned i = 0; i < CHILDREN && first_can_act(); i++) child_begin(i);
  fake.mingle = mingle;
  made_again++;
}

// --- Steps and lives

static void trap(unsigned cpu, enum fake_job job) {
  fake_cpu[cpu].cause = 1 + test_random(9);
  fake_cpu[cpu].address = test_random(~0ull);
  fake_post(cpu, job);
  fake_run();
}

static void step(void) {
  unsigned cpu = (unsigned)test_random(CPUS_USED);
  uint64_t what = test_random(24);
  if (fake_cpu[cpu].state != FAKE_USER || what == 0)
    fake_time(test_random(2'000'000));
  else if (what == 1)
    draw_lie(cpu);
  else if (what == 2 && draw_may_fault(cpu))
    trap(cpu, JOB_FAULT);
  else if (what == 3)
    trap(cpu, JOB_FP);
  else if (what < 6)
    draw_touch(cpu);
  else if (what < 12)
    many_calls();
  else
    one_call(cpu);
}

static void life(uint64_t *done) {
  uint64_t every = test_steps > 1'000'000 ? 4 : 1; // a long run goes for more states
  machine_start();
  for (unsigned i = 0; i < CHILDREN; i++) child_begin(i);
  fake.mingle = test_random(2) * (test_random(~0ull) | 1);
  for (unsigned i = 0; i < LIFE && *done < test_steps && !fake.off; i++, ++*done) {
    looks = *done % every == 0;
    step();
    if (looks && !fake.off) invariants();
    if (!children_live()) again();
    if (!children_live()) break;
  }
  if (fake.off && fake.exit != ARCH_EXIT_CLEAN) fake_broken("the machine ended in a random life");
}

static void lives(void) {
  uint64_t lives_lived = 0;
  for (uint64_t done = 0; done < test_steps; lives_lived++) life(&done);
  unsigned long long good = errors_count(false), bad = errors_count(true);
  printf("random: %llu steps in %llu lives (%u begun again); %llu calls succeeded, %llu failed\n",
         (unsigned long long)test_steps, (unsigned long long)lives_lived, made_again, good, bad);
  if (test_steps < ENOUGH) return;
  CHECK(good * 10 > (good + bad) * 3 && made_again);
  CHECK(errors_missing() <= 2); // the rarest are met by chance; what is written by hand has them all
}

const struct test random_tests[] = {{"random lives", lives}, {}};
