// lend_test.c: time that nobody owns, or whose owner sleeps: who gets it, and how it is asked back.
#include "test.h"

enum : uint64_t { MS = 1'000'000, US = 1000 };
static struct child a, b; // on CPU 1
static struct exo_uarea *ua(void) { return uarea_of(a.number, 1); }
static struct exo_uarea *ub(void) { return uarea_of(b.number, 1); }

static void lending(void) { // nobody wants b's time: a gets it, until b wakes
  machine_start();
  child_make(&a, 1, 0xF);
  child_make(&b, 2, 0xF);
  child_runs_at(&b, 0, MS);
  child_runs_at(&a, 1, MS);
  uint64_t wake = fake.now + 1300 * US;
  ub()->pending = 0;
  EQ(CALL(1, yield, .deadline_ns = wake), AWAY);
  CHECK(runs_on(1) == a.number && !cpu_at(1)->lent);
  machine_pass(MS); // its own turn, then b's
  CHECK(runs_on(1) == a.number && cpu_at(1)->lent && fake.now < wake);
  ua()->masked = 0;
  ua()->pending = 0;
  machine_pass(wake - fake.now + 1);
  CHECK(ua()->pending & EXO_EVENT_SLICE_END); // asked back
  machine_pass(SLICE_GRACE_NS);
  CHECK(runs_on(1) == b.number && ub()->pending & EXO_EVENT_WAKE && !cpu_at(1)->lent);
  CHECK(cpu_at(1)->slice_now == 0 && cpu_at(1)->slice_end_ns < wake + MS); // the rest of its own slice
}

// a has the time that nobody owns; b, whose slice is eager or not, wakes in it: by its deadline, or by an event.
static void wakes_in_lent_time(uint64_t eager, bool by_event) {
  machine_start();
  child_make(&a, 1, 0xF);
  child_make(&b, 2, 0xF);
  EQ(CALL(0, slice_set, .cpu = 1, .index = 0, .length_ns = 20 * MS, .guard = a.guard), EXO_OK);
  child_runs_at(&b, 2, MS + eager);
  child_runs_at(&a, 1, MS);
  EQ(runs_on(1), b.number);
  uint64_t wake = by_event ? ~0ull : fake.now + 8 * MS;
  ub()->pending = 0;
  EQ(CALL(1, yield, .deadline_ns = wake), AWAY);
  EQ(runs_on(1), a.number);
  machine_pass(7 * MS);
  CHECK(runs_on(1) == a.number && cpu_at(1)->lent && cpu_at(1)->slice_now == 0);
  ua()->masked = 0;
  ua()->pending = 0;
  if (by_event)
    EQ(CALL(0, ring, .env = b.number, .cpu = 1, .bits = 1), EXO_OK);
  else
    machine_pass(MS + 1);
  machine_pass(SLICE_GRACE_NS);
  EQ(runs_on(1), eager ? b.number : a.number);
  CHECK(cpu_at(1)->lent && cpu_at(1)->slice_now == 0); // it is nobody's time still
  CHECK(eager || !(ua()->pending & EXO_EVENT_SLICE_END));
}
static void eager_ones(void) {
  for (int i = 0; i < 4; i++) wakes_in_lent_time(i % 2 ? EXO_SLICE_EAGER : 0, i / 2);
}

// Two eager ones do not take lent time from each other.
static void eager_ones_meet(void) {
  wakes_in_lent_time(EXO_SLICE_EAGER, true);
  EQ(CALL(0, slice_set, .cpu = 1, .index = 1, .env = a.number, .length_ns = MS + EXO_SLICE_EAGER, .guard = a.guard),
     EXO_OK);
  EQ(CALL(0, ring, .env = a.number, .cpu = 1, .bits = 1), EXO_OK);
  machine_pass(2 * SLICE_GRACE_NS);
  EQ(runs_on(1), b.number);
  ub()->pending = 0;
  EQ(CALL(1, yield, .deadline_ns = fake.now + MS), AWAY);
  EQ(runs_on(1), a.number);
  uint64_t ticks = cpu_at(1)->ticks;
  machine_pass(3 * MS);
  CHECK(runs_on(1) == a.number && cpu_at(1)->lent && cpu_at(1)->ticks < ticks + 3);
}

static void owner_is_started_meanwhile(void) {
  machine_start();
  child_make(&a, 1, 0xF);
  child_make(&b, 2, 0xF);
  EQ(CALL(0, slice_set, .cpu = 1, .index = 0, .env = b.number, .length_ns = 5 * MS, .guard = b.guard), EXO_OK);
  child_runs_at(&a, 1, MS);
  EQ(runs_on(1), a.number);
  machine_pass(1200 * US);
  CHECK(runs_on(1) == a.number && cpu_at(1)->lent);
  ua()->masked = 0;
  EQ(CALL(0, env_start, .env = b.number, .cpu = 1), EXO_OK);
  machine_pass(SLICE_GRACE_NS);
  EQ(runs_on(1), b.number);
}

const struct test lend_tests[] = {
    {"lending", lending},
    {"eager ones wake in lent time", eager_ones},
    {"eager ones meet", eager_ones_meet},
    {"an owner is started meanwhile", owner_is_started_meanwhile},
    {},
};
