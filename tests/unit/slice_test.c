#include "test.h"
const struct test slice_tests[] = {{}};
