// counter.h: QEMU's instruction count on RISC-V: instret.
#pragma once
#include <arch/cpu.h>
enum { BENCH_TIMES = 1, BENCH_PER = 1, BENCH_REPEAT = 1, BENCH_OTHER = 1 };
static inline uint64_t bench_ticks(void) {
  uint64_t n;
  __asm__ volatile("rdinstret %0" : "=r"(n)::"memory");
  return n;
}
