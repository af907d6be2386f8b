// steps.c: single steps: each is one instruction, whatever comes between.
#include "system.h"
#include "machine.h"

static struct {
  volatile uint64_t count, at_begin, at_end, others, rounds;
  volatile bool on;
} step;

// A call that is not ours enters the door, and from there on the program steps.
static void step_begin(void) { (void)arch_call(EXO_CALL_COUNT, (const uint64_t[6]){}); }

static bool step_note(struct exo_uarea *u, struct exo_record *r) {
  (void)u;
  uint64_t pc = *arch_frame_pc(&r->regs);
  if (r->cause == EXO_CAUSE_STEP) {
    step.count++;
    if (pc == (uint64_t)probe_steps) step.at_begin = step.count;
    if (pc == (uint64_t)probe_steps_end) step.at_end = step.count;
    if (pc == (uint64_t)probe_steps_end) step.others += step.at_end - step.at_begin != PROBE_STEPS;
    if (pc == (uint64_t)probe_steps_end && !--step.rounds) step.on = false;
  } else if (r->cause != EXO_CAUSE_FOREIGN)
    return false;
  if (!arch_frame_step(&r->regs, step.on)) return true;
  (void)exo_resume((struct exo_resume){.record = 0});
  return false;
}

static void step_rounds(uint64_t rounds, void (*also)(void)) {
  step.count = step.at_begin = step.at_end = step.others = 0;
  step.rounds = rounds;
  step.on = true;
  os_fault_hook = step_note;
  step_begin();
  if (also) also();
  for (uint64_t i = 0; i < rounds; i++) EXPECT_IS(probe_steps(), 0);
  os_fault_hook = nullptr;
  EXPECT_IS(step.rounds, 0);
  EXPECT_IS(step.at_end - step.at_begin, PROBE_STEPS);
  EXPECT_IS(step.others, 0);
}

// What takes part in the kernel meanwhile: a call, and the first use of floating point after others have run.
static volatile uint64_t echo;
static uint64_t fp[FP_WORDS_MAX];
static void call_and_fp(void) {
  echo = (uint64_t)exo_null((struct exo_null){.echo = 77});
  fp_read(fp);
}

static bool no_steps(void) {
  struct arch_frame f = {};
  if (arch_frame_step(&f, false)) return false;
  EXPECT(!arch_frame_step(&f, true));
  note("this machine has no steps");
  return true;
}

static void debug_step(void) {
  if (no_steps()) return;
  step_rounds(1, nullptr);
  EXPECT(step.count >= PROBE_STEPS && step.count < 100);
  for (int i = 0; i < 20; i++) {
    os_yield(0, os_now_ns() + MS(1));
    step_rounds(1, call_and_fp);
    EXPECT_IS(echo, 77);
  }
}

// Ticks, kicks and other programs come between.
static void debug_step_long(void) {
  struct kid k;
  if (no_steps()) return;
  if (!kid_start(&k, (struct kid_how){.slice_ns = MS(1)}, "watcher", 0, 0)) return;
  step_rounds(5000, nullptr);
  EXPECT(k.shared[0] > 0); // it ran
  note("%lu steps", step.count);
  k.shared[1] = 1;
  EXPECT(kid_wait(&k, MS(5000)));
  EXPECT_IS(k.shared[2], 0); // and was not stepped
  kid_end(&k);
}

// Cross calls come between, after which the program goes on at once: the step it was to make is still to be made.
static volatile uint64_t shots;
static void shoot(void *frame) {
  struct exo_protect p = {OS_SLOT_SELF, *(exo_frame *)frame, 9, 1, EXO_READ, 0};
  for (;;) {
    p.prot ^= EXO_WRITE;
    if (exo_protect(p) == 1) shots++;
  }
}
static int stepper(int argc, char **argv) {
  (void)argc;
  (void)argv;
  static struct thread t;
  static exo_frame table;
  table = place_table();
  if (place_map(9, frame_new(), EXO_READ | EXO_WRITE) < 0 || !thread_start(&t, 1, shoot, &table)) return 1;
  step_rounds(2000, nullptr);
  os_self.shared[0] = shots;
  return step.rounds ? 2 : step.others ? 3 : 0;
}
static void debug_step_crossed(void) {
  struct kid k;
  if (no_steps()) return;
  if (!second_cpu()) {
    note("one CPU only: nobody to call");
    EXPECT(true);
    return;
  }
  if (!kid_start(&k, (struct kid_how){}, "stepper", 0, 0)) return;
  EXPECT(kid_wait(&k, MS(20000)));
  EXPECT_IS(os_child_status(&k.child), 0);
  EXPECT(k.shared[0] > 0);
  note("%lu cross calls", k.shared[0]);
  kid_end(&k);
}

// A step and a point in one instruction: told, or the end of the program, and of nothing else.
static bool stop_note(struct exo_uarea *u, struct exo_record *r) {
  (void)u;
  if (r->cause == EXO_CAUSE_POINT) (void)exo_env_stop((struct exo_env_stop){.status = 7});
  (void)arch_frame_step(&r->regs, true);
  (void)exo_resume((struct exo_resume){.record = 0});
  return false;
}
static volatile uint64_t word;
static int both_at_once(int argc, char **argv) {
  (void)argc;
  (void)argv;
  os_fault_hook = stop_note;
  struct exo_debug_set set = {.cpu = os_self.cpu, .address = (uint64_t)&word, .control = EXO_DEBUG_POINT(EXO_WRITE, 8)};
  (void)exo_debug_set(set);
  step_begin();
  probe_store(&word, 1);
  return 0;
}
static void debug_both(void) {
  struct kid k;
  if (!ARCH_DEBUG_POINTS) {
    note("this machine has no debug points");
    return;
  }
  for (int i = 0; i < 5; i++) {
    if (!kid_start(&k, (struct kid_how){}, "both-at-once", 0, 0)) return;
    EXPECT(kid_wait(&k, MS(5000)));
    EXPECT_IS(os_child_status(&k.child), 7);
    kid_end(&k);
  }
}

const struct test step_tests[] = {
    {"debug-step", debug_step},
    {"debug-step-long", debug_step_long},
    {"debug-step-crossed", debug_step_crossed},
    {"debug-both", debug_both},
    {},
};
const struct role step_roles[] = {{"stepper", stepper}, {"both-at-once", both_at_once}, {}};
