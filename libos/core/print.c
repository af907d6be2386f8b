// print.c: printing: a small formatter and the console call.
#include <os/os.h>

struct sink {
  char *to;
  size_t size, used;
};
static void put(struct sink *s, char c) {
  if (s->used + 1 < s->size) s->to[s->used] = c;
  s->used++;
}

struct spec {
  bool left, zero;
  int width, precision; // precision -1: none
};

static void put_text(struct sink *s, const char *text, const struct spec *spec) {
  int length = 0;
  while (text[length] && length != spec->precision) length++;
  for (int i = length; !spec->left && i < spec->width; i++) put(s, ' ');
  for (int i = 0; i < length; i++) put(s, text[i]);
  for (int i = length; spec->left && i < spec->width; i++) put(s, ' ');
}

static void put_number(struct sink *s, uint64_t value, unsigned base, bool negative, const struct spec *spec) {
  char digit[24];
  int n = 0;
  do digit[n++] = "0123456789abcdef"[value % base];
  while (value /= base);
  int length = n + negative;
  for (int i = length; !spec->left && !spec->zero && i < spec->width; i++) put(s, ' ');
  if (negative) put(s, '-');
  for (int i = length; !spec->left && spec->zero && i < spec->width; i++) put(s, '0');
  while (n) put(s, digit[--n]);
  for (int i = length; spec->left && i < spec->width; i++) put(s, ' ');
}

// Reads flags, width, precision and length after a '%'. Returns where the conversion letter stands.
static const char *read_spec(const char *f, struct spec *spec, bool *wide, va_list *list) {
  *spec = (struct spec){.precision = -1};
  *wide = false;
  for (;; f++) {
    if (*f == '-')
      spec->left = true;
    else if (*f == '0')
      spec->zero = true;
    else
      break;
  }
  for (; *f >= '0' && *f <= '9'; f++) spec->width = spec->width * 10 + *f - '0';
  if (*f == '.' && f[1] == '*') {
    spec->precision = va_arg(*list, int);
    f += 2;
  } else if (*f == '.') {
    spec->precision = 0;
    for (f++; *f >= '0' && *f <= '9'; f++) spec->precision = spec->precision * 10 + *f - '0';
  }
  for (; *f == 'l' || *f == 'z'; f++) *wide = true;
  return f;
}

static void put_conversion(struct sink *s, char letter, const struct spec *spec, bool wide, va_list *list) {
  if (letter == 's') {
    const char *text = va_arg(*list, const char *);
    put_text(s, text ? text : "(null)", spec);
  } else if (letter == 'c') {
    put(s, (char)va_arg(*list, int));
  } else if (letter == 'd') {
    int64_t v = wide ? va_arg(*list, int64_t) : va_arg(*list, int);
    put_number(s, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, v < 0, spec);
  } else if (letter == 'u' || letter == 'x') {
    uint64_t v = wide ? va_arg(*list, uint64_t) : va_arg(*list, unsigned);
    put_number(s, v, letter == 'u' ? 10 : 16, false, spec);
  } else if (letter == 'p') {
    put(s, '0');
    put(s, 'x');
    put_number(s, va_arg(*list, uint64_t), 16, false, spec);
  } else {
    put(s, letter);
  }
}

size_t os_vformat(char *to, size_t size, const char *format, va_list list) {
  struct sink s = {to, size, 0};
  va_list l;
  va_copy(l, list);
  for (const char *f = format; *f; f++) {
    struct spec spec;
    bool wide;
    if (*f != '%') {
      put(&s, *f);
      continue;
    }
    f = read_spec(f + 1, &spec, &wide, &l);
    if (!*f) break;
    put_conversion(&s, *f, &spec, wide, &l);
  }
  va_end(l);
  if (size) to[s.used < size ? s.used : size - 1] = 0;
  return s.used;
}

