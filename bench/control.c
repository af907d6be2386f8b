// control.c: the same instructions on every system. If these differ, the counter does not say what it should, and no
// other row counts.
#include "bench.h"

enum { TURNS = 1000, WORDS = 512 };
static uint64_t sum, begun_with, from[WORDS], to[WORDS];

static void draw(void) { sum = begun_with = bench_random(1ull << 40); }
static uint64_t add(void) {
  uint64_t s = sum;
#pragma clang loop unroll(disable)
  for (uint64_t i = 0; i < TURNS; i++) {
    s += i;
    __asm__ volatile("" : "+r"(s));
  }
  sum = s;
  return 0;
}
static bool added(void) { return sum == begun_with + TURNS * (TURNS - 1) / 2; }
BENCH(control_alu, .name = "control-alu", .control = true, .prepare = draw, .run = add, .verify = added);

static void fill(void) {
  for (uint64_t i = 0; i < WORDS; i++) from[i] = bench_random(1ull << 40);
  to[bench_random(WORDS)] = 0;
}
static uint64_t copy(void) {
#pragma clang loop unroll(disable)
  for (uint64_t i = 0; i < WORDS; i++) {
    to[i] = from[i];
    __asm__ volatile("" ::: "memory");
  }
  return 0;
}
static bool copied(void) { return !memcmp(from, to, sizeof to); }
BENCH(control_copy, .name = "control-copy", .control = true, .prepare = fill, .run = copy, .verify = copied);
