#include "test.h"
const struct test boot_tests[] = {{}};
