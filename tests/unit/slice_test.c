// slice_test.c: processor time: turns, lending, debt, grace and force, directed yield, sleep.
#include <string.h>
#include "test.h"

enum : uint64_t { MS = 1'000'000, US = 1000 };
static struct child a, b;

// a and b on CPU 1, at positions 0 and 1, with these lengths; a runs.
static void two_on_one(uint64_t length_a, uint64_t length_b) {
  machine_start();
  child_make(&a, 1, 0xF);
  child_make(&b, 2, 0xF);
  child_runs_at(&a, 0, length_a);
  child_runs_at(&b, 1, length_b);
  EQ(runs_on(1), a.number);
}
static struct exo_uarea *ua(void) { return uarea_of(a.number, 1); }
static struct exo_uarea *ub(void) { return uarea_of(b.number, 1); }

static void set_refused(void) {
  machine_start();
  child_make(&a, 1, 1);
  exo_name g = EXO_GUARD_SLICE;
  REFUSE(EXO_RANGE, 0, slice_set, .cpu = CPUS, .env = first(), .length_ns = MS, .guard = g);
  REFUSE(EXO_RANGE, 0, slice_set, .cpu = ~0ull, .env = first(), .length_ns = MS, .guard = g);
  REFUSE(EXO_RANGE, 0, slice_set, .cpu = 1ull << 32, .env = first(), .length_ns = MS, .guard = g);
  REFUSE(EXO_RANGE, 0, slice_set, .index = EXO_SLICES, .env = first(), .length_ns = MS, .guard = g);
  REFUSE(EXO_RANGE, 0, slice_set, .env = first(), .length_ns = SLICE_MIN_NS - 1, .guard = g);
  REFUSE(EXO_RANGE, 0, slice_set, .env = first(), .length_ns = SLICE_MAX_NS + 1ull, .guard = g);
  REFUSE(EXO_RANGE, 0, slice_set, .env = first(), .length_ns = ~0ull, .guard = g);
  REFUSE(EXO_NO_SLOT, 0, slice_set, .slot = 1, .env = first(), .length_ns = MS, .guard = g);
  REFUSE(EXO_NO_SLOT, 0, slice_set, .slot = EXO_SLOTS, .env = first(), .length_ns = MS, .guard = g);
  REFUSE(EXO_NAME, 0, slice_set, .env = first(), .length_ns = MS, .guard = 1 << 10 | 1); // bits behind the length
  REFUSE(EXO_NAME, 0, slice_set, .env = first(), .length_ns = MS, .guard = 59);
  REFUSE(EXO_NO_ENV, 0, slice_set, .cpu = 1, .env = first(), .length_ns = MS, .guard = g);
  REFUSE(EXO_NO_ENV, 0, slice_set, .env = a.number + (1ull << 40), .length_ns = MS, .guard = g);
  REFUSE(EXO_NO_ENV, 0, slice_set, .env = ~0ull, .length_ns = MS, .guard = g);
  EQ(CALL(0, slice_set, .index = 31, .env = first(), .length_ns = SLICE_MIN_NS, .guard = g), EXO_OK);
  EQ(CALL(0, slice_set, .index = 31, .env = first(), .length_ns = SLICE_MAX_NS, .guard = test_guard(1)), EXO_OK);
  EQ(CALL(0, slice_set, .index = 31, .guard = test_guard(1)), EXO_OK); // nobody's, and no time
}

static void set_by_a_child(void) { // it may hand on what its name reaches, and nothing else
  machine_start();
  child_make(&a, 1, 3);
  child_runs_at(&a, 0, MS);
  REFUSE(EXO_DENIED, 1, slice_set, .cpu = 1, .index = 1, .env = a.number, .length_ns = MS, .guard = a.guard);
  REFUSE(EXO_NAME, 1, slice_set, .cpu = 1, .index = 0, .env = a.number, .length_ns = MS, .guard = EXO_GUARD_SLICE);
  EQ(CALL(1, slice_set, .cpu = 1, .index = 0, .env = a.number, .length_ns = 2 * MS, .guard = a.guard), EXO_OK);
  EQ(CALL(0, cap_grant, .env = a.number, .index = 1, .name = a.guard, .rights = EXO_RIGHTS_ALL & ~EXO_MANAGE), EXO_OK);
  REFUSE(EXO_DENIED, 1, slice_set, .slot = 1, .cpu = 1, .env = a.number, .length_ns = MS, .guard = a.guard);
}

