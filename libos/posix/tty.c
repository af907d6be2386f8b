// tty.c: the console as a terminal: a line at a time, with echo and backspace when a person types; Ctrl-D at the start
// of a line is the end of input, Ctrl-C ends the program. Waits by yielding with a deadline: the kernel has no input
// events yet.
#include "posix.h"

enum { LINE = 1024, CTRL_C = 3, CTRL_D = 4, BACKSPACE = 8, DELETE = 127, POLL_NS = 1'000'000, INTERRUPTED = 130 };

bool setting(const char *name) {
  const struct exo_archive_entry *e = os_archive_find("settings");
  const char *text = e ? os_archive_data(e) : "";
  uint64_t size = e ? e->size : 0, n = strlen(name);
  for (uint64_t i = 0; i + n + 1 < size; i++)
    if ((i == 0 || text[i - 1] == '\n') && !strncmp(text + i, name, n) && text[i + n] == ' ')
      return text[i + n + 1] == '1';
  return false;
}

bool tty_is_terminal(void) {
  static int known = -1;
  if (known < 0) known = setting("tty");
  return known;
}

static uint8_t wait_byte(void) {
  exo_result r;
  while ((r = os_console_read()) < 0) {
    if (r != EXO_EMPTY) return CTRL_D; // no capability for input: nothing will ever come
    os_yield(0, os_now_ns() + POLL_NS);
  }
  return (uint8_t)r;
}

static void echo(const char *bytes, size_t n) {
  if (tty_is_terminal()) (void)os_console_write(bytes, n);
}

static uint8_t line[LINE];
static uint64_t line_length, line_given;
static bool ended;

// Fills `line` up to a newline, the end of input, or its end.
static void read_line(void) {
  line_length = line_given = 0;
  while (line_length < LINE) {
    uint8_t c = wait_byte();
    bool person = tty_is_terminal();
    if (c == '\r') c = '\n';
    if (c == CTRL_D) {
      ended = line_length == 0;
      return;
    }
    if (person && c == CTRL_C) os_exit(INTERRUPTED);
    if (person && (c == BACKSPACE || c == DELETE)) {
      if (line_length) {
        line_length--;
        echo("\b \b", 3);
      }
      continue;
    }
    line[line_length++] = c;
    echo((const char *)&c, 1);
    if (c == '\n') return;
  }
}

long tty_read(void *to, uint64_t size) {
  if (!size) return 0;
  if (line_given == line_length && !ended) read_line();
  if (ended) {
    ended = !tty_is_terminal(); // a person may go on typing after an end of input
    return 0;
  }
  uint64_t n = line_length - line_given < size ? line_length - line_given : size;
  memcpy(to, line + line_given, n);
  line_given += n;
  return (long)n;
}
