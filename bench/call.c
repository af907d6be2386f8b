// call.c: the price of crossing the boundary: null on Veridian, getpid on Linux.
#include "bench.h"

static uint64_t word, answer;

static void draw(void) { word = bench_random(1ull << 60); }
static uint64_t null_empty(void) {
  (void)bench_null_empty(word);
  return bench_own(bench_after - bench_before);
}
static uint64_t null_call(void) { // from the instruction that traps to the next one
  answer = bench_null(word);
  return bench_own(bench_after - bench_before);
}
static bool echoed(void) { return sys_null_answered(word, answer); }
BENCH(null, .name = "null-call", .sosp = "null system call", .budget = 40, .prepare = draw, .run = null_call,
      .verify = echoed, .empty = null_empty);
