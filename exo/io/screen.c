// screen.c: the console's words on the firmware's framebuffer, where there is one: for machines without a serial port,
// and for panics. Letters and line ends, nothing else. It never scrolls, which would read and write the whole picture:
// after the last line it goes on at the top, and the line below the newest is blank.
#include "core.h"
#include "font.h"

enum { DOT = 2, CELL_WIDTH = (FONT_WIDTH + 1) * DOT, CELL_HEIGHT = (FONT_HEIGHT + 1) * DOT, ROWS_MAX = 256 };
enum { PIXEL_BYTES = 4, FORMAT_BGR = 1 };     // EFI_GRAPHICS_PIXEL_FORMAT (UEFI 2.10, 12.9): 0 RGB, 1 BGR, 32 bits each
enum : uint64_t { INK = 0x00C0C0C000C0C0C0 }; // two pixels of a grey that is the same in both formats

// Several CPUs may write at once, and a panicking one must not wait: the words may then mix, but each stays in bounds.
static unsigned columns, rows, column, row; // columns 0: no screen
static uint16_t used[ROWS_MAX];             // cells of each line that hold something

static volatile uint64_t *line_at(uint64_t y) {
  return device(boot->framebuffer.physical + y * boot->framebuffer.stride_bytes);
}

static void draw(unsigned at_row, unsigned at_column, unsigned letter) {
  for (unsigned y = 0; y < CELL_HEIGHT; y++) {
    volatile uint64_t *to = line_at(at_row * CELL_HEIGHT + y) + at_column * (CELL_WIDTH / DOT);
    unsigned dots = y / DOT < FONT_HEIGHT ? font[letter - FONT_FIRST][y / DOT] : 0;
    for (unsigned x = 0; x < FONT_WIDTH; x++) to[x] = dots >> (FONT_WIDTH - 1 - x) & 1 ? INK : 0;
    to[FONT_WIDTH] = 0;
  }
}

static void clear(unsigned at_row) {
  for (unsigned i = 0; i < used[at_row]; i++) draw(at_row, i, ' ');
  used[at_row] = 0;
}

static void next_line(void) {
  row = row + 1 < rows ? row + 1 : 0;
  column = 0;
  clear(row + 1 < rows ? row + 1 : 0); // this one was cleared a line ago
}

void screen_put(char c) {
  unsigned letter = (uint8_t)c, at_row = row, at_column = column;
  if (!columns) return;
  if (letter == '\n') next_line();
  if (letter == '\b' && at_column) column = at_column - 1;
  if (letter < FONT_FIRST) return;
  if (at_column >= columns) {
    next_line();
    at_row = row, at_column = 0;
  }
  draw(at_row, at_column, letter <= FONT_LAST ? letter : '?');
  column = at_column + 1;
  if (column > used[at_row]) used[at_row] = (uint16_t)column;
}

// The firmware's numbers: whole pixels inside one register window and outside all RAM.
static bool is_sane(const struct exo_boot_framebuffer *f) {
  uint64_t end = f->physical + f->size;
  if (f->format > FORMAT_BGR || f->physical % 8 || f->stride_bytes % 8 || end < f->physical) return false;
  if (f->width > 0x4000 || f->width * PIXEL_BYTES > f->stride_bytes || f->height > 0x4000) return false;
  if (f->width < CELL_WIDTH || f->height < 2 * CELL_HEIGHT || (uint64_t)f->height * f->stride_bytes > f->size)
    return false;
  for (uint32_t i = 0; i < boot->range_count; i++) {
    const struct exo_boot_range *r = &boot->range[i];
    if (f->physical >> EXO_PAGE_BITS < r->first + r->count && r->first << EXO_PAGE_BITS < end) return false;
  }
  return boot_registers(boot, f->physical, f->size);
}

void screen_init(void) {
  const struct exo_boot_framebuffer *f = &boot->framebuffer;
  columns = row = column = 0;
  if (!f->size) return;
  if (!is_sane(f)) {
    print("the firmware's framebuffer is not used: its numbers can not be right\n");
    return;
  }
  for (unsigned y = 0; y < f->height; y++)
    for (unsigned x = 0; x < f->width * PIXEL_BYTES / 8; x++) line_at(y)[x] = 0;
  rows = f->height / CELL_HEIGHT < ROWS_MAX ? f->height / CELL_HEIGHT : ROWS_MAX;
  columns = f->width / CELL_WIDTH;
}
