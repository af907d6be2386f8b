// counter.h: QEMU's instruction count on AArch64: the counters of the PMU are off for programs, so the virtual counter
// is read, which with -icount shift=0 gains one in 16 instructions. Many repetitions at random distances make it finer.
#pragma once
#include <arch/cpu.h>
enum { BENCH_TIMES = 16, BENCH_PER = 1, BENCH_REPEAT = 64, BENCH_OTHER = 1 };
static inline uint64_t bench_ticks(void) { return arch_counter(); }
