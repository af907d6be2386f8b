// gate_test.c: gates, messages, doorbells; waits with predicates.
#include <string.h>
#include "test.h"

enum : uint64_t {
  MS = 1'000'000,
  GATE_DOOR = 0x403000,
  GATE_STACK = 0x1003000,
  REPLY = 0x404000,
  REPLY_STACK = 0x1004000
};
enum : exo_slot { ENTER = 1, RING = 2 };
static struct child a, b;
static struct exo_uarea *ua(void) { return uarea_of(a.number, 1); }
static struct exo_uarea *ub(void) { return uarea_of(b.number, 1); }
static const struct arch_frame *frame(void) { return &fake_cpu[1].frame; }
static struct env_cpu *presence(const struct child *c) { return frame_memory(c->state[1]); }

static void doors(struct exo_uarea *u) {
  u->gate_door = GATE_DOOR;
  u->gate_stack = GATE_STACK;
  u->reply_door = REPLY;
  u->reply_stack = REPLY_STACK;
  u->masked = 0;
  u->pending = 0;
}

// a and b on CPU 1, a runs, with a slot to enter b's gate and one to ring its bells.
static void two(void) {
  machine_start();
  child_make(&a, 1, 0xF);
  child_make(&b, 2, 0xF);
  child_run(&a, 1, 0, 10 * MS);
  child_run(&b, 1, 1, 10 * MS);
  EQ(CALL(0, cap_grant, .env = a.number, .index = ENTER, .name = b.guard, .rights = EXO_EXEC), EXO_OK);
  EQ(CALL(0, cap_grant, .env = a.number, .index = RING, .name = b.guard, .rights = EXO_WRITE), EXO_OK);
  EQ(runs_on(1), a.number);
  doors(ua());
  doors(ub());
}

static void called(void) {
  EQ(CALL(1, gate, .slot = ENTER, .env = b.number, .m0 = 10, .m1 = 11, .m2 = 12, .m3 = 13), AWAY);
  EQ(runs_on(1), b.number);
}

static void round_trip(void) {
  two();
  fake_cpu[1].thread = 77; // of the caller: not of the callee
  called();
  const struct arch_frame *f = frame();
  CHECK(f->pc == GATE_DOOR && f->sp == GATE_STACK && f->r[0] == ub()->self && f->r[1] == a.number);
  CHECK(f->r[2] == 10 && f->r[3] == 11 && f->r[4] == 12 && f->r[5] == 13 && f->r[6] == 0 && f->r[8] == 0);
  CHECK(ub()->masked == 1 && fake_cpu[1].thread == 0 && ub()->event.busy == 0);
  EQ(CALL(1, gate_reply, .m0 = 20, .m1 = 21, .m2 = 22, .m3 = 23), AWAY);
  EQ(runs_on(1), a.number);
  CHECK(f->pc == REPLY && f->sp == REPLY_STACK && f->r[0] == EXO_OK && f->r[1] == 20 && f->r[4] == 23 && f->r[5] == 0);
  CHECK(ub()->masked == 0 && ua()->masked == 0 && fake_cpu[1].thread == 77);
  called(); // and again
  REFUSE(EXO_NO_SLOT, 1, gate, .slot = 9, .env = a.number);
  EQ(CALL(1, gate_reply, .m0 = 1), AWAY);
  REFUSE(EXO_EMPTY, 1, gate_reply, .m0 = 1); // the caller owes nothing
  machine_pass(10 * MS);
  EQ(CALL(1, yield, .to = 0), AWAY);
  EQ(runs_on(1), b.number);
  REFUSE(EXO_EMPTY, 1, gate_reply, .m0 = 1); // one call, one reply
}

