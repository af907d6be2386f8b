// fp.c: floating-point and vector registers are nobody else's: not of the one that ran before, not after a preemption,
// not on another CPU.
#include "system.h"
#include "machine.h"

enum { COUNT = 0, MIXED = 1, FIRST = 2, MODE = 3, STOP = 4 };
enum { YIELD = 0, SPIN = 1 };

static uint64_t first_words(void) {
  uint64_t word[FP_WORDS_MAX] = {}, any = 0;
  fp_read(word);
  for (unsigned i = 0; i < fp_word_count(); i++) any |= word[i];
  return any;
}

static uint64_t mixed(const uint64_t *want) {
  uint64_t is[FP_WORDS_MAX] = {}, wrong = 0;
  fp_read(is);
  for (unsigned i = 0; i < fp_word_count(); i++) wrong += is[i] != want[i];
  return wrong;
}

static int fp_role(int argc, char **argv) {
  (void)argc;
  uint64_t any = first_words(), seed = os_number(argv[0], 1), how = os_number(argv[1], 0), word[FP_WORDS_MAX];
  volatile uint64_t *out = os_self.shared;
  out[FIRST] = any ? 2 : 1;
  while (!out[STOP]) {
    for (unsigned i = 0; i < FP_WORDS_MAX; i++) word[i] = os_random(&seed);
    fp_fill(word);
    uint64_t entered = os_self.uarea->entered;
    if (how == YIELD)
      os_yield(out[MODE], 0);
    else
      while (os_self.uarea->entered == entered && !out[STOP]) arch_pause();
    out[MIXED] += mixed(word);
    out[COUNT]++;
  }
  return 0;
}

static void pair(uint64_t cpu, uint64_t how, uint64_t switches) {
  struct kid a, b;
  if (!kid_start(&a, (struct kid_how){.cpu = cpu, .slice_ns = MS(1)}, "fp", 11, how)) return;
  if (!kid_start(&b, (struct kid_how){.cpu = cpu, .slice_ns = MS(1)}, "fp", 22, how)) {
    kid_end(&a);
    return;
  }
  a.shared[MODE] = b.child.env;
  b.shared[MODE] = a.child.env;
  EXPECT(kid_until(&a, COUNT, switches, MS(60000)));
  EXPECT(kid_until(&b, COUNT, switches, MS(60000)));
  note("%lu and %lu switches with %lu words", a.shared[COUNT], b.shared[COUNT], fp_word_count());
  EXPECT_IS(a.shared[MIXED], 0);
  EXPECT_IS(b.shared[MIXED], 0);
  EXPECT_IS(a.shared[FIRST], 1); // zero at the start, whoever ran before
  EXPECT_IS(b.shared[FIRST], 1);
  kid_end(&a);
  kid_end(&b);
}

static void fp_yield(void) { pair(0, YIELD, 5000); }
static void fp_preempt(void) { pair(second_cpu(), SPIN, 50); }

// A new environment sees zeros after one that left its registers full, many times, on each CPU.
static void fp_fresh(void) {
  for (uint64_t i = 0; i < 6; i++) {
    struct kid k;
    if (!kid_start(&k, (struct kid_how){.cpu = i % 2 * second_cpu()}, "fp", i + 1, YIELD)) return;
    EXPECT(kid_until(&k, COUNT, 3, MS(5000)));
    EXPECT_IS(k.shared[FIRST], 1);
    kid_end(&k);
  }
}

// Our own, across the CPU's other tenants: filled, then read after many slices of others.
static void fp_own(void) {
  uint64_t word[FP_WORDS_MAX], seed = 99;
  for (unsigned i = 0; i < FP_WORDS_MAX; i++) word[i] = os_random(&seed);
  struct kid k;
  if (!kid_start(&k, (struct kid_how){}, "fp", 7, YIELD)) return;
  fp_fill(word);
  EXPECT(kid_until(&k, COUNT, 100, MS(5000)));
  EXPECT_IS(mixed(word), 0);
  kid_end(&k);
}

