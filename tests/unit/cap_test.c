#include "test.h"
static void boots(void) {
  machine_start();
  EQ(CALL(0, null, .echo = ~0ull), ~0ull >> 1);
  struct child c;
  child_make(&c, 1, 3);
  child_run(&c, 1, 0, 1000000);
  EQ(runs_on(1), c.number);
}
const struct test cap_tests[] = {{"boots", boots}, {}};
