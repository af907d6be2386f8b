// random.c: random numbers from a seed; each thread has its own. (A fuzzer gives numbers of its own instead.)
#include "test.h"

static _Thread_local uint64_t state;

void test_random_from(uint64_t seed) { state = seed; }

uint64_t test_random(uint64_t below) {
  state += 0x9E3779B97F4A7C15ull;
  uint64_t z = state;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ z >> 27) * 0x94D049BB133111EBull;
  return (z ^ z >> 31) % below;
}
