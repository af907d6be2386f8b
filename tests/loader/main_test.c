// main_test.c: runs the tests of the parsers; the seed of the damage is printed and may be given.
#include "test.h"
#include <time.h>

static uint32_t state;
uint32_t test_random(void) { // xorshift32
  state ^= state << 13;
  state ^= state >> 17;
  return state ^= state << 5;
}

void test_damage(const void *good, size_t size, parser parse, int rounds) {
  static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff, 0xfe, 8, 16};
  for (int i = 0; i < rounds; i++) {
    size_t cut = test_random() % 4 ? size : test_random() % (size + 1);
    uint8_t *bad = exact(good, cut);
    for (uint32_t n = test_random() % 8; cut && n; n--) {
      uint32_t at = test_random() % (test_random() % 2 && cut > 128 ? 128 : (uint32_t)cut);
      bad[at] = test_random() % 2 ? odd[test_random() % sizeof odd] : (uint8_t)test_random();
    }
    parse(bad, cut);
    free(bad);
  }
}

int main(int argc, char **argv) {
  state = argc > 1 ? (uint32_t)strtoul(argv[1], nullptr, 0) : (uint32_t)time(nullptr);
  printf("seed %u\n", state);
  if (!state) state = 1;
  map_test();
  elf_test();
  archive_test();
  acpi_test();
  fdt_test();
  puts("ok");
  return 0;
}