static void refused(void) {
  two();
  REFUSE(EXO_NO_ENV, 1, gate, .slot = ENTER, .env = b.number + (1ull << 40));
  REFUSE(EXO_NO_ENV, 1, gate, .slot = ENTER, .env = ~0ull);
  REFUSE(EXO_NO_ENV, 1, gate, .slot = ENTER, .env = a.root);
  REFUSE(EXO_NO_SLOT, 1, gate, .slot = 5, .env = b.number);
  REFUSE(EXO_NO_SLOT, 1, gate, .slot = EXO_SLOTS, .env = b.number);
  REFUSE(EXO_DENIED, 1, gate, .slot = RING, .env = b.number);
  REFUSE(EXO_DENIED, 1, gate, .slot = 0, .env = b.number);
  REFUSE(EXO_BUSY, 1, gate, .slot = 0, .env = a.number); // its own
  ub()->masked = 1;
  REFUSE(EXO_BUSY, 1, gate, .slot = ENTER, .env = b.number);
  ub()->masked = 0;
  ub()->forced.busy = 1;
  REFUSE(EXO_BUSY, 1, gate, .slot = ENTER, .env = b.number);
  ub()->forced.busy = 0;
  static const uint64_t closed[] = {0, ARCH_USER_LIMIT, ~0ull, 1ull << 63};
  for (unsigned i = 0; i < sizeof closed / sizeof *closed; i++) {
    ub()->gate_door = closed[i];
    REFUSE(EXO_BUSY, 1, gate, .slot = ENTER, .env = b.number);
  }
  struct child c; // it has no presence here
  child_make(&c, 3, 1);
  EQ(CALL(0, cap_grant, .env = a.number, .index = 3, .name = c.guard, .rights = EXO_EXEC), EXO_OK);
  REFUSE(EXO_BUSY, 1, gate, .slot = 3, .env = c.number);
  EQ(CALL(1, gate, .env = 0), EXO_OK);
  BATCH(1, 0, gate, .slot = ENTER, .env = b.number);
  EQ(CALL(1, batch, .count = 1), 1);
  EQ(ua()->batch[0].result, EXO_NOT_IN_BATCH);
  BATCH(1, 0, gate_reply, .m0 = 1);
  EQ(CALL(1, batch, .count = 1), 1);
  EQ(ua()->batch[0].result, EXO_NOT_IN_BATCH);
  BATCH(1, 0, wait, .deadline_ns = 0);
  EQ(CALL(1, batch, .count = 1), 1);
  EQ(ua()->batch[0].result, EXO_NOT_IN_BATCH);
}

static void slow_callee(void) { // longer than the caller's slice: the caller hears of its own, waits on, is answered
  two();
  called();
  machine_pass(10 * MS + SLICE_GRACE_NS); // b is masked in its gate: forced off; its own slice is next
  EQ(runs_on(1), b.number);
  machine_pass(10 * MS + SLICE_GRACE_NS);
  EQ(runs_on(1), a.number);
  CHECK(frame()->pc == EVENT_DOOR && ua()->event.busy == 0);
  REFUSE(EXO_EMPTY, 1, gate_reply, .m0 = 0);
  CHECK(!presence(&a)->gate_waits);
  ua()->pending = 0;
  EQ(CALL(1, yield, .to = b.number), AWAY); // go on
  EQ(runs_on(1), b.number);
  CHECK(presence(&a)->gate_waits && ub()->masked == 1);
  EQ(CALL(1, gate_reply, .m0 = 5), AWAY);
  CHECK(runs_on(1) == a.number && frame()->pc == REPLY && frame()->r[1] == 5);
}

static void late(void) {
  two();
  called();
  machine_pass(20 * MS + 2 * SLICE_GRACE_NS);
  EQ(runs_on(1), a.number);
  ua()->masked = 0;
  machine_pass(10 * MS + SLICE_GRACE_NS); // it neither waits nor gives up
  EQ(runs_on(1), b.number);
  REFUSE(EXO_BUSY, 1, gate_reply, .m0 = 1);
  machine_pass(10 * MS + SLICE_GRACE_NS);
  EQ(runs_on(1), a.number);
  EQ(CALL(1, gate, .env = 0), EXO_OK); // now it does
  machine_pass(10 * MS + SLICE_GRACE_NS);
  EQ(runs_on(1), b.number);
  EQ(CALL(1, gate_reply, .m0 = 1), 1);
  EQ(presence(&b)->gate_caller, 0);
}

static void reply_nowhere(void) { // the caller's reply door is shut
  two();
  ua()->reply_door = ARCH_USER_LIMIT;
  called();
  EQ(CALL(1, gate_reply, .m0 = 1), 1);
  EQ(runs_on(1), b.number);
}

static void deaths(void) {
  two();
  called();
  EQ(CALL(1, env_stop, .env = 0), AWAY); // the callee, in its gate
  CHECK(runs_on(1) == a.number && ua()->pending & EXO_EVENT_GATE);
  two();
  called();
  EQ(CALL(0, env_stop, .env = b.number), EXO_OK); // from another CPU
  CHECK(runs_on(1) == a.number && ua()->pending & EXO_EVENT_GATE);
  two();
  called();
  EQ(CALL(0, env_stop, .env = a.number), EXO_OK); // the caller
  EQ(runs_on(1), b.number);
  EQ(CALL(1, gate_reply, .m0 = 1), 1);
}

