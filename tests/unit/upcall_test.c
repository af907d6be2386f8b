// upcall_test.c: doors: faults, events, records that lie, and ends for want of a door.
#include <string.h>
#include "test.h"

static struct child a;
static struct exo_uarea *u; // a's on CPU 1

static void a_runs(void) {
  machine_start();
  child_make(&a, 1, 0xF);
  child_run(&a, 1, 0, 1'000'000);
  EQ(runs_on(1), a.number);
  u = uarea_of(a.number, 1);
  u->masked = u->pending = 0;
  fake_cpu[1].frame = (struct arch_frame){.flags = FRAME_FLAGS_FIXED | 5, .sp = 0x7000, .r = {1, 2, 3}, .pc = 0x5000};
}

static void first_entry(void) { // no record: entered at the event door, all else zero
  machine_start();
  child_make(&a, 1, 0xF);
  child_run(&a, 1, 0, 1'000'000);
  struct arch_frame want;
  uint64_t self = CHILD_UAREA + 2 * EXO_PAGE;
  arch_frame_door(&want, EVENT_DOOR, EVENT_STACK, self, self + EXO_RECORD_EVENT);
  CHECK(memcmp(&want, &fake_cpu[1].frame, sizeof want) == 0);
  u = uarea_of(a.number, 1);
  CHECK(u->masked == 1 && u->event.busy == 0 && u->pending == EXO_EVENT_SLICE_BEGIN && u->entered == 1);
  CHECK(u->cpu == 1 && u->env == a.number && u->slice_end_ns == cpu_at(1)->slice_end_ns);
}

static void first_entry_by_record(void) { // its creator left registers in the forced record
  machine_start();
  child_make(&a, 1, 0xF);
  u = uarea_of(a.number, 1);
  u->forced.regs = (struct arch_frame){.flags = ~0ull, .sp = 9, .r = {4, 5, 6}, .pc = 0x1234};
  u->forced.busy = 1;
  child_run(&a, 1, 0, 1'000'000);
  const struct arch_frame *f = &fake_cpu[1].frame;
  CHECK(f->pc == 0x1234 && f->sp == 9 && f->r[2] == 6 && f->flags == (FRAME_FLAGS_FIXED | FRAME_FLAGS_USER));
  CHECK(u->forced.busy == 0 && u->masked == 0);
}

static void fault_and_resume(void) {
  a_runs();
  struct arch_frame before = fake_cpu[1].frame;
  machine_fault(1, EXO_CAUSE_WRITE, 0x9999);
  const struct arch_frame *f = &fake_cpu[1].frame;
  CHECK(f->pc == FAULT_DOOR && f->sp == FAULT_STACK && f->r[0] == u->self && f->r[1] == u->self + EXO_RECORD_FAULT);
  CHECK(memcmp(&u->fault.regs, &before, sizeof before) == 0);
  CHECK(u->fault.cause == EXO_CAUSE_WRITE && u->fault.address == 0x9999 && u->fault.busy == 1);
  CHECK(u->fault.was_masked == 0 && u->masked == 1);
  EQ(CALL(1, resume, .record = 0), AWAY);
  CHECK(memcmp(f, &before, sizeof before) == 0 && u->masked == 0 && u->fault.busy == 0);
  u->masked = 1; // a fault with masked doors is delivered, and remembers the mask
  machine_fault(1, EXO_CAUSE_READ, 0);
  CHECK(f->pc == FAULT_DOOR && u->fault.was_masked == 1);
  u->pending = EXO_EVENT_WAKE;
  EQ(CALL(1, resume, .record = 0), AWAY);
  CHECK(f->pc == before.pc && u->masked == 1); // still masked: the event waits
}

static void resume_delivers(void) {
  a_runs();
  struct arch_frame before = fake_cpu[1].frame;
  u->fault.regs = before;
  u->pending = EXO_EVENT_WAKE;
  u->masked = 1;
  EQ(CALL(1, resume, .record = 0), AWAY);
  CHECK(fake_cpu[1].frame.pc == EVENT_DOOR && u->masked == 1 && u->event.busy == 1 && u->event.was_masked == 0);
  CHECK(memcmp(&u->event.regs, &before, sizeof before) == 0 && u->pending == EXO_EVENT_WAKE);
  u->pending = 0;
  EQ(CALL(1, resume, .record = 1), AWAY);
  CHECK(memcmp(&fake_cpu[1].frame, &before, sizeof before) == 0 && u->event.busy == 0 && u->masked == 0);
}

