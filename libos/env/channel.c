// channel.c: messages from a child to its parent through shared pages: one writer, one reader, each with its own
// counter. A message is a kind byte, two bytes of length, then the bytes. The parent masks and checks every number it
// reads: a child that lies harms only its own report.
#include <os/env.h>

enum { HEAD = 3 };

static void copy_in(struct os_channel *c, uint64_t at, const void *bytes, size_t size) {
  const uint8_t *from = bytes;
  for (size_t i = 0; i < size; i++) c->data[(at + i) % OS_CHANNEL_ROOM] = from[i];
}
static void copy_out(const struct os_channel *c, uint64_t at, void *bytes, size_t size) {
  uint8_t *to = bytes;
  for (size_t i = 0; i < size; i++) to[i] = c->data[(at + i) % OS_CHANNEL_ROOM];
}

void os_channel_send(char kind, const void *bytes, size_t size) {
  struct os_channel *c = os_self.channel;
  if (!c || size > OS_CHANNEL_ROOM / 2) return;
  uint8_t head[HEAD] = {(uint8_t)kind, (uint8_t)size, (uint8_t)(size >> 8)};
  uint64_t at = c->written;
  while (at + HEAD + size - c->read > OS_CHANNEL_ROOM) os_yield(os_self.parent, os_now_ns() + 200000);
  copy_in(c, at, head, HEAD);
  copy_in(c, at + HEAD, bytes, size);
  c->written = at + HEAD + size;
}

char os_channel_receive(struct os_channel *c, void *to, size_t size, size_t *length) {
  uint64_t at = c->read, there = c->written - at;
  uint8_t head[HEAD];
  if (there < HEAD || there > OS_CHANNEL_ROOM) return 0;
  copy_out(c, at, head, HEAD);
  size_t bytes = head[1] | (size_t)head[2] << 8;
  if (there < HEAD + bytes) return 0;
  *length = bytes < size ? bytes : size;
  copy_out(c, at + HEAD, to, *length);
  c->read = at + HEAD + bytes;
  return (char)head[0];
}

void os_report_test(const char *name, bool ok, const char *format, ...) {
  char line[400];
  size_t n = os_format(line, sizeof line, "%s %s ", name, ok ? "ok" : "FAIL");
  va_list list;
  va_start(list, format);
  n += os_vformat(line + n, sizeof line - n, format, list);
  va_end(list);
  if (n >= sizeof line) n = sizeof line - 1;
  os_channel_send(OS_LINE_TEST, line, n);
}

void os_report_bench(const char *name, uint64_t count, const char *unit) {
  char line[200];
  size_t n = os_format(line, sizeof line, "%s %lu %s", name, count, unit);
  os_channel_send(OS_LINE_BENCH, line, n < sizeof line ? n : sizeof line - 1);
}
