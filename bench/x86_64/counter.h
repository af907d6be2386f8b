// counter.h: QEMU's instruction count on x86_64: with -icount shift=6 the time-stamp counter gains 64 an instruction.
#pragma once
#include <arch/cpu.h>
enum { BENCH_TIMES = 1, BENCH_PER = 64, BENCH_REPEAT = 1, BENCH_OTHER = 0 }; // instructions = ticks * TIMES / PER
static inline uint64_t bench_ticks(void) { return arch_counter(); }
