// fuzz.c: one parser of the loader under libFuzzer: PARSE is its name. What it accepts is checked as in the tests
// beside.
#include "test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  void *input = exact(data, size);
  PARSE(input, size);
  free(input);
  return 0;
}
