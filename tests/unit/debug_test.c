// debug_test.c: debug points and steps are one presence's: loaded with it, gone with it.
#include "test.h"

static struct child a, b;
static const uint64_t WATCH = EXO_DEBUG_POINT(EXO_WRITE, 8), EXEC = EXO_DEBUG_POINT(EXO_EXEC, 1);

static void both_on_one_cpu(void) {
  machine_start();
  child_make(&a, 1, 0xF);
  child_make(&b, 2, 0xF);
  child_run(&a, 1, 0, 1'000'000);
  child_run(&b, 1, 1, 1'000'000);
  EQ(runs_on(1), a.number);
  uarea_of(a.number, 1)->pending = uarea_of(b.number, 1)->pending = 0;
}

static bool loaded(unsigned cpu, unsigned i, uint64_t address, uint64_t control) {
  return fake_cpu[cpu].debug.address[i] == address && fake_cpu[cpu].debug.control[i] == control;
}

static void own_points(void) {
  both_on_one_cpu();
  EQ(CALL(1, debug_set, .slot = 63, .cpu = 1, .index = 2, .address = 0x6008, .control = WATCH),
     EXO_OK); // needs no right
  CHECK(loaded(1, 2, 0x6008, WATCH));
  EQ(CALL(1, debug_set, .env = a.number, .cpu = 1, .index = 0, .address = 0x40, .control = EXEC), EXO_OK);
  CHECK(loaded(1, 0, 0x40, EXEC) && loaded(1, 2, 0x6008, WATCH));
  EQ(CALL(1, debug_set, .cpu = 1, .index = 2), EXO_OK);
  CHECK(loaded(1, 2, 0, 0) && loaded(1, 0, 0x40, EXEC));
  EQ(CALL(1, debug_set, .cpu = 2, .index = 1, .address = 0x40, .control = EXEC), EXO_OK); // where it does not run
  CHECK(loaded(1, 1, 0, 0) && loaded(2, 1, 0, 0));
}

static void points_switch(void) {
  both_on_one_cpu();
  EQ(CALL(1, debug_set, .cpu = 1, .index = 0, .address = 0x6000, .control = WATCH), EXO_OK);
  EQ(CALL(1, yield, .to = b.number), AWAY);
  CHECK(runs_on(1) == b.number && loaded(1, 0, 0, 0));
  EQ(CALL(1, debug_set, .cpu = 1, .index = 1, .address = 0x7000, .control = EXEC), EXO_OK);
  EQ(CALL(1, yield, .to = a.number), AWAY);
  CHECK(runs_on(1) == a.number && loaded(1, 0, 0x6000, WATCH) && loaded(1, 1, 0, 0));
  uarea_of(a.number, 1)->pending = 0;
  EQ(CALL(1, yield, .deadline_ns = ~0ull), AWAY);
  CHECK(runs_on(1) == b.number && loaded(1, 0, 0, 0) && loaded(1, 1, 0x7000, EXEC));
  uarea_of(b.number, 1)->pending = 0;
  EQ(CALL(1, yield, .deadline_ns = ~0ull), AWAY);
  CHECK(runs_on(1) == 0 && loaded(1, 0, 0, 0) && loaded(1, 1, 0, 0)); // idle
}

static void another_sets_them(void) {
  both_on_one_cpu();
  EQ(CALL(0, debug_set, .env = a.number, .cpu = 1, .index = 3, .address = 0x6000, .control = WATCH), EXO_OK);
  CHECK(loaded(1, 3, 0x6000, WATCH)); // in force on the other CPU at the return
  EQ(CALL(0, debug_set, .env = b.number, .cpu = 1, .index = 3, .address = 0x6010, .control = WATCH), EXO_OK);
  CHECK(loaded(1, 3, 0x6000, WATCH));
  EQ(CALL(1, yield, .to = b.number), AWAY);
  CHECK(loaded(1, 3, 0x6010, WATCH));
  EQ(CALL(0, debug_set, .env = b.number, .cpu = 1, .index = 3), EXO_OK);
  CHECK(loaded(1, 3, 0, 0));
}