static void messages(void) {
  two();
  EQ(CALL(1, message, .slot = ENTER, .env = b.number, .cpu = 1, .w0 = 1, .w1 = 2, .w2 = 3), EXO_OK);
  CHECK(ub()->message_from == a.number && ub()->message[0] == 1 && ub()->message[2] == 3);
  CHECK(ub()->pending & EXO_EVENT_MESSAGE);
  REFUSE(EXO_BUSY, 1, message, .slot = ENTER, .env = b.number, .cpu = 1);
  EQ(CALL(1, message, .slot = ENTER, .env = b.number, .cpu = 2), EXO_OK); // another box
  REFUSE(EXO_EMPTY, 1, message, .slot = ENTER, .env = b.number, .cpu = 4);
  REFUSE(EXO_EMPTY, 1, message, .slot = ENTER, .env = b.number, .cpu = ~0ull);
  REFUSE(EXO_DENIED, 1, message, .slot = RING, .env = b.number, .cpu = 1);
  REFUSE(EXO_NO_SLOT, 1, message, .slot = 7, .env = b.number, .cpu = 1);
  REFUSE(EXO_NO_ENV, 1, message, .slot = ENTER, .env = 5, .cpu = 1);
}

static void bells(void) {
  two();
  EQ(CALL(1, ring, .slot = RING, .env = b.number, .cpu = 1, .bits = 5), EXO_OK);
  EQ(ub()->pending, 5 * EXO_EVENT_RING);
  REFUSE(EXO_RANGE, 1, ring, .slot = RING, .env = b.number, .cpu = 1, .bits = 1ull << 32);
  REFUSE(EXO_EMPTY, 1, ring, .slot = RING, .env = b.number, .cpu = 17, .bits = 1);
  REFUSE(EXO_DENIED, 1, ring, .slot = ENTER, .env = b.number, .cpu = 1, .bits = 1);
  REFUSE(EXO_NO_ENV, 1, ring, .slot = RING, .env = b.root, .cpu = 1, .bits = 1);
  REFUSE(EXO_NO_SLOT, 1, ring, .slot = 7, .env = b.number, .cpu = 1, .bits = 1);
}

// --- Waits

static exo_frame shared;
static uint64_t *word(void) { return (uint64_t *)frame_memory(shared) + 3; }

// b waits on CPU 1 until the word is not 0, which a may write.
static void b_waits(void) {
  two();
  shared = frame_new(test_guard(2));
  EQ(CALL(1, yield, .to = b.number), AWAY);
  struct exo_predicate *p = (struct exo_predicate *)ub()->batch;
  p->word[0] = (struct exo_predicate_word){.frame = shared, .offset = 24};
  p->op[0] = (struct exo_prog_op){.code = EXO_PROG_LOAD64, .b = EXO_PROG_VALUE};
  p->op[1] = (struct exo_prog_op){.code = EXO_PROG_END};
  EQ(CALL(1, predicate_set, .words = 1, .ops = 2), EXO_OK);
  ub()->pending = 0;
}

static void wait_at_once(void) {
  b_waits();
  *word() = 1;
  EQ(CALL(1, wait, .deadline_ns = 0), EXO_WAIT_TRUE);
  *word() = 0;
  EQ(CALL(1, wait, .deadline_ns = 1), EXO_WAIT_PASSED);
  ub()->pending = EXO_EVENT_OBITUARY;
  EQ(CALL(1, wait, .deadline_ns = 0), EXO_WAIT_EVENT);
  ub()->pending = 0;
  EQ(runs_on(1), b.number);
  EQ(CALL(0, frame_guard, .frame = shared, .guard = test_guard(3)), EXO_OK); // not b's any more
  EQ(CALL(1, wait, .deadline_ns = 0), EXO_WAIT_LOST);
  EQ(CALL(0, frame_guard, .frame = shared, .guard = test_guard(2)), EXO_OK);
  EQ(CALL(0, frame_drop, .frame = shared), EXO_OK);
  EQ(CALL(0, frame_take, .frame = shared, .guard = test_guard(2)), EXO_OK); // the same frame, and not the same
  EQ(CALL(1, wait, .deadline_ns = 0), EXO_WAIT_LOST);
  EQ(CALL(1, predicate_set, .words = 1, .ops = 2), EXO_OK);
  EQ(CALL(1, wait, .to = a.number), AWAY);
  EQ(runs_on(1), a.number);
}