// Who yields inside its event door is entered there again with no context: the record is free.
static void yield_in_a_door(void) {
  a_runs();
  EQ(CALL(0, ring, .env = a.number, .cpu = 1, .bits = 1), EXO_OK);
  CHECK(fake_cpu[1].frame.pc == EVENT_DOOR && u->event.busy == 1 && u->event.regs.pc == 0x5000);
  fake_cpu[1].frame.r[3] = 9;
  EQ(CALL(1, yield), AWAY);
  CHECK(runs_on(1) == a.number && fake_cpu[1].frame.pc == EVENT_DOOR && fake_cpu[1].frame.r[3] == 0);
  CHECK(u->event.busy == 0 && u->masked == 1 && u->entered == 2);
}

static void resume_inside_own_sequence(void) { // an event does not break into the library's resume sequence
  a_runs();
  u->resume_start = 0x5000;
  u->resume_end = 0x5001;
  u->fault.regs = fake_cpu[1].frame;
  u->pending = EXO_EVENT_WAKE;
  EQ(CALL(1, resume, .record = 0), AWAY);
  EQ(fake_cpu[1].frame.pc, 0x5000);
  u->fault.regs.pc = 0x5001; // the end is not inside
  EQ(CALL(1, resume, .record = 0), AWAY);
  EQ(fake_cpu[1].frame.pc, EVENT_DOOR);
}

static void resume_hostile(void) {
  a_runs();
  static const uint64_t good[] = {0, 1, ARCH_USER_LIMIT - 1};
  static const uint64_t bad[] = {ARCH_USER_LIMIT, ARCH_USER_LIMIT + 1, 1ull << 63, ~0ull, EXO_DIRECT_BASE | 1ull << 63};
  for (unsigned i = 0; i < 3; i++) {
    u->event.regs = (struct arch_frame){.flags = ~0ull, .pc = good[i], .sp = ~0ull};
    EQ(CALL(1, resume, .record = 1), AWAY);
    CHECK(fake_cpu[1].frame.pc == good[i] && fake_cpu[1].frame.flags == (FRAME_FLAGS_FIXED | FRAME_FLAGS_USER));
  }
  for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
    u->event.regs = (struct arch_frame){.pc = bad[i], .sp = 7};
    EQ(CALL(1, resume, .record = 1), AWAY);
    CHECK(fake_cpu[1].frame.pc == FAULT_DOOR && u->fault.cause == EXO_CAUSE_BAD_PC && u->fault.address == bad[i]);
    CHECK(u->fault.regs.sp == 7);
    u->fault.busy = 0;
  }
  static const uint64_t records[] = {2, 3, 63, ~0ull};
  for (unsigned i = 0; i < 4; i++) REFUSE(EXO_RANGE, 1, resume, .record = records[i]);
  u->fault.busy = 1; // and with the fault record in use it is the end
  u->event.regs.pc = ~0ull;
  EQ(CALL(1, resume, .record = 1), AWAY);
  CHECK(runs_on(1) == 0 && ((struct env *)frame_memory(a.env))->w.obituary.cause == EXO_CAUSE_DOUBLE);
}

static const struct exo_obituary *obituary(void) { return &((const struct env *)frame_memory(a.env))->w.obituary; }

static void fault_while_busy(void) {
  a_runs();
  machine_fault(1, EXO_CAUSE_READ, 1);
  machine_fault(1, EXO_CAUSE_EXEC, 0x77);
  CHECK(runs_on(1) == 0 && !env_at(a.number));
  const struct exo_obituary *o = obituary();
  CHECK(o->cause == EXO_CAUSE_DOUBLE && o->address == 0x77 && o->pc == FAULT_DOOR && o->sp == FAULT_STACK);
  CHECK(o->by == 0 && o->cpu == 1 && o->reg[0] == FRAME_FLAGS_FIXED);
  CHECK(uarea_of(first(), 0)->pending & EXO_EVENT_OBITUARY);
}

static void fault_without_door(void) {
  static const uint64_t door[] = {0, ARCH_USER_LIMIT, ~0ull};
  for (unsigned i = 0; i < 3; i++) {
    a_runs();
    u->fault_door = door[i];
    machine_fault(1, EXO_CAUSE_ILLEGAL, 4);
    CHECK(!env_at(a.number) && runs_on(1) == 0 && obituary()->cause && obituary()->cause != EXO_CAUSE_DOUBLE);
    EQ(obituary()->pc, 0x5000);
  }
}

