// machine.h: Linux's system call on RISC-V, and what its C library would know.
#pragma once
#include <numbers.h>

enum { LINUX_PC = 176, LINUX_RESTORER = 0 }; // where a handler's context has the program counter; a flag
enum { LINUX_RESULTS = 65 };                 // ttyS1

static inline long linux_call(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f) {
  register uint64_t a7 __asm__("a7") = (uint64_t)number;
  register uint64_t a0 __asm__("a0") = a;
  register uint64_t a1 __asm__("a1") = b;
  register uint64_t a2 __asm__("a2") = c;
  register uint64_t a3 __asm__("a3") = d;
  register uint64_t a4 __asm__("a4") = e;
  register uint64_t a5 __asm__("a5") = f;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5) : "memory");
  return (long)a0;
}
