// machine.h: what the files of this machine share: the CPU's tables, and where in the CPU's record they lie.
#pragma once
#include "arch.h"

// Segment selectors. SYSRET wants user data at base + 8 and user code at base + 16 of STAR's upper selector
// (SDM 5.8.8).
#define KERNEL_CS 0x08
#define KERNEL_SS 0x10
#define TSS_SELECTOR 0x28

// Vectors of our own.
#define VECTOR_TIMER 0x40
#define VECTOR_CROSS 0x41
#define VECTOR_SPURIOUS 0xFF

// Emergency stacks: one for each trap that must not trust the current one (IST number = index + 1).
#define STACK_DOUBLE_FAULT 0
#define STACK_NMI 1
#define STACK_MACHINE_CHECK 2
#define STACK_DEBUG 3

#ifndef __ASSEMBLER__
struct [[gnu::packed]] tss {
  uint32_t reserved0;
  uint64_t rsp[3];
  uint64_t reserved1;
  uint64_t ist[7];
  uint64_t reserved2;
  uint16_t reserved3, io_map;
};
static_assert(sizeof(struct tss) == 104);

struct machine { // lies in arch_cpu.machine
  uint64_t gdt[7];
  struct tss tss;
  uint32_t apic_id;
  uint32_t reserved;
  uint8_t idle_vector;    // what ended the last hlt; entry.S knows the places
  uint8_t page_cause[32]; // EXO_CAUSE_* by the low bits of a page fault's error code
};
static_assert(offsetof(struct machine, page_cause) == 169);
static_assert(offsetof(struct machine, idle_vector) == 168);
static_assert(sizeof(struct machine) <= CPU_MACHINE_SIZE);
static inline struct machine *machine_of(unsigned index) {
  return (struct machine *)(EXO_PERCPU_BASE + index * EXO_PERCPU_STRIDE + EXO_PERCPU_RECORD + CPU_MACHINE);
}
static inline struct arch_cpu *self(void) { return (struct arch_cpu *)arch_self(); }

// irq.c
void irq_init(const struct exo_boot *boot, unsigned index);
void irq_done(void);
// trap.c
void trap_init(unsigned index);
// mmu.c
void mmu_init(const struct exo_boot *boot);

static inline uint64_t msr_read(uint32_t n) {
  uint32_t low, high;
  __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(n));
  return (uint64_t)high << 32 | low;
}
static inline void msr_write(uint32_t n, uint64_t v) {
  __asm__ volatile("wrmsr" ::"c"(n), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}
struct cpuid {
  uint32_t a, b, c, d;
};
static inline struct cpuid cpuid(uint32_t leaf, uint32_t sub) {
  struct cpuid r;
  __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(sub));
  return r;
}
#endif
