// main.c: runs the tests in random order; the seed is printed and can be given again.
//   unit [-s seed] [-n random-steps] [-e 1] [file ...]; without a seed always the same, by -s 0 a new one
// -e: in the end every error of every call must have been seen.
#include <stdlib.h>
#include <string.h>
#include "test.h"

static const struct {
  const char *name;
  const struct test *tests;
} files[] = {
    {"cap", cap_tests},       {"frame", frame_tests}, {"space", space_tests},   {"env", env_tests},
    {"slice", slice_tests},   {"lend", lend_tests},   {"gate", gate_tests},     {"revoke", revoke_tests},
    {"upcall", upcall_tests}, {"call", call_tests},   {"smp", smp_tests},       {"boot", boot_tests},
    {"screen", screen_tests}, {"debug", debug_tests}, {"prog", prog_tests},     {"asm", asm_tests},
    {"trace", trace_tests},   {"check", check_tests}, {"random", random_tests},
};
enum { FILES = sizeof files / sizeof *files, TESTS_MAX = 512 };

uint64_t test_steps = 200'000;

static bool wanted(const char *name, int argc, char **argv) {
  for (int i = 0; i < argc; i++)
    if (strcmp(argv[i], name) == 0) return true;
  return argc == 0;
}

int main(int argc, char **argv) {
  static const struct test *list[TESTS_MAX];
  for (argc--, argv++; argc >= 2 && argv[0][0] == '-'; argc -= 2, argv += 2) {
    if (argv[0][1] == 's') test_seed_from(argv[1]);
    if (argv[0][1] == 'e') errors_by_hand = strtoull(argv[1], nullptr, 0);
    if (argv[0][1] == 'n') test_steps = strtoull(argv[1], nullptr, 0);
  }
  test_random_from(test_seed);
  const char *only = getenv("UNIT_ONLY");
  printf("seed %llu\n", (unsigned long long)test_seed);
  unsigned count = 0;
  for (unsigned i = 0; i < FILES; i++)
    for (const struct test *t = files[i].tests; wanted(files[i].name, argc, argv) && t->name; t++) list[count++] = t;
  for (unsigned left = count; left; left--) {
    uint64_t i = test_random(left);
    test_running = list[i]->name;
    if (!only || strcmp(only, test_running) == 0) list[i]->run();
    list[i] = list[left - 1];
  }
  printf("%u tests passed\n", count);
  if (errors_by_hand && errors_missing()) test_fail("errors.c", 0, "every error of every call", 0, 1);
  return 0;
}