// The same environment on another CPU begins with zeros there too.
static struct {
  volatile uint64_t done, any;
} elsewhere;
static void look(void *word) {
  (void)word;
  elsewhere.any = first_words();
  __atomic_store_n(&elsewhere.done, 1, __ATOMIC_SEQ_CST);
  for (;;) arch_pause();
}
static int fp_move(int argc, char **argv) {
  (void)argc;
  (void)argv;
  static struct thread t;
  uint64_t word[FP_WORDS_MAX], seed = 5;
  for (unsigned i = 0; i < FP_WORDS_MAX; i++) word[i] = os_random(&seed);
  fp_fill(word);
  if (!thread_start(&t, 1, look, nullptr)) return 1;
  for (uint64_t limit = os_now_ns() + MS(2000); !elsewhere.done && os_now_ns() < limit;) arch_pause();
  return !elsewhere.done ? 2 : elsewhere.any ? 3 : mixed(word) ? 4 : 0;
}
static void fp_other_cpu(void) {
  struct kid k;
  if (!second_cpu()) {
    note("one CPU only: nothing to see");
    EXPECT(true);
    return;
  }
  if (!kid_start(&k, (struct kid_how){}, "fp-move", 0, 0)) return;
  EXPECT(kid_wait(&k, MS(5000)));
  EXPECT_IS(os_child_status(&k.child), 0);
  kid_end(&k);
}

// A thread that moves from one CPU to another and back, while others fill the registers of both: it takes its registers
// along, and what it leaves on a CPU is there when it comes again.
enum { MOVES = 200 };
static struct {
  volatile uint64_t at, moves, lost, foreign; // at: the CPU it is on
  uint64_t word[FP_WORDS_MAX];                // on its way
} hand;

static void stay_a_while(void) {
  for (uint64_t until = arch_counter() + os_self.machine->clock_hz / 2000; arch_counter() < until;) arch_pause();
}

static void host(uint64_t cpu, uint64_t *seed) { // the thread is here: it comes, computes, and goes
  uint64_t word[FP_WORDS_MAX];
  fp_fill(hand.word);
  stay_a_while();
  hand.lost += mixed(hand.word);
  for (unsigned i = 0; i < FP_WORDS_MAX; i++) word[i] = os_random(seed);
  fp_fill(word);
  stay_a_while();
  hand.lost += mixed(word);
  fp_read(hand.word);
  hand.moves++;
  __atomic_store_n(&hand.at, 1 - cpu, __ATOMIC_SEQ_CST);
}

static void both_ways(uint64_t cpu) {
  uint64_t left[FP_WORDS_MAX], seed = cpu + 3;
  for (unsigned i = 0; i < FP_WORDS_MAX; i++) left[i] = 0;
  while (hand.moves < MOVES) {
    while (__atomic_load_n(&hand.at, __ATOMIC_SEQ_CST) != cpu && hand.moves < MOVES) arch_pause();
    hand.foreign += mixed(left);
    if (hand.moves >= MOVES) return;
    host(cpu, &seed);
    for (unsigned i = 0; i < FP_WORDS_MAX; i++) left[i] = os_random(&seed);
    fp_fill(left);
  }
}
static void other_end(void *word) {
  (void)word;
  both_ways(1);
  for (;;) arch_pause();
}
static int fp_migrant(int argc, char **argv) {
  (void)argc;
  (void)argv;
  static struct thread t;
  if (!thread_start(&t, 1, other_end, nullptr)) return 1;
  both_ways(0);
  os_self.shared[COUNT] = hand.moves;
  return hand.lost ? 2 : hand.foreign ? 3 : 0;
}

static void fp_migrate(void) {
  struct kid k, others[2];
  uint64_t cpu = 0;
  if (!second_cpu()) {
    note("one CPU only: nowhere to go");
    EXPECT(true);
    return;
  }
  while (cpu < 2 && kid_start(&others[cpu], (struct kid_how){.cpu = cpu, .slice_ns = MS(1)}, "fp", cpu + 31, SPIN))
    cpu++;
  if (cpu == 2 && kid_start(&k, (struct kid_how){.slice_ns = MS(1)}, "fp-migrant", 0, 0)) {
    EXPECT(kid_wait(&k, MS(60000)));
    EXPECT_IS(os_child_status(&k.child), 0);
    EXPECT_IS(k.shared[COUNT], MOVES);
    kid_end(&k);
  }
  while (cpu-- > 0) {
    EXPECT(others[cpu].shared[COUNT] > 0);
    EXPECT_IS(others[cpu].shared[MIXED], 0);
    kid_end(&others[cpu]);
  }
}

const struct test fp_tests[] = {
    {"fp-yield", fp_yield},
    {"fp-preempt", fp_preempt},
    {"fp-fresh", fp_fresh},
    {"fp-own", fp_own},
    {"fp-other-cpu", fp_other_cpu},
    {"fp-migrate", fp_migrate},
    {},
};
const struct role fp_roles[] = {{"fp", fp_role}, {"fp-move", fp_move}, {"fp-migrant", fp_migrant}, {}};