static void masked(void) { // one that can not be entered loses the CPU at once, and finds itself where it was
  two_on_one(MS, MS);
  struct arch_frame before = fake_cpu[1].frame;
  ua()->masked = 1;
  machine_pass(MS);
  CHECK(runs_on(1) == b.number && ua()->forced.busy == 1 && ua()->pending & EXO_EVENT_SLICE_END);
  ub()->masked = 1;
  machine_pass(MS);
  CHECK(runs_on(1) == a.number && ua()->forced.busy == 0 && ua()->event.busy == 0);
  CHECK(memcmp(&before, &fake_cpu[1].frame, sizeof before) == 0);
}

static void turns(void) { // asked, but they do not answer: 1 ms + grace each, in turn
  two_on_one(MS, 2 * MS);
  ua()->masked = ub()->masked = 0;
  machine_pass(MS);
  CHECK(runs_on(1) == a.number && ua()->pending & EXO_EVENT_SLICE_END && cpu_at(1)->grace);
  machine_pass(SLICE_GRACE_NS);
  CHECK(runs_on(1) == b.number && ua()->forced.busy == 1);
  ub()->masked = 0;
  machine_pass(2 * MS + SLICE_GRACE_NS);
  CHECK(runs_on(1) == a.number && ua()->forced.busy == 0);
  EQ(cpu_at(1)->slice_end_ns - cpu_at(1)->slice_begun_ns, MS - SLICE_GRACE_NS); // overstay was paid for
}

static void asked_first(void) { // an open event door: the library gives the CPU up by itself and owes nothing
  two_on_one(MS, MS);
  ua()->masked = 0;
  fake_cpu[1].frame.pc = 0x5000;
  machine_pass(MS);
  CHECK(runs_on(1) == a.number && fake_cpu[1].frame.pc == EVENT_DOOR && ua()->event.regs.pc == 0x5000);
  EQ(CALL(1, yield), AWAY);
  EQ(runs_on(1), b.number);
  EQ(cpu_at(1)->slice[0].debt_ns, 0);
}

// The shortest slice, overstayed by the whole grace: the debt is paid and the environment runs on.
static void debt_larger_than_the_slice(void) {
  machine_start();
  child_make(&a, 1, 0xF);
  child_runs_at(&a, 0, SLICE_MIN_NS);
  for (int i = 0; i < 20; i++) {
    ua()->masked = 0;
    machine_pass(SLICE_MIN_NS + SLICE_GRACE_NS);
    EQ(runs_on(1), a.number);
  }
}

static void debt_and_a_shorter_slice(void) { // the invariants: never more debt than a turn
  two_on_one(10 * MS, MS);
  ua()->masked = 0;
  machine_pass(10 * MS + SLICE_GRACE_NS);
  EQ(runs_on(1), b.number);
  EQ(CALL(0, slice_set, .cpu = 1, .env = a.number, .length_ns = SLICE_MIN_NS, .guard = a.guard), EXO_OK);
  EQ(CALL(0, slice_set, .cpu = 1, .env = a.number, .length_ns = 0, .guard = a.guard), EXO_OK);
  EQ(cpu_at(1)->slice[0].debt_ns, 0);
}