static void wait_for_bell(void) {
  b_waits();
  EQ(CALL(1, wait, .deadline_ns = 0), AWAY);
  EQ(runs_on(1), a.number);
  EQ(CALL(1, ring, .slot = RING, .env = b.number, .cpu = 1, .bits = 0), EXO_OK); // not true yet
  CHECK(presence(&b)->ready == ENV_ASLEEP && ub()->pending == 0);
  *word() = 7;
  EQ(CALL(1, ring, .slot = RING, .env = b.number, .cpu = 1, .bits = 0), EXO_OK);
  EQ(ub()->pending, EXO_EVENT_WAKE | EXO_EVENT_SLICE_BEGIN);
  EQ(runs_on(1), b.number); // the time was b's, and lent to one who is masked
}

static void wait_for_turn(void) { // nobody rings: seen when the slice's turn comes
  b_waits();
  EQ(CALL(1, wait, .deadline_ns = 0), AWAY);
  *word() = 7;
  machine_pass(10 * MS + SLICE_GRACE_NS);
  machine_pass(10 * MS);
  CHECK(ub()->pending & EXO_EVENT_WAKE || runs_on(1) == b.number);
}

static void wait_for_other_cpu(void) { // the CPU is idle, and the bell is rung from another one
  b_waits();
  EQ(CALL(0, env_stop, .env = a.number), EXO_OK);
  EQ(CALL(1, wait, .deadline_ns = 0), AWAY);
  EQ(runs_on(1), 0);
  EQ(CALL(0, ring, .env = b.number, .cpu = 1, .bits = 0), EXO_OK);
  EQ(runs_on(1), 0);
  *word() = 1;
  machine_pass(50 * MS); // nothing looks by itself
  EQ(runs_on(1), 0);
  EQ(CALL(0, ring, .env = b.number, .cpu = 1, .bits = 0), EXO_OK);
  EQ(runs_on(1), b.number);
  ub()->masked = 0;
  ub()->pending = 0;
  *word() = 0;
  EQ(CALL(1, wait, .deadline_ns = fake.now + MS), AWAY);
  EQ(runs_on(1), 0);
  machine_pass(2 * MS);
  EQ(runs_on(1), b.number);
}

static void predicate_refused(void) {
  b_waits();
  struct exo_predicate *p = (struct exo_predicate *)ub()->batch;
  REFUSE(EXO_RANGE, 1, predicate_set, .words = 9, .ops = 2);
  REFUSE(EXO_RANGE, 1, predicate_set, .words = 1, .ops = 33);
  REFUSE(EXO_PROG, 1, predicate_set, .words = 1, .ops = 1);
  REFUSE(EXO_PROG, 1, predicate_set, .words = 0, .ops = 2);
  p->word[0].offset = 4096;
  REFUSE(EXO_RANGE, 1, predicate_set, .words = 1, .ops = 2);
  p->word[0].offset = 12;
  REFUSE(EXO_RANGE, 1, predicate_set, .words = 1, .ops = 2);
  p->word[0].offset = 8;
  p->word[0].frame = FRAMES;
  REFUSE(EXO_NO_FRAME, 1, predicate_set, .words = 1, .ops = 2);
  p->word[0].frame = a.env;
  REFUSE(EXO_DENIED, 1, predicate_set, .words = 1, .ops = 2);
  p->word[0].frame = b.state[1]; // what the kernel keeps of itself is not to be looked at
  REFUSE(EXO_KIND, 1, predicate_set, .words = 1, .ops = 2);
  p->word[0].frame = b.leaf;
  REFUSE(EXO_KIND, 1, predicate_set, .words = 1, .ops = 2);
  p->word[0].slot = 5;
  REFUSE(EXO_NO_SLOT, 1, predicate_set, .words = 1, .ops = 2);
  EQ(CALL(1, predicate_set, .words = 0, .ops = 0), EXO_OK); // none
  *word() = 1;
  EQ(CALL(1, wait, .to = 0), AWAY);
}

const struct test gate_tests[] = {
    {"there and back", round_trip},
    {"refused", refused},
    {"a callee that takes long", slow_callee},
    {"a reply too late", late},
    {"a reply to nowhere", reply_nowhere},
    {"deaths in a gate", deaths},
    {"messages", messages},
    {"bells", bells},
    {"what is so already", wait_at_once},
    {"wait for a bell", wait_for_bell},
    {"wait for the turn", wait_for_turn},
    {"wait on an idle CPU", wait_for_other_cpu},
    {"predicates refused", predicate_refused},
    {},
};
