// screen.c: reads a picture of the screen (PPM, from QEMU's screendump) back into lines of text, with the kernel's own
// letters. A cell that holds no letter, or a third colour, is written as <?>.
#include <stdio.h>
#include <stdlib.h>
#include "io/font.h"

enum { DOT = 2, CELL_WIDTH = (FONT_WIDTH + 1) * DOT, CELL_HEIGHT = (FONT_HEIGHT + 1) * DOT, INK = 0xC0C0C0 };
static unsigned width, height;
static uint8_t *pixels;

// 1: ink, 0: black, -1: neither.
static int dot(unsigned x, unsigned y) {
  const uint8_t *p = pixels + 3 * ((size_t)y * width + x);
  unsigned colour = (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];
  return colour == INK ? 1 : colour == 0 ? 0 : -1;
}

static int is_letter(unsigned left, unsigned top, int letter) {
  for (unsigned y = 0; y < CELL_HEIGHT; y++)
    for (unsigned x = 0; x < CELL_WIDTH; x++) {
      unsigned dx = x / DOT, dy = y / DOT;
      int want = dx < FONT_WIDTH && dy < FONT_HEIGHT && font[letter - FONT_FIRST][dy] >> (FONT_WIDTH - 1 - dx) & 1;
      if (dot(left + x, top + y) != want) return 0;
    }
  return 1;
}

static int letter_at(unsigned left, unsigned top) {
  for (int letter = FONT_FIRST; letter <= FONT_LAST; letter++)
    if (is_letter(left, top, letter)) return letter;
  return -1;
}

int main(int argc, char **argv) {
  FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (!f || fscanf(f, "P6 %u %u 255", &width, &height) != 2 || fgetc(f) == EOF || width > 8192 || height > 8192) {
    fprintf(stderr, "usage: screen PICTURE.ppm\n");
    return 2;
  }
  pixels = malloc((size_t)width * height * 3);
  if (!pixels || fread(pixels, 3, (size_t)width * height, f) != (size_t)width * height) {
    fprintf(stderr, "screen: %s is cut short\n", argv[1]);
    return 2;
  }
  for (unsigned top = 0; top + CELL_HEIGHT <= height; top += CELL_HEIGHT) {
    unsigned end = 0; // behind the last cell of the line that is not blank
    for (unsigned left = 0; left + CELL_WIDTH <= width; left += CELL_WIDTH)
      if (letter_at(left, top) != ' ') end = left + CELL_WIDTH;
    for (unsigned left = 0; left < end; left += CELL_WIDTH) {
      int letter = letter_at(left, top);
      if (letter < 0)
        printf("<?>");
      else
        putchar(letter);
    }
    putchar('\n');
  }
  free(pixels);
  return 0;
}
