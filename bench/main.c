// main.c: takes the numbers: 5 warm-ups, then the median of 101 samples, less what an empty section costs. A counter
// that is coarser than an instruction (counter.h) is read up to BENCH_REPEAT times a sample, at random distances from
// its ticks; less often for what takes many of them.
#include "bench.h"

enum { WARM = 5, SAMPLES = 101, ENOUGH = 4096 }; // ticks in a sample
static uint64_t seed = 88172645463325252ull, bad, ticks_each = BENCH_PER, repeat = 1;
uint64_t bench_before, bench_after, bench_at_door, bench_continue; // trap.S
static bool wall;                                                  // no counter: thousandths of the clock's ticks
extern const struct bench __start_bench_rows[], __stop_bench_rows[];
extern const struct bench_role __start_bench_roles[], __stop_bench_roles[];

uint64_t bench_random(uint64_t below) { return os_random(&seed) % below; }

void bench_role(const char *name) {
  for (const struct bench_role *r = __start_bench_roles; r < __stop_bench_roles; r++)
    if (!strcmp(r->name, name)) r->run();
}

// For who watches the machine from outside (tools/events.c): which row is run now, from 1 on; 0: none.
volatile char bench_marks[128];
[[gnu::noinline]] void bench_mark(uint64_t n) { bench_marks[n % sizeof bench_marks] = 1; }
static uint64_t row_marked;

static uint64_t nothing(void) { return 0; }
static const struct bench empty = {.name = "empty", .run = nothing};

static uint64_t once(const struct bench *b) {
  if (b->prepare) b->prepare();
  uint64_t wait = BENCH_REPEAT > 1 ? bench_random(16) : 0;
#pragma clang loop unroll(disable)
  for (; wait; wait--) __asm__ volatile("nop"); // three instructions a turn: no common factor with 16
  bench_mark(row_marked);
  uint64_t begun = bench_ticks(), own = b->run(), ended = bench_ticks();
  bench_mark(0);
  if (b->verify) bad += !b->verify();
  return own ? own - 1 : ended - begun;
}

static uint64_t sample(const struct bench *b) {
  uint64_t ticks = 0;
  for (uint64_t i = 0; i < repeat; i++) ticks += once(b);
  return ticks;
}

static uint64_t repeats(const struct bench *b) {
  uint64_t ticks = once(b), n = ENOUGH / (ticks + 1) + 1;
  return n < BENCH_REPEAT ? n : BENCH_REPEAT;
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

static uint64_t budget_of(const struct bench *b) {
  return !BENCH_OTHER ? b->budget : b->elsewhere ? b->elsewhere : b->budget * 3 / 2;
}

static bool measure(const struct bench *b) {
  bad = 0;
  if (b->begin && !b->begin()) bad = 1;
  repeat = bad ? 1 : repeats(b);
  uint64_t overhead = overhead_of(b);
  row_marked = (uint64_t)(b - __start_bench_rows) + 1;
  uint64_t ticks = bad ? 0 : median(b);
  row_marked = 0;
  if (b->end) b->end();
  ticks -= ticks < overhead ? ticks : overhead;
  uint64_t times = wall ? 1000 : BENCH_TIMES, per = repeat * (b->parts ? b->parts : 1) * (wall ? 1 : ticks_each);
  uint64_t n = (ticks * times + per / 2) / per, budget = budget_of(b);
  if (bad) {
    sys_print("%s: FAILED: its effect was missing %lu times\n", b->name, bad);
    return false;
  }
  sys_report(b->name, n, wall ? "milliticks" : "instructions");
  char limit[24] = "-";
  if (budget) os_format(limit, sizeof limit, "%lu", budget);
  sys_print("  %-28s %8lu %8s %s\n", b->name, n, limit, budget && n > budget && !wall ? "over" : "");
  return true;
}

// What a report wants to know of each row.
static void describe(const struct bench *b) {
  sys_print("MARK %lu %s %lu\n", (uint64_t)(b - __start_bench_rows) + 1, b->name, b->parts ? b->parts : 1);
  sys_print("ROW %s %lu %s %s\n", b->name, budget_of(b), b->control ? "control" : "-", b->sosp ? b->sosp : "-");
}

// bench [wall] [describe] [ticks=N] [seed=N] [row=NAME]: N ticks an instruction, where the emulator was told to count
// otherwise; one row alone, to look at it closely.
int bench_main(int argc, char **argv) {
  uint64_t failed = 0;
  const char *row = nullptr;
  bool described = false;
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "wall")) wall = true;
    if (!strcmp(argv[i], "describe")) described = true;
    if (!strncmp(argv[i], "row=", 4)) row = argv[i] + 4;
    if (!strncmp(argv[i], "ticks=", 6)) ticks_each = os_number(argv[i] + 6, BENCH_PER);
    if (!strncmp(argv[i], "seed=", 5)) seed += os_number(argv[i] + 5, 0);
  }
  sys_print("%s, median of %d%s\n", wall ? "milliticks of the clock" : "instructions", SAMPLES,
            BENCH_REPEAT > 1 ? "; a coarse counter: mean of up to 64 repetitions in each sample" : "");
  sys_print("  %-28s %8s %8s\n", "operation", "count", "budget");
  for (const struct bench *b = __start_bench_rows; b < __stop_bench_rows; b++) {
    if ((row && strcmp(row, b->name) != 0) || (b->known && !b->known())) continue;
    if (described) describe(b);
    failed += !measure(b);
  }
  sys_effects(failed);
  return failed ? 1 : 0;
}
