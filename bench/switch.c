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
  return *word >= 3 || what[0] != 'p';
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

// --- Waiting for a word of memory, and waking who does

int wait_child(void) {
  volatile uint64_t *s = os_self.shared; // 0: how often it woke; 1: its frame; 2: the word; 3: how often it slept
  struct exo_predicate p = {.word = {{.slot = OS_SLOT_SELF, .offset = 16}},
                            .op = {{.code = EXO_PROG_LOAD64, .b = EXO_PROG_VALUE}, {.code = EXO_PROG_END}}};
  while (!(p.word[0].frame = s[1])) os_yield(os_self.parent, 0);
  for (;;) {
    s[3]++;
    (void)os_wait(&p, 1, 2, 0);
    if (!s[2]) continue;
    s[2] = 0;
    s[0]++;
  }
}
static bool wait_begin(void) {
  if (!begin_as("wait")) return false;
  (void)exo_frame_guard((struct exo_frame_guard){OS_SLOT_SELF, shared, child.name});
  word[1] = shared;
  for (int i = 0; i < 1000 && !word[3]; i++) os_yield(child.env, 0);
  return word[3];
}
static void wait_draw(void) { // it sleeps, and what it sleeps for has come
  for (int i = 0; i < 20; i++) os_yield(child.env, 0);
  draw();
  word[2] = 1 + bench_random(1000);
}
static uint64_t wake(void) {
  (void)exo_ring((struct exo_ring){.slot = OS_SLOT_SELF, .env = child.env});
  return 0;
}
static bool woken(void) {
  for (int i = 0; i < 20 && *word == before; i++) os_yield(child.env, 0);
  return *word == before + 1;
}

static exo_result told;
static bool true_begin(void) {
  shared = os_frame_get();
  word = shared ? os_core_map(OS_SLOT_SELF, shared, EXO_READ | EXO_WRITE) : nullptr;
  if (!word) return false;
  *(struct exo_predicate *)(void *)os_self.uarea->batch =
      (struct exo_predicate){.word = {{.slot = OS_SLOT_SELF, .frame = shared}},
                             .op = {{.code = EXO_PROG_LOAD64, .b = EXO_PROG_VALUE}, {.code = EXO_PROG_END}}};
  *word = 1;
  return exo_predicate_set((struct exo_predicate_set){1, 2}) == EXO_OK;
}
static uint64_t wait_true(void) {
  told = exo_wait((struct exo_wait){});
  return 0;
}
static bool was_true(void) { return told == EXO_WAIT_TRUE; }
static void true_prepare(void) { os_self.uarea->pending = 0; }
static void true_end(void) {
  (void)exo_predicate_set((struct exo_predicate_set){});
  os_core_unmap((const void *)(uintptr_t)word);
  os_frame_put(shared);
}

// --- An environment made and ended, with nothing in it

static exo_frame env_frame;
static exo_result made, stopped, dropped;
static void env_prepare(void) { env_frame = os_frame_get(); }
static uint64_t env_make_end(void) {
  made = exo_env_create((struct exo_env_create){OS_SLOT_SELF, env_frame, os_self.name});
  stopped = exo_env_stop((struct exo_env_stop){OS_SLOT_SELF, (exo_env)made, 0});
  dropped = exo_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, env_frame});
  return 0;
}
static bool env_came_and_went(void) { return made > 0 && stopped == EXO_OK && dropped == EXO_OK; }

const struct bench switch_benches[] = {
    {"yield-round", 200, 1, begin, draw, yield, ran_once, end, nullptr, 0},
    {"gate-round", 160, 1, gate_begin, gate_draw, gate, answered, end, nullptr, 0},
    {"wait-true", 90, 1, true_begin, true_prepare, wait_true, was_true, true_end, nullptr, 0},
    {"wake", 200, 1, wait_begin, wait_draw, wake, woken, end, nullptr, 0},
    {"env-make-end", 0, 1, nullptr, env_prepare, env_make_end, env_came_and_went, nullptr, nullptr, 0},
    {}};
