// switch.c: two environments that hand the CPU to each other.
#include "bench.h"

static struct os_child child;
static exo_frame shared;
static volatile uint64_t *word; // how often the other one has run
static uint64_t before;

int switch_child(void) {
  for (;;) {
    ++*os_self.shared;
    os_yield(os_self.parent, 0);
  }
}

static bool begin_as(const char *what) {
  char name[] = "bench", role[8], *argv[] = {name, role};
  os_format(role, sizeof role, "%s", what);
  shared = os_frame_get();
  word = shared ? os_core_map(OS_SLOT_SELF, shared, EXO_READ | EXO_WRITE) : nullptr;
  struct os_spawn how = {
      .file = "bin/bench", .argc = 2, .argv = argv, .ceiling = 512, .shared = shared, .slice_ns = 1'000'000'000};
  if (!word || os_spawn(&how, &child) < 0) return false;
  for (int i = 0; i < 1000 && *word < 3; i++) os_yield(child.env, 0);
  return *word >= 3 || what[0] == 'g';
}
static bool begin(void) { return begin_as("pong"); }
static void draw(void) { before = *word; }
static uint64_t yield(void) {
  os_yield(child.env, 0);
  return 0;
}
// A slice that ends in the middle sends the rest of the round another way: seldom.
static bool ran_once(void) {
  static int astray;
  if (*word == before + 1) return true;
  astray++;
  return astray < (*word > before ? 100 : 5);
}
static void end(void) {
  (void)os_child_stop(&child, 0);
  (void)os_child_reclaim(&child);
  os_core_unmap((const void *)(uintptr_t)word);
  os_frame_put(shared);
}

// --- Gates

static uint64_t asked[4], answer[4];
static void serve(exo_env caller, uint64_t w[4]) {
  (void)caller;
  ++*os_self.shared;
  for (int i = 0; i < 4; i++) w[i] += 7;
}
int gate_child(void) {
  os_gate_open(serve);
  for (;;) os_yield(os_self.parent, 0);
}
static bool gate_begin(void) { return begin_as("gate"); }
static void gate_draw(void) {
  draw();
  for (int i = 0; i < 4; i++) answer[i] = asked[i] = bench_random(1ull << 60);
}
static uint64_t gate(void) {
  (void)os_gate(OS_SLOT_SELF, child.env, answer, 0);
  return 0;
}
static bool answered(void) {
  for (int i = 0; i < 4; i++)
    if (answer[i] != asked[i] + 7) return false;
  return ran_once();
}

const struct bench switch_benches[] = {{"yield-round", 200, 1, begin, draw, yield, ran_once, end, nullptr, 0},
                                       {"gate-round", 160, 1, gate_begin, gate_draw, gate, answered, end, nullptr, 0},
                                       {}};