// Kicks do not put off the end of a slice, not even of one that stays inside its resume sequence with an event waiting.
static void kicks_do_not_extend(void) {
  two_on_one(MS, MS);
  ua()->resume_start = 0x5000;
  ua()->resume_end = 0x6000;
  ua()->masked = 0;
  ua()->pending = EXO_EVENT_WAKE;
  fake_cpu[1].frame.pc = 0x5000;
  for (int i = 0; i < 120; i++) {
    machine_pass(10 * US);
    EQ(CALL(0, slice_set, .cpu = 1, .index = 25, .guard = a.guard), EXO_OK);
  }
  EQ(runs_on(1), b.number);
}

// Kicks and ticks inside the grace do not shorten it.
static void grace_is_whole(void) {
  two_on_one(MS, MS);
  ua()->pending = 0;
  EQ(CALL(1, yield, .deadline_ns = ~0ull), AWAY);
  EQ(runs_on(1), b.number);
  machine_pass(1010 * US); // b on a's time now, after its own
  CHECK(runs_on(1) == b.number && cpu_at(1)->lent);
  ub()->masked = 0;
  EQ(CALL(0, env_start, .env = a.number, .cpu = 1), EXO_OK); // a wakes: b is asked
  CHECK(cpu_at(1)->grace && runs_on(1) == b.number);
  for (int i = 0; i < 5; i++) EQ(CALL(0, slice_set, .cpu = 1, .index = 25, .guard = a.guard), EXO_OK);
  CHECK(runs_on(1) == b.number);
  machine_pass(SLICE_GRACE_NS - 1);
  EQ(runs_on(1), b.number);
  machine_pass(1);
  EQ(runs_on(1), a.number);
}

static void directed_yield(void) {
  two_on_one(MS, MS);
  machine_pass(300 * US);
  uint64_t end = cpu_at(1)->slice_end_ns;
  EQ(CALL(1, yield, .to = b.number), AWAY);
  CHECK(runs_on(1) == b.number && cpu_at(1)->slice_end_ns == end && ub()->slice_end_ns == end);
  EQ(CALL(1, yield, .to = a.number), AWAY); // and back, with no context of its own
  CHECK(runs_on(1) == a.number && cpu_at(1)->slice_end_ns == end && fake_cpu[1].frame.pc == EVENT_DOOR);
  EQ(CALL(1, yield, .to = a.number), AWAY); // to itself: the next in turn
  EQ(runs_on(1), b.number);
  EQ(CALL(1, yield, .to = first()), AWAY); // not here
  EQ(runs_on(1), a.number);
  EQ(CALL(1, yield, .to = ~0ull), AWAY); // no such
  EQ(runs_on(1), b.number);
  EQ(CALL(0, env_stop, .env = a.number), EXO_OK);
  EQ(CALL(1, yield, .to = a.number), AWAY); // dead
  EQ(runs_on(1), b.number);
}

// Whoever is asked for the CPU has no time left to pass on.
static void no_direction_in_grace(void) {
  two_on_one(MS, MS);
  struct child c;
  child_make(&c, 3, 0xF);
  child_runs_at(&c, 2, MS);
  ua()->masked = 0;
  machine_pass(MS);
  CHECK(runs_on(1) == a.number && cpu_at(1)->grace);
  EQ(CALL(1, yield, .to = c.number), AWAY);
  EQ(runs_on(1), b.number);
}

// The owner asks for its lent time back and ends before the grace is over: the borrower is not asked and forced in one
// act when the slice really ends.
static void grace_is_taken_back(void) {
  machine_start();
  child_make(&a, 1, 0xF);
  child_make(&b, 2, 0xF);
  EQ(CALL(0, slice_set, .cpu = 1, .index = 0, .env = b.number, .length_ns = 5 * MS, .guard = b.guard), EXO_OK);
  child_runs_at(&a, 1, MS);
  while (!cpu_at(1)->lent) machine_pass(100 * US);
  ua()->masked = 0;
  EQ(CALL(0, env_start, .env = b.number, .cpu = 1), EXO_OK);
  CHECK(runs_on(1) == a.number && cpu_at(1)->grace);
  EQ(CALL(0, env_stop, .env = b.number), EXO_OK);
  machine_pass(SLICE_GRACE_NS);
  CHECK(runs_on(1) == a.number && !cpu_at(1)->grace);
  ua()->masked = 0;
  machine_pass(cpu_at(1)->slice_end_ns - fake.now);
  CHECK(runs_on(1) == a.number && cpu_at(1)->grace && fake_cpu[1].frame.pc == EVENT_DOOR);
}

