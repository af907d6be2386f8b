// check.c: what test.h promises to the unit tests' machine and invariants, for the programs of this folder: each is one
// test with one seed.
#include <stdlib.h>
#include "model.h"
#include "test.h"

static uint64_t seed, random_state;

void test_seed(uint64_t s) { seed = random_state = s; }

uint64_t test_random(uint64_t below) {
  random_state += 0x9E3779B97F4A7C15ull;
  uint64_t z = random_state;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ z >> 27) * 0x94D049BB133111EBull;
  return (z ^ z >> 31) % below;
}

void test_fail(const char *file, int line, const char *what, int64_t got, int64_t want) {
  fflush(stdout);
  fprintf(stderr, "FAILED (seed %llu) at %s:%d: %s: got %lld, want %lld\n", (unsigned long long)seed, file, line, what,
          (long long)got, (long long)want);
  for (unsigned i = 0; i < CPUS; i++) {
    const struct fake_cpu *c = &fake_cpu[i];
    fprintf(stderr, "CPU %u: state %d, last call %llu(", i, c->state, (unsigned long long)c->number);
    for (unsigned k = 0; k < 6; k++) fprintf(stderr, "%llx ", (unsigned long long)c->argument[k]);
    fprintf(stderr, ") = %lld\n", (long long)c->result);
  }
  fprintf(stderr, "console:\n%s\n", fake.text[0]);
  abort();
}

void fake_broken(const char *what) { test_fail("fake.c", 0, what, 0, 0); }
