// main.c: takes the numbers: 5 warm-ups, then the median of 101 samples, less what an empty section costs. A counter
// that is coarser than an instruction (counter.h) is read BENCH_REPEAT times a sample, at random distances from its
// ticks.
#include "bench.h"

enum { WARM = 5, SAMPLES = 101 };
static uint64_t seed = 88172645463325252ull, bad;

uint64_t bench_random(uint64_t below) { return os_random(&seed) % below; }

static uint64_t nothing(void) { return 0; }
static bool fine(void) { return true; }
static const struct bench empty = {.name = "empty", .parts = 1, .run = nothing, .verify = fine};

static uint64_t once(const struct bench *b) {
  if (b->prepare) b->prepare();
  uint64_t wait = BENCH_REPEAT > 1 ? bench_random(16) : 0;
#pragma clang loop unroll(disable)
  for (; wait; wait--) __asm__ volatile("nop"); // three instructions a turn: no common factor with 16
  uint64_t begun = bench_ticks(), own = b->run(), ended = bench_ticks();
  bad += !b->verify();
  return own ? own - 1 : ended - begun;
}

static uint64_t sample(const struct bench *b) {
  uint64_t ticks = 0;
  for (int i = 0; i < BENCH_REPEAT; i++) ticks += once(b);
  return ticks;
}

static uint64_t median(const struct bench *b) {
  uint64_t all[SAMPLES];
  for (int i = 0; i < WARM; i++) (void)sample(b);
  for (int i = 0; i < SAMPLES; i++) {
    uint64_t s = sample(b);
    int k = i;
    for (; k > 0 && all[k - 1] > s; k--) all[k] = all[k - 1];
    all[k] = s;
  }
  return all[SAMPLES / 2];
}

// What to take off a measure.
static uint64_t overhead_of(const struct bench *b) {
  struct bench same = empty;
  if (b->empty) same.run = b->empty;
  return median(&same);
}

static bool measure(const struct bench *b) {
  bad = 0;
  if (b->begin && !b->begin()) bad = 1;
  uint64_t overhead = overhead_of(b), ticks = bad ? 0 : median(b);
  if (b->end) b->end();
  ticks -= ticks < overhead ? ticks : overhead;
  uint64_t per = (uint64_t)BENCH_REPEAT * BENCH_PER * b->parts, n = (ticks * BENCH_TIMES + per / 2) / per;
  uint64_t budget = !BENCH_OTHER ? b->budget : b->elsewhere ? b->elsewhere : b->budget * 3 / 2;
  if (bad) {
    os_print("%s: FAILED: its effect was missing %lu times\n", b->name, bad);
    return false;
  }
  os_report_bench(b->name, n, "instructions");
  char limit[24] = "-";
  if (budget) os_format(limit, sizeof limit, "%lu", budget);
  os_print("  %-28s %8lu %8s %s\n", b->name, n, limit, budget && n > budget ? "over" : "");
  return true;
}

int main(int argc, char **argv) {
  static const struct bench *const all[] = {call_benches, fault_benches, memory_benches, switch_benches,
                                            longest_benches};
  if (argc > 1 && !strcmp(argv[1], "pong")) return switch_child();
  if (argc > 1 && !strcmp(argv[1], "gate")) return gate_child();
  if (argc > 1 && !strcmp(argv[1], "wait")) return wait_child();
  uint64_t failed = 0;
  os_print("instructions, median of %d%s\n", SAMPLES,
           BENCH_REPEAT > 1 ? "; a coarse counter: mean of 64 repetitions in each sample" : "");
  os_print("  %-28s %8s %8s\n", "operation", "count", "budget");
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    for (const struct bench *b = all[i]; b->name; b++) failed += !measure(b);
  os_report_test("bench-effects", !failed, "%lu operations without their effect", failed);
  return failed ? 1 : 0;
}
