// main.c: runs the tests in random order; the seed is printed and can be given again.
//   unit [-s seed] [-n random-steps] [file ...]
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "test.h"

static const struct {
  const char *name;
  const struct test *tests;
} files[] = {
    {"cap", cap_tests},       {"frame", frame_tests}, {"space", space_tests},   {"env", env_tests},
    {"slice", slice_tests},   {"gate", gate_tests},   {"revoke", revoke_tests}, {"upcall", upcall_tests},
    {"call", call_tests},     {"smp", smp_tests},     {"boot", boot_tests},     {"screen", screen_tests},
    {"random", random_tests},
};
enum { FILES = sizeof files / sizeof *files, TESTS_MAX = 512 };

uint64_t test_steps = 200'000;
static uint64_t seed, random_state;
static const char *running = "-";

uint64_t test_random(uint64_t below) {
  random_state += 0x9E3779B97F4A7C15ull;
  uint64_t z = random_state;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ z >> 27) * 0x94D049BB133111EBull;
  return (z ^ z >> 31) % below;
}

void test_fail(const char *file, int line, const char *what, int64_t got, int64_t want) {
  fflush(stdout);
  fprintf(stderr, "FAILED %s (seed %llu) at %s:%d: %s: got %lld (0x%llx), want %lld (0x%llx)\n", running,
          (unsigned long long)seed, file, line, what, (long long)got, (unsigned long long)got, (long long)want,
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

static bool wanted(const char *name, int argc, char **argv) {
  for (int i = 0; i < argc; i++)
    if (strcmp(argv[i], name) == 0) return true;
  return argc == 0;
}

int main(int argc, char **argv) {
  static const struct test *list[TESTS_MAX];
  const char *given = getenv("UNIT_SEED");
  seed = given ? strtoull(given, nullptr, 0) : (uint64_t)time(nullptr);
  for (argc--, argv++; argc >= 2 && argv[0][0] == '-'; argc -= 2, argv += 2) {
    if (argv[0][1] == 's') seed = strtoull(argv[1], nullptr, 0);
    if (argv[0][1] == 'n') test_steps = strtoull(argv[1], nullptr, 0);
  }
  random_state = seed;
  const char *only = getenv("UNIT_ONLY");
  printf("seed %llu\n", (unsigned long long)seed);
  unsigned count = 0;
  for (unsigned i = 0; i < FILES; i++)
    for (const struct test *t = files[i].tests; wanted(files[i].name, argc, argv) && t->name; t++) list[count++] = t;
  for (unsigned left = count; left; left--) {
    uint64_t i = test_random(left);
    running = list[i]->name;
    if (!only || strcmp(only, running) == 0) list[i]->run();
    list[i] = list[left - 1];
  }
  printf("%u tests passed\n", count);
  return 0;
}
