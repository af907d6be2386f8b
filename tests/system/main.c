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

static uint64_t failed, checked;
static char first_failure[200], noted[200];

void expect_true(bool ok, const char *what, const char *file, int line) {
  checked++;
  if (!ok && !failed++) os_format(first_failure, sizeof first_failure, "%s:%d: %s is false", file, line, what);
}

void expect_same(uint64_t is, uint64_t wanted, const char *what, const char *file, int line) {
  checked++;
  if (is == wanted || failed++) return;
  bool results = (int64_t)is < 0 || (int64_t)wanted < 0;
  os_format(first_failure, sizeof first_failure, results ? "%s:%d: %s is %ld, not %ld" : "%s:%d: %s is %lx, not %lx",
            file, line, what, is, wanted);
}

void note(const char *format, ...) {
  va_list list;
  va_start(list, format);
  (void)os_vformat(noted, sizeof noted, format, list);
  va_end(list);
}

uint64_t failures(void) { return failed; }

static bool chosen(const char *name, int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    if (!strncmp(name, argv[i], strlen(argv[i]))) return true;
  return argc < 2;
}

static bool run(const struct test *t) {
  failed = checked = 0;
  noted[0] = 0;
  uint64_t begun = os_now_ns();
  t->run();
  uint64_t ms = (os_now_ns() - begun) / 1'000'000;
  if (failed)
    os_report_test(t->name, false, "%s (%lu of %lu)", first_failure, failed, checked);
  else
    os_report_test(t->name, true, "%lu checks, %lu ms%s%s", checked, ms, noted[0] ? "; " : "", noted);
  os_print("%s %s (%lu ms) %s%s%s\n", failed ? "FAIL" : "ok  ", t->name, ms, failed ? first_failure : "",
           failed && noted[0] ? "; " : "", noted);
  return !failed;
}

static int play(int argc, char **argv) {
  const struct role *const all[] = {faults_roles,  memory_roles, fp_roles,     time_roles,
                                    sharing_roles, gate_roles,   revoke_roles, hostile_roles};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    for (const struct role *r = all[i]; r->name; r++)
      if (!strcmp(r->name, argv[2])) return r->play(argc - 3, argv + 3);
  return 100;
}

int main(int argc, char **argv) {
  if (argc > 2 && !strcmp(argv[1], "child")) return play(argc, argv);
  const struct test *const all[] = {calls_tests,   faults_tests, memory_tests, fp_tests,     time_tests,
                                    sharing_tests, kill_tests,   table_tests,  hostile_tests};
  bool ok = true;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    for (const struct test *t = all[i]; t->name; t++)
      if (chosen(t->name, argc, argv)) ok &= run(t);
  os_report_test("the-end", ok, "all tests have run");
  return ok ? 0 : 1;
}
