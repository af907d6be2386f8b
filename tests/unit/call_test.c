#include "test.h"
const struct test call_tests[] = {{}};