static void event_without_door(void) {
  machine_start();
  child_make(&a, 1, 0xF);
  uarea_of(a.number, 1)->event_door = 0;
  child_run(&a, 1, 0, 1'000'000);
  CHECK(runs_on(1) == 0 && !env_at(a.number) && obituary()->cause == EXO_CAUSE_NO_DOOR);
}

// The parent is told at once where it runs with open doors, and later where it has closed them.
static void obituary_is_an_event(void) {
  a_runs();
  struct child c;
  child_make(&c, 2, 0xF);
  child_run(&c, 2, 0, 1'000'000);
  struct exo_uarea *f = uarea_of(first(), 0);
  f->masked = 1;
  machine_fault(2, EXO_CAUSE_READ, 0);
  machine_fault(2, EXO_CAUSE_READ, 0);
  CHECK(f->pending & EXO_EVENT_OBITUARY && fake_cpu[0].frame.pc != EVENT_DOOR);
  f->masked = 0;
  f->pending = 0;
  machine_fault(1, EXO_CAUSE_READ, 0);
  machine_fault(1, EXO_CAUSE_READ, 0);
  CHECK(f->pending & EXO_EVENT_OBITUARY && fake_cpu[0].frame.pc == EVENT_DOOR && f->event.busy == 1);
}

static void floating_point(void) {
  a_runs();
  struct child b;
  child_make(&b, 2, 0xF);
  child_run(&b, 1, 1, 1'000'000);
  CHECK(!fake_cpu[1].fp_on);
  machine_fp(1);
  CHECK(fake_cpu[1].fp_on && fake_cpu[1].fp == 0);
  fake_cpu[1].fp = 42;
  fake_cpu[1].thread = 43;
  EQ(CALL(1, yield, .to = b.number), AWAY);
  CHECK(runs_on(1) == b.number && !fake_cpu[1].fp_on && fake_cpu[1].thread == 0);
  machine_fp(1);
  EQ(fake_cpu[1].fp, 0); // nothing of the other one is left
  EQ(CALL(1, yield, .to = a.number), AWAY);
  CHECK(runs_on(1) == a.number && fake_cpu[1].thread == 43);
  machine_fp(1);
  EQ(fake_cpu[1].fp, 42);
}

// Environments without doors that end one after the other, each when it is first entered: the stack does not grow.
static uint64_t depth_of_ends(unsigned count) {
  struct child one;
  a_runs();
  exo_env env[20];
  for (unsigned i = 0; i < count; i++) {
    exo_frame f = frame_new(a.guard), state = frame_new(a.guard), first_page = frame_new(a.guard);
    while (kind_of(first_page + 1) != EXO_KIND_FREE) first_page = frame_new(a.guard);
    EQ(CALL(0, frame_take, .frame = first_page + 1, .guard = a.guard), EXO_OK);
    memset(frame_memory(first_page), 0, 2 * EXO_PAGE);
    env[i] = (exo_env)CALL(0, env_create, .frame = f, .guard = a.guard);
    EQ(CALL(0, env_space, .env = env[i], .root = a.root), EXO_OK);
    EQ(CALL(0, env_cpu, .env = env[i], .cpu = 1, .state = state, .uarea = first_page), EXO_OK);
    one = (struct child){.number = env[i], .guard = a.guard};
    child_run(&one, 1, 1 + i, 100'000);
  }
  fake_cpu[1].deepest = 0;
  EQ(CALL(1, yield, .deadline_ns = ~0ull), AWAY);
  CHECK(runs_on(1) == 0);
  for (unsigned i = 0; i < count; i++) CHECK(!env_at(env[i]));
  return fake_cpu[1].deepest;
}
static void ends_in_a_row(void) {
  uint64_t few = depth_of_ends(2), many = depth_of_ends(16);
  EQ(many, few);
}

const struct test upcall_tests[] = {
    {"first entry", first_entry},
    {"first entry by a record", first_entry_by_record},
    {"fault and resume", fault_and_resume},
    {"resume delivers", resume_delivers},
    {"yield in a door", yield_in_a_door},
    {"resume inside the own sequence", resume_inside_own_sequence},
    {"hostile records", resume_hostile},
    {"fault while busy", fault_while_busy},
    {"fault without a door", fault_without_door},
    {"event without a door", event_without_door},
    {"an obituary is an event", obituary_is_an_event},
    {"floating point", floating_point},
    {"ends in a row", ends_in_a_row},
    {},
};
