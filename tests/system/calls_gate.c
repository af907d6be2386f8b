// calls_gate.c: gates, messages, doorbells and waits between two programs: success, and each error of the manual.
#include <os/prog.h>
#include "system.h"
#include "machine.h"

void call_gate(void), call_gate_reply(void), call_message(void), call_ring(void), call_predicate_set(void),
    call_wait(void);

// The words of a server's shared page.
enum { READY = 0, SERVED = 1, FROM = 2, BOX = 3, BELLS = 8, WORD = 9, WOKEN = 10, HOW = 11, PAGE = 12 };
enum : uint64_t { SLOW = 100, DIE = 101, LATE = 102 }; // what a caller asks for, beside sums
enum { SLOT = 40 };
static struct kid server;

// --- The server

static void serve(exo_env caller, uint64_t w[4]) {
  volatile uint64_t *s = os_self.shared;
  s[FROM] = caller;
  s[SERVED]++;
  if (w[0] == DIE) os_exit(9);
  if (w[0] == SLOW || w[0] == LATE) // over the end of the caller's slice
    for (uint64_t begun = os_now_ns(); os_now_ns() - begun < MS(w[1]);) __asm__ volatile("" ::: "memory");
  w[3] = w[0] + w[1] + w[2] + w[3];
  w[0]++;
}

static void served_events(uint64_t bits) {
  volatile uint64_t *s = os_self.shared;
  struct exo_uarea *u = os_self.uarea;
  s[BELLS] |= bits / EXO_EVENT_RING;
  if (!(bits & EXO_EVENT_MESSAGE) || !u->message_from) return;
  s[BOX] = u->message_from;
  for (int i = 0; i < 3; i++) s[BOX + 1 + i] = u->message[i];
  __atomic_store_n(&u->message_from, 0, __ATOMIC_RELEASE);
}