// An event that came while the doors were closed is delivered at the next tick that finds them open.
static void tick_delivers(void) {
  machine_start();
  child_make(&a, 1, 0xF);
  child_make(&b, 2, 0xF);
  child_runs_at(&b, 0, MS);
  child_runs_at(&a, 1, MS);
  ub()->pending = 0;
  EQ(CALL(1, yield, .deadline_ns = fake.now + 10 * MS), AWAY);
  while (!cpu_at(1)->lent) machine_pass(100 * US);
  ub()->pending = 0;
  EQ(CALL(0, slice_set, .cpu = 1, .index = 9, .env = b.number, .length_ns = MS, .guard = b.guard), EXO_OK);
  ua()->masked = 0;
  ua()->pending = EXO_EVENT_WAKE;
  fake_cpu[1].frame.pc = 0x5000;
  fake_cpu[1].timer_ns = fake.now; // too early for the end of the slice
  machine_pass(1);
  CHECK(runs_on(1) == a.number && fake_cpu[1].frame.pc == EVENT_DOOR && !cpu_at(1)->grace);
}

static void sleep_and_deadlines(void) {
  machine_start();
  child_make(&a, 1, 0xF);
  child_runs_at(&a, 0, MS);
  ua()->pending = 0;
  EQ(CALL(1, yield, .deadline_ns = fake.now + 500 * US), AWAY);
  EQ(runs_on(1), 0);
  machine_pass(499 * US);
  EQ(runs_on(1), 0);
  machine_pass(US);
  CHECK(runs_on(1) == a.number && ua()->pending & EXO_EVENT_WAKE && fake_cpu[1].frame.pc == EVENT_DOOR);
  EQ(CALL(1, yield, .deadline_ns = fake.now + MS), AWAY); // events are waiting: no sleep
  EQ(runs_on(1), a.number);
  ua()->pending = 0;
  EQ(CALL(1, yield, .deadline_ns = 1), AWAY); // long past
  CHECK(runs_on(1) == a.number && ua()->pending & EXO_EVENT_WAKE);
  ua()->pending = 0;
  EQ(CALL(1, yield, .deadline_ns = ~0ull), AWAY);
  machine_pass(10 * MS);
  EQ(runs_on(1), 0);
  EQ(CALL(0, env_start, .env = a.number, .cpu = 1), EXO_OK);
  EQ(runs_on(1), a.number);
}

// A sleeper that has lost its time: nothing can run, and the CPU sleeps past the deadline too.
static void sleeper_without_time(void) {
  machine_start();
  child_make(&a, 1, 0xF);
  child_runs_at(&a, 0, MS);
  ua()->pending = 0;
  EQ(CALL(1, yield, .deadline_ns = fake.now + 500 * US), AWAY);
  EQ(CALL(0, slice_set, .cpu = 1, .env = a.number, .length_ns = 0, .guard = a.guard), EXO_OK);
  machine_pass(2 * MS);
  EQ(runs_on(1), 0);
  EQ(CALL(0, slice_set, .cpu = 1, .index = 5, .length_ns = MS, .guard = a.guard), EXO_OK); // nobody's time: lent
  CHECK(runs_on(1) == a.number && ua()->pending & EXO_EVENT_WAKE);
}

