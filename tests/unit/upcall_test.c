#include "test.h"
const struct test upcall_tests[] = {{}};
