// print.c: the console and the results port, and the end of a kernel that found itself wrong.
#include <stdarg.h>
#include "core.h"

// --- Serial ports: the two kinds of UART all our machines have (16550 data sheet; ARM DDI 0183).

enum { UART_DATA = 0, UART_LINE_STATUS = 5, UART_RECEIVED = 1, UART_ROOM = 0x20 };
enum { PL011_DATA = 0, PL011_FLAGS = 0x18, PL011_EMPTY = 0x10, PL011_FULL = 0x20 };

static uint8_t uart_read(const struct exo_boot_serial *s, unsigned reg) {
  if (s->kind == EXO_PORT_16550_IO) return arch_port_read((uint16_t)(s->base + reg));
  return *(volatile uint8_t *)device(s->base + ((uint64_t)reg << s->shift));
}
static void uart_write(const struct exo_boot_serial *s, unsigned reg, uint8_t value) {
  if (s->kind == EXO_PORT_16550_IO)
    arch_port_write((uint16_t)(s->base + reg), value);
  else
    *(volatile uint8_t *)device(s->base + ((uint64_t)reg << s->shift)) = value;
}
static volatile uint32_t *pl011(const struct exo_boot_serial *s, unsigned reg) { return device(s->base + reg); }

void serial_put(const struct exo_boot_serial *s, uint8_t byte) {
  enum { PATIENCE = 100000 }; // a port that never has room loses bytes instead of stopping the kernel
  if (s->kind == EXO_PORT_NONE) return;
  if (s->kind == EXO_PORT_PL011) {
    for (int i = 0; *pl011(s, PL011_FLAGS) & PL011_FULL && i < PATIENCE; i++) cpu_relax();
    *pl011(s, PL011_DATA) = byte;
    return;
  }
  for (int i = 0; !(uart_read(s, UART_LINE_STATUS) & UART_ROOM) && i < PATIENCE; i++) cpu_relax();
  uart_write(s, UART_DATA, byte);
}

int serial_get(const struct exo_boot_serial *s) {
  if (s->kind == EXO_PORT_NONE) return -1;
  if (s->kind == EXO_PORT_PL011) return *pl011(s, PL011_FLAGS) & PL011_EMPTY ? -1 : (int)(*pl011(s, PL011_DATA) & 0xFF);
  return uart_read(s, UART_LINE_STATUS) & UART_RECEIVED ? uart_read(s, UART_DATA) : -1;
}

// --- Formatting: %s %c %d %u %x %lu %lx %ld %p, and nothing else.

static const struct exo_boot_serial *port_serial(uint64_t port) {
  return port == EXO_PORT_RESULTS ? &boot->results : &boot->console;
}

static void put(uint64_t port, char c) {
  if (c == '\n' && port == EXO_PORT_CONSOLE) serial_put(port_serial(port), '\r');
  serial_put(port_serial(port), (uint8_t)c);
  if (port == EXO_PORT_CONSOLE) screen_put(c);
}

static void put_number(uint64_t port, uint64_t value, unsigned base) {
  char digits[20];
  int n = 0;
  do digits[n++] = "0123456789abcdef"[value % base];
  while (value /= base);
  while (n) put(port, digits[--n]);
}

static void put_format(uint64_t port, const char *f, va_list *args) {
  for (; *f; f++) {
    if (*f != '%') {
      put(port, *f);
      continue;
    }
    bool is_long = *++f == 'l';
    if (is_long) f++;
    switch (*f) {
    case 's':
      for (const char *s = va_arg(*args, const char *); *s; s++) put(port, *s);
      break;
    case 'c': put(port, (char)va_arg(*args, int)); break;
    case 'd': {
      int64_t v = is_long ? va_arg(*args, int64_t) : va_arg(*args, int);
      if (v < 0) put(port, '-');
      put_number(port, v < 0 ? -(uint64_t)v : (uint64_t)v, 10);
      break;
    }
    case 'u': put_number(port, is_long ? va_arg(*args, uint64_t) : va_arg(*args, unsigned), 10); break;
    case 'p': is_long = true; [[fallthrough]];
    case 'x': put_number(port, is_long ? va_arg(*args, uint64_t) : va_arg(*args, unsigned), 16); break;
    default: put(port, *f);
    }
  }
}

void print(const char *format, ...) {
  va_list args;
  va_start(args, format);
  put_format(EXO_PORT_CONSOLE, format, &args);
  va_end(args);
}

void print_port(uint64_t port, const char *format, ...) {
  va_list args;
  va_start(args, format);
  put_format(port, format, &args);
  va_end(args);
}

// --- The calls

