// report.c: writes the results port, and checks every line a child wants on it: a child can fail its own tests, but it
// can not end the report, invent files of others' or break out of its line.
#include "report.h"

static uint64_t passed, total;
static char last[64] = "-";

static void write_port(const char *bytes, size_t size) {
  (void)os_port_write(OS_SLOT_SELF, EXO_PORT_RESULTS, bytes, size);
}

void report_line(const char *format, ...) {
  char line[1024];
  va_list list;
  va_start(list, format);
  size_t n = os_vformat(line, sizeof line - 1, format, list);
  va_end(list);
  if (n > sizeof line - 2) n = sizeof line - 2;
  line[n++] = '\n';
  write_port(line, n);
}

void report_stages(void) {
  report_line("VERIDIAN 1");
  for (int i = 1; i <= 6; i++) {
    uint64_t us = os_self.machine->stage_ns[i] / 1000;
    if (i == 6 && !us) us = os_now_ns() / 1000;
    report_line("STAGE %d %lu", i, us);
  }
  uint64_t archive = (os_self.machine->archive_bytes + EXO_PAGE - 1) / EXO_PAGE;
  report_line("MEMORY kernel_frames %lu", os_self.machine->kernel_frames);
  report_line("MEMORY first_frames %lu", os_self.window->used - archive);
  report_line("MEMORY archive_frames %lu", archive);
}

// The length of the word at `s`: visible characters without spaces; at most 63.
static size_t word(const char *s) {
  size_t n = 0;
  while (s[n] > ' ' && s[n] <= '~') n++;
  return n <= 63 ? n : 0;
}
static void make_visible(char *s) {
  for (; *s; s++)
    if (*s < ' ' || *s > '~') *s = '?';
}

static void pass_test(char *line) {
  make_visible(line);
  size_t n = word(line);
  bool ok = n && !strncmp(line + n, " ok ", 4), fail = n && !strncmp(line + n, " FAIL ", 6);
  if (!ok && !fail) return;
  total++;
  passed += ok;
  memcpy(last, line, n);
  last[n] = 0;
  report_line("TEST %s", line);
  if (fail) os_print("FAILED %s\n", line);
}

static void pass_bench(char *line) {
  make_visible(line);
  size_t n = word(line), digits = 0;
  if (!n || line[n] != ' ') return;
  while (line[n + 1 + digits] >= '0' && line[n + 1 + digits] <= '9') digits++;
  if (!digits || line[n + 1 + digits] != ' ' || !word(line + n + 2 + digits)) return;
  report_line("BENCH %s", line);
}

// A file's bytes arrive in pieces; exactly as many as it announced are passed on.
static uint64_t file_left;

static void pass_file(char *line) {
  make_visible(line);
  size_t digits = 0, crc = 0;
  if (file_left) return;
  while (line[digits] >= '0' && line[digits] <= '9') digits++;
  const char *hex = line + digits + 1;
  while (digits && line[digits] == ' ' &&
         ((hex[crc] >= '0' && hex[crc] <= '9') || (hex[crc] >= 'a' && hex[crc] <= 'f')))
    crc++;
  if (crc != 8 || hex[8] != ' ' || !hex[9]) return;
  line[digits] = 0;
  file_left = os_number(line, 0);
  line[digits] = ' ';
  report_line("FILE %s", line);
}

static void pass_data(const uint8_t *bytes, size_t size) {
  char line[64 * 2 + 1];
  if (size > file_left) return;
  file_left -= size;
  for (size_t at = 0; at < size;) {
    size_t n = 0;
    for (; n < 64 && at < size; n++, at++) {
      line[2 * n] = "0123456789abcdef"[bytes[at] >> 4];
      line[2 * n + 1] = "0123456789abcdef"[bytes[at] & 15];
    }
    line[2 * n] = '\n';
    write_port(line, 2 * n + 1);
  }
}

void report_drain(struct os_child *child) {
  static char message[OS_DATA + 1];
  size_t length;
  char kind;
  while (child->channel && (kind = os_channel_receive(child->channel, message, OS_DATA, &length))) {
    message[length] = 0;
    if (kind == OS_LINE_TEST) pass_test(message);
    if (kind == OS_LINE_BENCH) pass_bench(message);
    if (kind == OS_LINE_FILE) pass_file(message);
    if (kind == OS_LINE_DATA) pass_data((const uint8_t *)message, length);
  }
}

void report_end(int status) {
  report_line("END %d %lu %lu %s", status, passed, total, last);
  (void)exo_machine_exit((struct exo_machine_exit){.slot = OS_SLOT_SELF, .status = 0}); // clean: END says the rest
  os_exit(status);
}
