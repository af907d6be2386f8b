// expect.c: what a test says: a test goes on after a failure; the first one is what its line tells.
#include "system.h"

static uint64_t failed, checked, looks;
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

void machine_look(void) {
  exo_result r = exo_null((struct exo_null){EXO_CHECK_WORD});
  if (r == (exo_result)EXO_CHECK_WORD) return; // only an echo
  EXPECT_IS(r, EXO_OK);
  looks += r == EXO_OK;
}
uint64_t machine_looks(void) { return looks; }

uint64_t failures(void) { return failed; }

bool test_run(const struct test *t) {
  failed = checked = 0;
  noted[0] = 0;
  uint64_t begun = os_now_ns();
  t->run();
  machine_look();
  uint64_t ms = (os_now_ns() - begun) / 1'000'000;
  if (failed)
    os_report_test(t->name, false, "%s (%lu of %lu)", first_failure, failed, checked);
  else
    os_report_test(t->name, true, "%lu checks, %lu ms%s%s", checked, ms, noted[0] ? "; " : "", noted);
  os_print("%s %s (%lu ms) %s%s%s\n", failed ? "FAIL" : "ok  ", t->name, ms, failed ? first_failure : "",
           failed && noted[0] ? "; " : "", noted);
  return !failed;
}