// Two sleepers; another environment runs on the time of one of them and is interrupted for its sake only.
static void sleepers_do_not_storm(void) {
  two_on_one(20 * MS, 20 * MS);
  struct child c;
  child_make(&c, 3, 0xF);
  child_runs_at(&c, 2, 20 * MS);
  EQ(CALL(1, yield, .to = b.number), AWAY);
  ub()->pending = 0;
  EQ(CALL(1, yield, .to = c.number, .deadline_ns = fake.now + MS), AWAY); // b sleeps until then
  EQ(CALL(1, yield, .to = a.number), AWAY);
  ua()->pending = 0;
  EQ(CALL(1, yield, .deadline_ns = fake.now + 30 * MS), AWAY); // a sleeps: somebody has its time
  uint64_t ticks = cpu_at(1)->ticks;
  machine_pass(15 * MS);
  CHECK(cpu_at(1)->ticks - ticks < 10);
}

// Over many turns everybody gets what its slices say, whoever overstays.
static void shares(void) {
  two_on_one(MS, 3 * MS);
  uint64_t got[2] = {}, last = fake.now;
  while (got[0] + got[1] < 200 * MS) {
    ua()->masked = 0; // a is asked and never answers, b gives up at once
    ub()->masked = 0;
    bool is_a = runs_on(1) == a.number;
    machine_pass(10 * US);
    got[is_a ? 0 : 1] += fake.now - last;
    last = fake.now;
    if (runs_on(1) == b.number && cpu_at(1)->grace) EQ(CALL(1, yield), AWAY);
  }
  CHECK(got[0] > 48 * MS && got[0] < 52 * MS);
}

static void tickless(void) { // who is alone on a CPU is left alone, until somebody else owns time there
  machine_start();
  child_make(&a, 1, 0xF);
  child_make(&b, 2, 0xF);
  child_run(&a, 1, 0, MS);
  ua()->masked = 0;
  ua()->pending = 0;
  uint64_t ticks = cpu_at(1)->ticks, entered = ua()->entered;
  machine_pass(100 * MS);
  CHECK(cpu_at(1)->ticks == ticks && ua()->entered == entered && ua()->pending == 0);
  child_run(&a, 1, 5, MS); // a second one of its own changes nothing
  machine_pass(100 * MS);
  CHECK(cpu_at(1)->ticks <= ticks + 1 && ua()->entered == entered && ua()->pending == 0);
  child_run(&b, 1, 1, MS);
  machine_pass(MS + SLICE_GRACE_NS);
  EQ(runs_on(1), b.number);
  machine_pass(2 * MS + 2 * SLICE_GRACE_NS);
  CHECK(ua()->entered > entered);
  EQ(CALL(0, env_stop, .env = b.number), EXO_OK);
  machine_pass(10 * MS);
  entered = ua()->entered;
  machine_pass(100 * MS);
  EQ(ua()->entered, entered);
}

static void no_guest_stays(void) { // an endless slice that is given away ends
  machine_start();
  child_make(&a, 1, 0xF);
  child_make(&b, 2, 0xF);
  child_run(&a, 1, 0, MS);
  EQ(CALL(0, env_start, .env = b.number, .cpu = 1), EXO_OK);
  EQ(CALL(1, yield, .to = b.number), AWAY);
  EQ(runs_on(1), b.number);
  machine_pass(MS + SLICE_GRACE_NS);
  EQ(runs_on(1), a.number);
}

const struct test slice_tests[] = {
    {"tickless", tickless},
    {"no guest stays", no_guest_stays},
    {"slice_set refused", set_refused},
    {"slice_set by a child", set_by_a_child},
    {"masked", masked},
    {"turns", turns},
    {"asked first", asked_first},
    {"debt larger than the slice", debt_larger_than_the_slice},
    {"debt and a shorter slice", debt_and_a_shorter_slice},
    {"grace is whole", grace_is_whole},
    {"directed yield", directed_yield},
    {"sleep and deadlines", sleep_and_deadlines},
    {"sleepers do not storm", sleepers_do_not_storm},
    {"a sleeper without time", sleeper_without_time},
    {"no direction in grace", no_direction_in_grace},
    {"grace is taken back", grace_is_taken_back},
    {"a tick delivers", tick_delivers},
    {"kicks do not extend a slice", kicks_do_not_extend},
    {"shares", shares},
    {},
};
