// screen_test.c: the console on a framebuffer: what is written can be read back, nothing outside the picture is
// touched, and a framebuffer whose numbers can not be right is left alone.
#include <string.h>
#include "test.h"
#include "io/font.h"

enum { ROWS = 5, COLUMNS = 16, WIDTH = COLUMNS * 12 + 4, HEIGHT = ROWS * 16 + 3, STRIDE = WIDTH * 4 + 24 };
static struct exo_boot b;

static const struct exo_boot_framebuffer good = {
    .physical = SCREEN, .size = SCREEN_BYTES, .width = WIDTH, .height = HEIGHT, .stride_bytes = STRIDE, .format = 1};

static void begin(struct exo_boot_framebuffer f) {
  machine_build(&b);
  b.framebuffer = f;
  b.device_count = 1;
  b.device[0] = (struct exo_boot_device){SCREEN, SCREEN_BYTES};
  boot = &b;
  screen_init();
}

static uint32_t pixel(unsigned x, unsigned y) {
  return *(volatile uint32_t *)((volatile uint8_t *)device(SCREEN) + y * STRIDE + x * 4);
}

static bool cell_is(unsigned row, unsigned column, int letter) {
  for (unsigned y = 0; y < 16; y++)
    for (unsigned x = 0; x < 12; x++) {
      bool dot = x / 2 < 5 && y / 2 < 7 && font[letter - FONT_FIRST][y / 2] >> (4 - x / 2) & 1;
      if (pixel(column * 12 + x, row * 16 + y) != (dot ? 0xC0C0C0 : 0)) return false;
    }
  return true;
}

static void row_is(unsigned row, const char *text) {
  unsigned length = (unsigned)strlen(text);
  for (unsigned i = 0; i < COLUMNS; i++) CHECK(cell_is(row, i, i < length ? text[i] : ' '));
}

// What is no part of the picture: the ends of its lines, and all behind the last.
static void rest_is_untouched(void) {
  for (uint64_t at = 0; at < SCREEN_BYTES; at++)
    if (at / STRIDE >= HEIGHT || at % STRIDE >= WIDTH * 4) EQ(((volatile uint8_t *)device(SCREEN))[at], 0xFF);
}

static void words(void) {
  begin(good);
  for (unsigned i = 0; i < ROWS; i++) row_is(i, "");
  print("stage %u: it\n", 6u);
  print_port(EXO_PORT_RESULTS, "not here\n");
  print("\ta\bb\r\xC3\x7F{~}");
  row_is(0, "stage 6: it");
  row_is(1, "b??{~}");
  rest_is_untouched();
}

static void wraps(void) {
  begin(good);
  print("0123456789abcdef"); // fills the line to its end, and only the next letter begins another
  row_is(0, "0123456789abcdef");
  print("gh\n3\n4\n5");
  row_is(1, "gh");
  row_is(4, "5");
  row_is(0, ""); // the line below the newest, going round
  print("\nnew");
  row_is(0, "new");
  row_is(1, "");
  row_is(2, "3");
  print("\b\b\b\b\b\b!");
  row_is(0, "!ew");
  rest_is_untouched();
}

static void letters(void) {
  begin(good);
  for (int c = FONT_FIRST; c <= FONT_LAST; c++) { // each like itself and like no other
    print("%c\b", c);
    for (int other = FONT_FIRST; other <= FONT_LAST; other++) EQ(cell_is(0, 0, other), c == other);
  }
}

static void must_ignore(struct exo_boot_framebuffer f) {
  begin(f);
  CHECK(__builtin_strstr(fake.text[0], "framebuffer is not used"));
  print("words\n");
  for (uint64_t at = 0; at < SCREEN_BYTES; at++) EQ(((volatile uint8_t *)device(SCREEN))[at], 0xFF);
}

static void hostile(void) {
  static const struct exo_boot_framebuffer bad[] = {
      {SCREEN, SCREEN_BYTES, WIDTH, HEIGHT, STRIDE, 2},                            // pixels of unknown form
      {SCREEN + 4, SCREEN_BYTES - 4, WIDTH, HEIGHT, STRIDE, 0},                    // no words of 64 bits
      {SCREEN, SCREEN_BYTES, WIDTH, HEIGHT, STRIDE - 4, 0},                        // the same for the lines
      {SCREEN, SCREEN_BYTES, WIDTH, HEIGHT, WIDTH * 4 - 8, 0},                     // lines overlap
      {SCREEN, HEIGHT * STRIDE - 1, WIDTH, HEIGHT, STRIDE, 0},                     // its end is missing
      {SCREEN, SCREEN_BYTES, WIDTH, 0xFFFFFFFF, STRIDE, 0},                        // sizes that wrap
      {SCREEN, SCREEN_BYTES, 0x40000000, HEIGHT, 8, 0},                            //
      {SCREEN, SCREEN_BYTES, 0xFFFFFFFF, HEIGHT, 0xFFFFFFF8, 0},                   //
      {SCREEN, SCREEN_BYTES, 11, HEIGHT, STRIDE, 0},                               // no room for a letter
      {SCREEN, SCREEN_BYTES, WIDTH, 31, STRIDE, 0},                                // no room for two lines
      {-STRIDE, SCREEN_BYTES, WIDTH, HEIGHT, STRIDE, 0},                           // its end wraps
      {SCREEN, SCREEN_BYTES + 8, WIDTH, HEIGHT, STRIDE, 0},                        // outside the register window
      {SCREEN - 8, SCREEN_BYTES, WIDTH, HEIGHT, STRIDE, 0},                        //
      {SCREEN, UINT64_MAX - SCREEN, WIDTH, HEIGHT, STRIDE, 0},                     //
      {(RAM_END - 1) * EXO_PAGE, SCREEN + SCREEN_BYTES, WIDTH, HEIGHT, STRIDE, 0}, // RAM
      {(RAM_END - 1) * EXO_PAGE, SCREEN, WIDTH, HEIGHT, STRIDE, 0},                //
  };
  for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) must_ignore(bad[i]);
  begin((struct exo_boot_framebuffer){.physical = 123}); // none at all: not a word
  EQ(fake.length[0], 0);
}

// In a register window, but RAM, too.
static void in_memory(void) {
  machine_build(&b);
  b.framebuffer = good;
  b.device_count = 1;
  b.device[0] = (struct exo_boot_device){SCREEN, SCREEN_BYTES};
  b.range[b.range_count++] = (struct exo_boot_range){(SCREEN + SCREEN_BYTES) / EXO_PAGE - 1, 1, EXO_USE_FREE, 0};
  boot = &b;
  screen_init();
  CHECK(__builtin_strstr(fake.text[0], "framebuffer is not used"));
}

const struct test screen_tests[] = {
    {"words", words}, {"wraps", wraps}, {"letters", letters}, {"hostile", hostile}, {"in memory", in_memory}, {},
};