static void points_die(void) {
  both_on_one_cpu();
  EQ(CALL(1, debug_set, .cpu = 1, .index = 0, .address = 0x6000, .control = WATCH), EXO_OK);
  EQ(CALL(1, env_stop, .slot = 63), AWAY);
  CHECK(runs_on(1) == b.number && loaded(1, 0, 0, 0));
  both_on_one_cpu();
  EQ(CALL(0, debug_set, .env = a.number, .cpu = 1, .index = 0, .address = 0x6000, .control = WATCH), EXO_OK);
  EQ(CALL(0, env_stop, .env = a.number), EXO_OK);
  CHECK(loaded(1, 0, 0, 0));
}

static void steps(void) {
  both_on_one_cpu();
  struct exo_uarea *u = uarea_of(a.number, 1);
  u->event.regs = (struct arch_frame){.flags = FRAME_FLAGS_STEP, .pc = 0x5000};
  EQ(CALL(1, resume, .record = 1), AWAY);
  CHECK(fake_cpu[1].step && cpu_at(1)->live & LIVE_DEBUG);
  EQ(CALL(1, yield, .to = b.number), AWAY);
  CHECK(runs_on(1) == b.number && !fake_cpu[1].step && !cpu_at(1)->live);
}

static void refused(void) {
  both_on_one_cpu();
  static const uint64_t kernel[] = {ARCH_USER_LIMIT, EXO_DIRECT_BASE | 1ull << 63, 1ull << 63, ~7ull};
  for (unsigned i = 0; i < 4; i++) REFUSE(EXO_RANGE, 1, debug_set, .cpu = 1, .address = kernel[i], .control = WATCH);
  EQ(CALL(1, debug_set, .cpu = 1, .address = ARCH_USER_LIMIT - 8, .control = WATCH), EXO_OK);
  static const uint64_t length[] = {0, 3, 5, 6, 7, 9, 16, 1ull << 55};
  for (unsigned i = 0; i < 8; i++)
    REFUSE(EXO_RANGE, 1, debug_set, .cpu = 1, .control = EXO_DEBUG_POINT(EXO_WRITE, length[i]));
  static const uint64_t kind[] = {0, EXO_READ, EXO_EXEC | EXO_READ, EXO_EXEC | EXO_WRITE, 7, 8, 0x82, 0xFF};
  for (unsigned i = 0; i < 8; i++) REFUSE(EXO_RANGE, 1, debug_set, .cpu = 1, .control = EXO_DEBUG_POINT(kind[i], 4));
  REFUSE(EXO_RANGE, 1, debug_set, .cpu = 1, .address = 0x6004, .control = WATCH);
  REFUSE(EXO_RANGE, 1, debug_set, .cpu = 1, .address = 0x6000, .control = EXO_DEBUG_POINT(EXO_EXEC, 4));
  REFUSE(EXO_RANGE, 1, debug_set, .cpu = 1, .index = ARCH_DEBUG_POINTS, .control = WATCH);
  REFUSE(EXO_RANGE, 1, debug_set, .cpu = 1, .index = ~0ull, .control = WATCH);
  REFUSE(EXO_EMPTY, 1, debug_set, .cpu = CPUS, .control = WATCH);
  REFUSE(EXO_EMPTY, 1, debug_set, .cpu = ~0ull, .control = WATCH);
  REFUSE(EXO_NO_ENV, 0, debug_set, .env = a.number + (1ull << 40), .cpu = 1, .control = WATCH);
  REFUSE(EXO_DENIED, 1, debug_set, .env = b.number, .cpu = 1, .control = WATCH);
  REFUSE(EXO_NO_SLOT, 0, debug_set, .slot = 1, .env = a.number, .cpu = 1, .control = WATCH);
}

const struct test debug_tests[] = {
    {"own_points", own_points},
    {"points_switch", points_switch},
    {"another_sets_them", another_sets_them},
    {"points_die", points_die},
    {"steps", steps},
    {"refused", refused},
    {},
};
