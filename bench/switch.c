// switch.c: two environments, or processes, on one CPU.
#include "bench.h"

static volatile uint64_t *word; // shared; the first one says how often the other has run
static uint64_t before;

static bool begin_as(const char *role) {
  word = sys_partner(role);
  for (int i = 0; word && i < 1000 && word[0] < 3; i++) sys_yield();
  return word;
}
static void draw(void) { before = word[0]; }
// A slice that ends in the middle sends the rest of the round another way: seldom.
static bool ran_once(void) {
  static int astray;
  if (word[0] == before + 1) return true;
  astray++;
  return astray < (word[0] > before ? 100 : 5);
}

static void pong(void) {
  for (word = sys_shared();;) {
    ++*word;
    sys_yield();
  }
}
ROLE(pong);
static bool pong_begin(void) { return begin_as("pong") && word[0] >= 3; }
static uint64_t yield(void) {
  sys_yield();
  return 0;
}
BENCH(yield_round, .name = "yield-round", .sosp = "directed yield, two ways", .budget = 200, .begin = pong_begin,
      .prepare = draw, .run = yield, .verify = ran_once, .end = sys_partner_end);

// Four words go over, the other program answers with each of them and 7 more.
static uint64_t asked[4], answer[4];
static void serve(exo_env caller, uint64_t w[4]) {
  (void)caller;
  ++*sys_shared();
  for (int i = 0; i < 4; i++) w[i] += 7;
}
static void gate(void) { sys_serve(serve); }
ROLE(gate);
static bool gate_begin(void) { return begin_as("gate"); }
static void gate_draw(void) {
  draw();
  for (int i = 0; i < 4; i++) answer[i] = asked[i] = bench_random(1ull << 60);
}
static uint64_t call_gate(void) {
  sys_gate(answer);
  return 0;
}
static bool answered(void) {
  for (int i = 0; i < 4; i++)
    if (answer[i] != asked[i] + 7) return false;
  return ran_once();
}
BENCH(gate_round, .name = "gate-round", .sosp = "protected control transfer, two ways; lrpc", .budget = 160,
      .begin = gate_begin, .prepare = gate_draw, .run = call_gate, .verify = answered, .end = sys_partner_end);

// Waiting for a word of memory (0: how often it woke; 2: the word; 3: how often it slept), and waking who does.
static void wait(void) {
  volatile uint64_t *s = sys_shared();
  for (;;) {
    s[3]++;
    sys_sleep();
    if (!s[2]) continue;
    s[2] = 0;
    s[0]++;
  }
}
ROLE(wait);
static bool wait_begin(void) {
  if (!begin_as("wait")) return false;
  for (int i = 0; i < 1000 && !word[3]; i++) sys_yield();
  return word[3];
}
static void wait_draw(void) { // it sleeps, and what it sleeps for has come
  for (int i = 0; i < 20; i++) sys_yield();
  draw();
  word[2] = 1 + bench_random(1000);
}
static uint64_t wake(void) {
  sys_wake();
  return 0;
}
static bool woken(void) {
  for (int i = 0; i < 20 && word[0] == before; i++) sys_yield();
  return word[0] == before + 1;
}
BENCH(wake_row, .name = "wake", .budget = 200, .begin = wait_begin, .prepare = wait_draw, .run = wake, .verify = woken,
      .end = sys_partner_end);

static bool told;
static uint64_t wait_true(void) {
  told = sys_wait_true();
  return 0;
}
static bool was_true(void) { return told; }
BENCH(wait_true_row, .name = "wait-true", .budget = 90, .begin = sys_true_begin, .prepare = sys_true_prepare,
      .run = wait_true, .verify = was_true, .end = sys_true_end);

// A program started from its file, which ends at once, and waited for.
static void leave(void) { sys_leave(23); }
ROLE(leave);
static int status;
static uint64_t spawn(void) {
  status = sys_spawn("leave");
  return 0;
}
static bool left(void) { return status == 23; }
BENCH(spawn_wait, .name = "spawn-wait", .budget = 25000, .run = spawn, .verify = left);