static const exo_name port_guard[] = {EXO_GUARD_CONSOLE_OUT, EXO_GUARD_RESULTS};

exo_result sys_console_write(const struct exo_console_write *a) {
  if (a->port > EXO_PORT_RESULTS || a->length > 24) return EXO_RANGE;
  exo_result r = cap_check(env_self(), a->slot, port_guard[a->port], EXO_WRITE);
  if (r != EXO_OK) return r;
  boot_stage(6, "first application in user mode"); // it has just called
  uint64_t word[] = {a->w0, a->w1, a->w2};
  for (unsigned i = 0; i < a->length; i++) put(a->port, (char)(word[i / 8] >> i % 8 * 8));
  return EXO_OK;
}

exo_result sys_console_read(const struct exo_console_read *a) {
  exo_result r = cap_check(env_self(), a->slot, EXO_GUARD_CONSOLE_IN, EXO_READ);
  if (r != EXO_OK) return r;
  int byte = serial_get(&boot->console);
  return byte < 0 ? EXO_EMPTY : byte;
}

exo_result sys_machine_exit(const struct exo_machine_exit *a) {
  exo_result r = cap_check(env_self(), a->slot, EXO_GUARD_EXIT, EXO_WRITE);
  if (r != EXO_OK) return r;
  arch_power_off(a->status ? ARCH_EXIT_PANIC : ARCH_EXIT_CLEAN);
}

// --- The end

// Follows frame pointers while they stay inside the kernel's stacks.
static void backtrace(uint64_t fp) {
  print("backtrace:");
  for (int i = 0; i < 24; i++) {
    uint64_t offset = fp - EXO_PERCPU_BASE;
    if (offset >= EXO_MAX_CPUS * EXO_PERCPU_STRIDE || fp % 8) break;
    const uint64_t *at = arch_backtrace_slot(fp);
    if (!at) break;
    print(" %lx", at[1]);
    if (at[0] <= fp) break;
    fp = at[0];
  }
  print("\n");
}

static uint32_t dying;

[[noreturn]] static void die(const struct arch_frame *f, uint64_t fp) {
  if (f) {
    const uint64_t *word = (const uint64_t *)f;
    for (unsigned i = 0; i < sizeof *f / 8; i++)
      print("%s%lx", i % 6 ? " " : i ? "\n  " : "registers (as in arch/frame.h):\n  ", word[i]);
    print("\n");
  }
  backtrace(fp);
  print("build %s, CPU %u\n", machine_window.build_id, arch_self()->index);
  arch_power_off(ARCH_EXIT_PANIC);
}

// One CPU tells the story; the others stop where they are.
static void die_alone(void) {
  if (__atomic_exchange_n(&dying, 1, __ATOMIC_SEQ_CST)) arch_halt();
}

void panic(const char *format, ...) {
  va_list args;
  die_alone();
  for (uint64_t port = EXO_PORT_CONSOLE; port <= EXO_PORT_RESULTS; port++) {
    print_port(port, port == EXO_PORT_CONSOLE ? "\nveridian: panic: " : "PANIC ");
    va_start(args, format);
    put_format(port, format, &args);
    va_end(args);
    print_port(port, "\n");
  }
  die(nullptr, (uint64_t)__builtin_frame_address(0));
}

void core_trap(const struct arch_frame *f, const char *what, uint64_t detail, uint64_t address) {
  die_alone();
  struct arch_frame copy = *f;
  for (uint64_t port = EXO_PORT_CONSOLE; port <= EXO_PORT_RESULTS; port++)
    print_port(port, "%sin the kernel: %s, detail %lx, address %lx, pc %lx, sp %lx\n",
               port == EXO_PORT_CONSOLE ? "\nveridian: panic: " : "PANIC ", what, detail, address,
               *arch_frame_pc(&copy), *arch_frame_sp(&copy));
  die(f, arch_frame_fp(f));
}

static const uint32_t *build_id_note(void) {
  extern const uint32_t build_id[], build_id_end[];
  return build_id_end - build_id >= 9 ? build_id : nullptr; // name size, size, type, "GNU", 20 bytes
}

void print_init(void) {
  const uint32_t *note = build_id_note();
  const uint8_t *id = (const uint8_t *)(note ? note + 4 : nullptr);
  for (int i = 0; id && i < 40; i++) machine_window.build_id[i] = "0123456789abcdef"[id[i / 2] >> (i % 2 ? 0 : 4) & 15];
}

uint64_t __stack_chk_guard; // set by core_main
[[noreturn]] void __stack_chk_fail(void);
[[noreturn]] void __stack_chk_fail(void) { panic("a kernel stack frame was overwritten"); }
