// main.c: all tests in a fixed order, and the children's roles.
#include "system.h"
#include <exo/call.h>

#define EXO_CALL(number, name, ...) void call_##name(void); // a call without a test does not link
#include <exo/call.def>
#undef EXO_CALL
const struct test calls_tests[] = {
#define EXO_CALL(number, name, ...) {"call-" #name, call_##name},
#include <exo/call.def>
#undef EXO_CALL
    {},
};

static bool chosen(const char *name, int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    if (!strncmp(name, argv[i], strlen(argv[i]))) return true;
  return argc < 2;
}

static int play(int argc, char **argv) {
  const struct role *const all[] = {faults_roles,  memory_roles, fp_roles,     debug_roles,   step_roles,   time_roles,
                                    sharing_roles, gate_roles,   revoke_roles, hostile_roles, private_roles};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    for (const struct role *r = all[i]; r->name; r++)
      if (!strcmp(r->name, argv[2])) return r->play(argc - 3, argv + 3);
  return 100;
}

int main(int argc, char **argv) {
  if (argc > 2 && !strcmp(argv[1], "child")) return play(argc, argv);
  const struct test *const all[] = {calls_tests, faults_tests, memory_tests,  fp_tests,   debug_tests, step_tests,
                                    watch_tests, time_tests,   sharing_tests, kill_tests, table_tests, hostile_tests};
  bool ok = true;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    for (const struct test *t = all[i]; t->name; t++)
      if (chosen(t->name, argc, argv)) ok &= test_run(t);
  os_report_test("the-end", ok, "all tests have run");
  return ok ? 0 : 1;
}
