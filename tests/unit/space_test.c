#include "test.h"
const struct test space_tests[] = {{}};
