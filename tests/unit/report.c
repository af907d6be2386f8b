// report.c: how a test that found something wrong ends: with what is needed to see it again.
#include <stdlib.h>
#include <time.h>
#include "test.h"

uint64_t test_seed = 1; // a change is judged by the same steps as the one before it, not by a day's

void test_seed_from(const char *word) {
  test_seed = strtoull(word, nullptr, 0);
  if (!test_seed) test_seed = (uint64_t)time(nullptr);
}
const char *test_running = "-";

void test_fail(const char *file, int line, const char *what, int64_t got, int64_t want) {
  fflush(stdout);
  fprintf(stderr, "FAILED %s (seed %llu) at %s:%d: %s: got %lld (0x%llx), want %lld (0x%llx)\n", test_running,
          (unsigned long long)test_seed, file, line, what, (long long)got, (unsigned long long)got, (long long)want,
          (unsigned long long)want);
  for (unsigned i = 0; i < CPUS; i++) {
    const struct fake_cpu *c = &fake_cpu[i];
    fprintf(stderr, "CPU %u: state %d, last call %llu(%llx %llx %llx %llx %llx %llx) = %lld\n", i, c->state,
            (unsigned long long)c->number, (unsigned long long)c->argument[0], (unsigned long long)c->argument[1],
            (unsigned long long)c->argument[2], (unsigned long long)c->argument[3], (unsigned long long)c->argument[4],
            (unsigned long long)c->argument[5], (long long)c->result);
  }
  fprintf(stderr, "console:\n%s\n", fake.text[0]);
  abort();
}

void fake_broken(const char *what) { test_fail("fake.c", 0, what, 0, 0); }
