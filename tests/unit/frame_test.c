#include "test.h"
const struct test frame_tests[] = {{}};
