// machine.h: Linux's system call on AArch64, and what its C library would know.
#pragma once
#include <numbers.h>

enum { LINUX_PC = 440, LINUX_RESTORER = 0 }; // where a handler's context has the program counter; a flag
enum { LINUX_RESULTS = 64 };                 // ttyS0: the console is another

static inline long linux_call(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f) {
  register uint64_t x8 __asm__("x8") = (uint64_t)number;
  register uint64_t x0 __asm__("x0") = a;
  register uint64_t x1 __asm__("x1") = b;
  register uint64_t x2 __asm__("x2") = c;
  register uint64_t x3 __asm__("x3") = d;
  register uint64_t x4 __asm__("x4") = e;
  register uint64_t x5 __asm__("x5") = f;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return (long)x0;
}