size_t os_format(char *to, size_t size, const char *format, ...) {
  va_list list;
  va_start(list, format);
  size_t n = os_vformat(to, size, format, list);
  va_end(list);
  return n;
}

// 24 bytes a call, several calls a trap.
exo_result os_port_write(exo_slot slot, uint64_t port, const void *bytes, size_t size) {
  enum { CALLS = 8, BYTES = 24 };
  const uint8_t *from = bytes;
  for (size_t done = 0; done < size;) {
    struct exo_batch_entry entry[CALLS];
    unsigned count = 0;
    for (; count < CALLS && done < size; count++) {
      size_t length = size - done < BYTES ? size - done : BYTES;
      uint64_t word[3] = {};
      memcpy(word, from + done, length);
      entry[count] = os_entry_console_write((struct exo_console_write){
          .slot = slot, .port = port, .length = length, .w0 = word[0], .w1 = word[1], .w2 = word[2]});
      done += length;
    }
    unsigned ran = os_batch(entry, count);
    if (ran < count) return entry[ran].result;
  }
  return (exo_result)size;
}

exo_result os_console_write(const void *bytes, size_t size) {
  return os_port_write(OS_SLOT_OUT, EXO_PORT_CONSOLE, bytes, size);
}

exo_result os_console_read(void) { return exo_console_read((struct exo_console_read){.slot = OS_SLOT_IN}); }

void os_print(const char *format, ...) {
  char line[512];
  va_list list;
  va_start(list, format);
  size_t n = os_vformat(line, sizeof line, format, list);
  va_end(list);
  (void)os_console_write(line, n < sizeof line ? n : sizeof line - 1);
}

const char *os_result_text(exo_result r) {
  static const char *const text[] = {
#define RESULT_TEXT(name, value, sentence) [-(value)] = sentence,
      EXO_RESULTS(RESULT_TEXT)
#undef RESULT_TEXT
  };
  return r > 0 ? "done" : (uint64_t)-r < sizeof text / sizeof *text ? text[-r] : "unknown result";
}

const char *os_cause_text(uint64_t cause) {
  static const char *const text[] = {
      [0] = "no cause",
      [EXO_CAUSE_READ] = "read from an address with nothing to read",
      [EXO_CAUSE_WRITE] = "write to an address that can not be written",
      [EXO_CAUSE_EXEC] = "jump to an address that can not be executed",
      [EXO_CAUSE_ILLEGAL] = "illegal instruction",
      [EXO_CAUSE_BREAKPOINT] = "breakpoint",
      [EXO_CAUSE_ALIGN] = "misaligned access",
      [EXO_CAUSE_ARITHMETIC] = "arithmetic error",
      [EXO_CAUSE_PROTECTION] = "protection violation",
      [EXO_CAUSE_FOREIGN] = "foreign system call",
      [EXO_CAUSE_BAD_PC] = "resumed at an impossible address",
      [EXO_CAUSE_STOPPED] = "stopped",
      [EXO_CAUSE_NO_DOOR] = "a fault and no door to deliver it at",
      [EXO_CAUSE_DOUBLE] = "a fault while handling a fault",
      [EXO_CAUSE_STEP] = "single step",
      [EXO_CAUSE_POINT] = "debug point",
  };
  return cause < sizeof text / sizeof *text ? text[cause] : "unknown cause";
}

uint64_t os_number(const char *text, uint64_t otherwise) {
  uint64_t base = 10, value = 0;
  if (text && text[0] == '0' && text[1] == 'x') {
    base = 16;
    text += 2;
  }
  if (!text || !*text) return otherwise;
  for (; *text; text++) {
    uint64_t digit = *text >= '0' && *text <= '9'   ? (uint64_t)(*text - '0')
                     : *text >= 'a' && *text <= 'f' ? (uint64_t)(*text - 'a' + 10)
                                                    : 99;
    if (digit >= base) return otherwise;
    value = value * base + digit;
  }
  return value;
}
