// cpu.h: the few instructions that kernel and library both name: trap, pause, counter; and the kernel's own record.
#pragma once
#include <stdint.h>

// One system call. x0 gets the result; of the other caller-saved registers nothing may be expected.
static inline int64_t arch_call(uint64_t number, const uint64_t a[6]) {
  register uint64_t x0 __asm__("x0") = a[0];
  register uint64_t x1 __asm__("x1") = a[1];
  register uint64_t x2 __asm__("x2") = a[2];
  register uint64_t x3 __asm__("x3") = a[3];
  register uint64_t x4 __asm__("x4") = a[4];
  register uint64_t x5 __asm__("x5") = a[5];
  register uint64_t x8 __asm__("x8") = number;
  __asm__ volatile("svc #0xE0"
                   : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x5), "+r"(x8)
                   :
                   : "x6", "x7", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "memory", "cc");
  return (int64_t)x0;
}
static inline void arch_pause(void) { __asm__ volatile("yield" ::: "memory"); }
// The counter behind clock_hz of the machine window.
static inline uint64_t arch_counter(void) {
  uint64_t ticks;
  __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks)::"memory"); // D12.2: reads may be made early without it
  return ticks;
}
// Kernel only: fills a frame with zeros (arch.h), blocks of DCZID_EL0 where that is allowed (D19.2.32), four at a time.
static inline void arch_frame_clear(void *frame) {
  uint64_t id, at = (uint64_t)frame, end = at + 4096;
  __asm__("mrs %0, dczid_el0" : "=r"(id));
  if (id > 8) { // forbidden, or more than a quarter of a frame each
    for (; at != end; at += 16) __asm__ volatile("stp xzr, xzr, [%0]" ::"r"(at) : "memory");
    return;
  }
  for (uint64_t step = 4ull << id; at != end; at += 4 * step)
    __asm__ volatile("dc zva, %0\n\tdc zva, %1\n\tdc zva, %2\n\tdc zva, %3" ::"r"(at), "r"(at + step),
                     "r"(at + 2 * step), "r"(at + 3 * step)
                     : "memory");
}
// Kernel only: translations (arch.h). Invalidations are of this CPU alone (no "is"): the core asks the others itself
// and waits until they have answered.
static inline void arch_table_fence(void) { __asm__ volatile("dsb ishst\n\tisb" ::: "memory"); }
enum { ARCH_ASIDS = 64 };
static inline void arch_flush_all(void) { // of the current identifier, bits 63 to 48 of the register and of the operand
  uint64_t root;
  __asm__ volatile("mrs %0, ttbr0_el1\n\tdsb ishst\n\ttlbi aside1, %0\n\tdsb nsh\n\tisb" : "=r"(root)::"memory");
}
static inline void arch_flush_page(uint64_t va) {
  __asm__ volatile("dsb ishst\n\ttlbi vaae1, %0\n\tdsb nsh\n\tisb" ::"r"(va >> 12 & (1ull << 44) - 1) : "memory");
}
// What was written reached the point of unification by the writer's own dc cvau; this CPU fetches anew (B2.7.4).
static inline void arch_code_fence(void) { __asm__ volatile("dsb ish\n\tic iallu\n\tdsb nsh\n\tisb" ::: "memory"); }
// Kernel only: this CPU's record.
static inline struct cpu *arch_self(void) {
  struct cpu *self;
  __asm__("mrs %0, tpidr_el1" : "=r"(self));
  return self;
}
