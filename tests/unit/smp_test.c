#include "test.h"
const struct test smp_tests[] = {{}};
