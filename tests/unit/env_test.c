#include "test.h"
const struct test env_tests[] = {{}};