// Waits for a word of its shared page, over and over; counts how often it saw it.
static int server_play(int argc, char **argv) {
  (void)argc;
  (void)argv;
  volatile uint64_t *s = os_self.shared;
  while (!s[PAGE]) os_yield(os_self.parent, os_now_ns() + 200'000);
  struct exo_predicate p = {.word = {{.slot = OS_SLOT_SELF, .frame = s[PAGE], .offset = 8 * WORD}},
                            .op = {{.code = EXO_PROG_LOAD64, .b = EXO_PROG_VALUE}, {.code = EXO_PROG_END}}};
  os_event_hook = served_events;
  os_gate_open(serve);
  s[READY] = 1;
  for (;;) {
    s[HOW] = (uint64_t)os_wait(&p, 1, 2, 0);
    if (!s[WORD]) continue;
    s[WORD] = 0;
    s[WOKEN]++;
  }
}
const struct role gate_roles[] = {{"server", server_play}, {}};

// The shared page gets the server's own name: it waits for words of frames that it may read.
static bool begin(uint64_t cpu) {
  if (!kid_start(&server, (struct kid_how){.cpu = cpu}, "server", 0, 0)) return false;
  struct exo_frame_guard guard = {OS_SLOT_SELF, server.frame, server.child.name};
  EXPECT_IS(exo_frame_guard(guard), EXO_OK);
  server.shared[PAGE] = server.frame;
  EXPECT(kid_until(&server, READY, 1, MS(5000)));
  for (int i = 0; i < 50; i++) os_yield(server.child.env, 0); // until it sleeps
  return true;
}

static exo_env self_env(void) { return os_self.env; }
static exo_result gate_by(exo_slot slot) {
  uint64_t w[4] = {};
  return os_gate(slot, server.child.env, w, 0);
}

void call_gate(void) {
  if (!begin(0)) return;
  for (uint64_t i = 0; i < 200; i++) {
    uint64_t w[4] = {1000 + i, 2 * i, 3, 4};
    EXPECT_IS(os_gate(OS_SLOT_SELF, server.child.env, w, 0), EXO_OK);
    EXPECT(w[0] == 1001 + i && w[1] == 2 * i && w[2] == 3 && w[3] == 1007 + 3 * i);
  }
  EXPECT_IS(server.shared[SERVED], 200);
  EXPECT_IS(server.shared[FROM], self_env());
  EXPECT_IS(os_self.uarea->masked, 0);
  refuses(gate_by, EXO_EXEC, EXO_DENIED);
  slot_set(SLOT, server.child.name, EXO_EXEC); // no more than that
  EXPECT_IS(gate_by(SLOT), EXO_OK);
  slot_end(SLOT);
  uint64_t w[4] = {};
  EXPECT_IS(os_gate(OS_SLOT_SELF, os_self.env, w, 0), EXO_BUSY); // its own
  EXPECT_IS(os_gate(OS_SLOT_SELF, 77, w, 0), EXO_NO_ENV);
  EXPECT_IS(exo_gate((struct exo_gate){}), EXO_OK);
  uint64_t slow[4] = {SLOW, 30}; // the reply comes some slices later
  EXPECT_IS(os_gate(OS_SLOT_SELF, server.child.env, slow, 0), EXO_OK);
  EXPECT_IS(slow[0], SLOW + 1);
  uint64_t late[4] = {LATE, 60}; // given up: the late reply harms nobody
  EXPECT_IS(os_gate(OS_SLOT_SELF, server.child.env, late, os_now_ns() + MS(5)), EXO_EMPTY);
  uint64_t limit = os_now_ns() + MS(5000);
  exo_result r = EXO_BUSY; // until it is through
  while (r == EXO_BUSY && os_now_ns() < limit) {
    os_yield(0, 0);
    r = gate_by(OS_SLOT_SELF);
  }
  EXPECT_IS(r, EXO_OK);
  uint64_t die[4] = {DIE};
  EXPECT_IS(os_gate(OS_SLOT_SELF, server.child.env, die, 0), EXO_NO_ENV);
  EXPECT(kid_wait(&server, MS(5000)));
  EXPECT_IS(gate_by(OS_SLOT_SELF), EXO_NO_ENV);
  kid_end(&server);
}

void call_gate_reply(void) { // its success is the server's
  EXPECT_IS(exo_gate_reply((struct exo_gate_reply){.m0 = 1}), EXO_EMPTY);
}

static exo_result message_by(exo_slot slot) {
  return exo_message((struct exo_message){slot, server.child.env, server.child.cpu, 5, 6, 7});
}

void call_message(void) {
  for (uint64_t cpu = 0; cpu <= second_cpu(); cpu++) {
    if (!begin(cpu)) return;
    EXPECT_IS(message_by(OS_SLOT_SELF), EXO_OK);
    EXPECT(kid_until(&server, BOX, 1, MS(5000)));
    EXPECT(kid_until(&server, BOX + 3, 7, MS(5000)));
    EXPECT_IS(server.shared[BOX], self_env());
    EXPECT(server.shared[BOX + 1] == 5 && server.shared[BOX + 2] == 6);
    refuses(message_by, EXO_EXEC, EXO_DENIED);
    struct exo_message m = {OS_SLOT_SELF, server.child.env, 15, 0, 0, 0};
    EXPECT_IS(exo_message(m), EXO_EMPTY);
    m.env = 77;
    EXPECT_IS(exo_message(m), EXO_NO_ENV);
    exo_result r = EXO_OK; // two in a row, and nobody runs to take the first one
    for (int i = 0; i < 1000 && r == EXO_OK; i++) r = message_by(OS_SLOT_SELF);
    EXPECT_IS(r, EXO_BUSY);
    kid_end(&server);
    if (!second_cpu()) return;
  }
}

static exo_result ring_by(exo_slot slot) {
  return exo_ring((struct exo_ring){slot, server.child.env, server.child.cpu, 1});
}

void call_ring(void) {
  for (uint64_t cpu = 0; cpu <= second_cpu(); cpu++) {
    if (!begin(cpu)) return;
    struct exo_ring bell = {OS_SLOT_SELF, server.child.env, cpu, 0x80000005};
    EXPECT_IS(exo_ring(bell), EXO_OK);
    EXPECT(kid_until(&server, BELLS, 0x80000005, MS(5000)));
    EXPECT_IS(server.shared[BELLS], 0x80000005);
    refuses(ring_by, EXO_WRITE, EXO_DENIED);
    bell.bits = 1ull << 32;
    EXPECT_IS(exo_ring(bell), EXO_RANGE);
    bell.bits = 0;
    bell.cpu = 15;
    EXPECT_IS(exo_ring(bell), EXO_EMPTY);
    bell.env = 77;
    EXPECT_IS(exo_ring(bell), EXO_NO_ENV);
    kid_end(&server);
    if (!second_cpu()) return;
  }
}

static void predicate_put(struct exo_predicate_word word, struct exo_prog_op op) {
  struct exo_predicate *p = (struct exo_predicate *)(void *)os_self.uarea->batch;
  p->word[0] = word;
  p->op[0] = op;
}
static exo_frame looked_at;
static exo_result predicate_by(exo_slot slot) {
  predicate_put((struct exo_predicate_word){.slot = slot, .frame = looked_at}, (struct exo_prog_op){});
  return exo_predicate_set((struct exo_predicate_set){1, 1});
}

void call_predicate_set(void) {
  looked_at = frame_new();
  EXPECT_IS(predicate_by(OS_SLOT_SELF), EXO_OK);
  refuses(predicate_by, EXO_READ, EXO_DENIED);
  struct exo_predicate_word word = {.slot = OS_SLOT_SELF, .frame = looked_at};
  static const uint64_t offset[] = {1, 4, 4095, 4096, ~0ull};
  for (size_t i = 0; i < sizeof offset / sizeof *offset; i++) {
    word.offset = offset[i];
    predicate_put(word, (struct exo_prog_op){});
    EXPECT_IS(exo_predicate_set((struct exo_predicate_set){1, 1}), EXO_RANGE);
  }
  word.offset = 0;
  word.frame = place_table();
  predicate_put(word, (struct exo_prog_op){});
  EXPECT_IS(exo_predicate_set((struct exo_predicate_set){1, 1}), EXO_KIND);
  word.frame = ~0ull;
  predicate_put(word, (struct exo_prog_op){});
  EXPECT_IS(exo_predicate_set((struct exo_predicate_set){1, 1}), EXO_NO_FRAME);
  word.frame = looked_at;
  predicate_put(word, (struct exo_prog_op){.code = EXO_PROG_CODES_END});
  EXPECT_IS(exo_predicate_set((struct exo_predicate_set){1, 1}), EXO_PROG);
  EXPECT_IS(exo_predicate_set((struct exo_predicate_set){EXO_PREDICATE_WORDS + 1, 1}), EXO_RANGE);
  EXPECT_IS(exo_predicate_set((struct exo_predicate_set){1, EXO_PREDICATE_OPS + 1}), EXO_RANGE);
  EXPECT_IS(exo_predicate_set((struct exo_predicate_set){}), EXO_OK);
  frame_end(looked_at);
}

// A word of the caller's own frame, by the library: true, false, changed by another, lost.
void call_wait(void) {
  exo_frame f = frame_new();
  EXPECT_IS(place_map(5, f, EXO_READ | EXO_WRITE), EXO_OK);
  struct exo_predicate p = {.word = {{.slot = OS_SLOT_SELF, .frame = f, .offset = 64}}};
  struct exo_prog_op op[EXO_PROG_OPS];
  EXPECT_IS(os_prog_assemble("load64 r0, in0[0]\nend r0", op), 2);
  memcpy(p.op, op, 2 * sizeof *op);
  place(5)[8] = 1;
  (void)os_wait(&p, 1, 2, 0); // events that a test before left
  EXPECT_IS(os_wait(&p, 1, 2, 0), EXO_WAIT_TRUE);
  place(5)[8] = 0;
  EXPECT_IS(os_wait(&p, 1, 2, 1), EXO_WAIT_PASSED);
  uint64_t begun = os_now_ns();
  while (os_wait(&p, 1, 2, begun + MS(5)) == EXO_WAIT_EVENT && os_now_ns() < begun + MS(5)) {
  }
  EXPECT(os_now_ns() >= begun + MS(5));
  EXPECT_IS(place_unmap(5, 1), 1);
  slot_set(SLOT, os_self.name, EXO_READ);
  p.word[0].slot = SLOT;
  *(struct exo_predicate *)(void *)os_self.uarea->batch = p;
  EXPECT_IS(exo_predicate_set((struct exo_predicate_set){1, 2}), EXO_OK);
  slot_end(SLOT); // what was a right is none any more
  struct os_switch s = {.number = EXO_CALL_BASE + EXO_CALL_wait};
  os_switch(&s);
  EXPECT(s.how == OS_RETURNED && (s.result == EXO_WAIT_LOST || s.result == EXO_WAIT_EVENT));
  EXPECT_IS(exo_predicate_set((struct exo_predicate_set){}), EXO_OK);
  frame_end(f);
  for (uint64_t cpu = 0; cpu <= second_cpu(); cpu++) { // a child waits for a word of its page
    if (!begin(cpu)) return;
    struct exo_ring bell = {.slot = OS_SLOT_SELF, .env = server.child.env, .cpu = cpu};
    for (uint64_t i = 1; i <= 20; i++) {
      server.shared[WORD] = 1;
      EXPECT_IS(exo_ring(bell), EXO_OK);
      EXPECT(kid_until(&server, WOKEN, i, MS(5000)));
    }
    kid_end(&server);
    if (!second_cpu()) return;
  }
}
