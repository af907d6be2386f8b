// cpu.h: the few instructions that kernel and library both name: trap, pause, counter; and the kernel's own record.
#pragma once
#include <stdint.h>

// One system call. rcx and r11 are the processor's, the argument registers come back as they were.
static inline int64_t arch_call(uint64_t number, const uint64_t a[6]) {
  int64_t result;
  register uint64_t r10 __asm__("r10") = a[3];
  register uint64_t r8 __asm__("r8") = a[4];
  register uint64_t r9 __asm__("r9") = a[5];
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(0xE0000000ull + number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
static inline void arch_pause(void) { __asm__ volatile("pause" ::: "memory"); }
// The counter behind clock_hz of the machine window.
static inline uint64_t arch_counter(void) {
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
  return (uint64_t)high << 32 | low;
}
// Kernel only: fills a frame with zeros (arch.h).
static inline void arch_frame_clear(void *frame) {
  uint64_t words = 512;
  __asm__ volatile("rep stosq" : "+D"(frame), "+c"(words) : "a"(0) : "memory");
}
enum { ARCH_ASIDS = 1 };
// Kernel only: translations (arch.h). Entries that were not present are never remembered (SDM 4.10.2.3), instruction
// fetch is coherent and iretq serialises.
static inline void arch_table_fence(void) { __asm__ volatile("" ::: "memory"); }
static inline void arch_code_fence(void) {}
static inline void arch_flush_all(void) { // all but the kernel's global translations (SDM 4.10.4.1)
  uint64_t root;
  __asm__ volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(root)::"memory");
}
static inline void arch_flush_page(uint64_t va) { __asm__ volatile("invlpg (%0)" ::"r"(va) : "memory"); }
// Kernel only: no register but the frame's asks for a step (arch.h).
struct arch_frame;
static inline bool arch_debug_step(const struct arch_frame *) { return false; }
// Kernel only: this CPU's record, whose first word is its own address.
static inline struct cpu *arch_self(void) {
  struct cpu *self;
  __asm__("mov %%gs:0, %0" : "=r"(self));
  return self;
}
