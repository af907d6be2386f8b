// cpu.h: the few instructions that kernel and library both name: trap, pause, counter; and the kernel's own record.
#pragma once
#ifndef __ASSEMBLER__
#include <stdint.h>

// One system call. It keeps ra, sp, gp, tp and s0-s11; what else a function may change is lost.
static inline int64_t arch_call(uint64_t number, const uint64_t a[6]) {
  register uint64_t a0 __asm__("a0") = a[0];
  register uint64_t a1 __asm__("a1") = a[1];
  register uint64_t a2 __asm__("a2") = a[2];
  register uint64_t a3 __asm__("a3") = a[3];
  register uint64_t a4 __asm__("a4") = a[4];
  register uint64_t a5 __asm__("a5") = a[5];
  register uint64_t a7 __asm__("a7") = 0xE0000000ull + number;
  __asm__ volatile("ecall"
                   : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a7)
                   :
                   : "a6", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "memory");
  return (int64_t)a0;
}
// The hint `pause` of Zihintpause: a plain fence (pred = W, succ = none) where the extension is absent.
static inline void arch_pause(void) { __asm__ volatile(".insn i 0x0F, 0, x0, x0, 0x010" ::: "memory"); }
// The counter behind clock_hz of the machine window.
static inline uint64_t arch_counter(void) {
  uint64_t now;
  __asm__ volatile("rdtime %0" : "=r"(now)::"memory");
  return now;
}
// Kernel only: fills a frame with zeros (arch.h).
static inline void arch_frame_clear(void *frame) {
  uint64_t *w = frame, *end = w + 512;
  for (; w != end; w += 64) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 64; i++) __asm__ volatile("sd zero, %0" : "=m"(w[i]));
  }
}
// Kernel only: translations (arch.h). A CPU may have kept "no entry here", and its walks are not ordered with its
// stores but by this. A register that holds an identifier, be it 0, unlike the register x0, spares global translations.
enum { ARCH_ASIDS = 64 };
static inline uint64_t riscv_asid(void) {
  uint64_t satp;
  __asm__ volatile("csrr %0, satp" : "=r"(satp));
  return satp << 4 >> 48;
}
static inline void arch_table_fence(void) { __asm__ volatile("sfence.vma zero, %0" ::"r"(riscv_asid()) : "memory"); }
static inline void arch_flush_page(uint64_t va) { __asm__ volatile("sfence.vma %0, zero" ::"r"(va) : "memory"); }
static inline void arch_code_fence(void) { __asm__ volatile("fence.i" ::: "memory"); }
// fence.i reaches only the CPU it runs on: so every CPU forgets, with translations, the instructions fetched by them.
static inline void arch_flush_all(void) {
  arch_table_fence();
  arch_code_fence();
}
// Kernel only: no register but the frame's asks for a step (arch.h).
struct arch_frame;
static inline bool arch_debug_step(const struct arch_frame *) { return false; }
// Kernel only: this CPU's record, whose first word is its own address.
static inline struct cpu *arch_self(void) {
  struct cpu *self;
  __asm__("mv %0, tp" : "=r"(self));
  return self;
}
#endif
