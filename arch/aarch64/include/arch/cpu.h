// cpu.h: the few instructions that kernel and library both name: trap, pause, counter; and what the kernel's own files
// of this machine share.
#pragma once
#define CALL_SVC 0xE0 // `svc #0xE0`; every other immediate is foreign

// Machine bytes of the CPU's record, for entry.S.
#define CPU_ABORTS 64 // bit c: aborts of fault status class c (ESR bits 5:2) may go straight to the program
#define CPU_TRAPS 72  // kernel-mode traps so far: each gets an emergency stack of its own, the fifth none

// Distances inside a CPU's area (exo/boot.h), in the assembler's notation; trap.c compares.
#define AREA_BASE 0xFFFFB00000000000
#define AREA_SHIFT 17
#define AREA_RECORD 0xC000
#define AREA_STACK 0x3000
#define AREA_EMERGENCY 0x5000 // the first, with the next ones 1 << 13 apart
#define AREA_EMERGENCIES 4

#ifndef __ASSEMBLER__
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
// Kernel only: this CPU's record.
static inline struct cpu *arch_self(void) {
  struct cpu *self;
  __asm__("mrs %0, tpidr_el1" : "=r"(self));
  return self;
}

// Kernel only: what one of this machine's files gives the others.
struct arch_frame;
struct exo_boot;
#define sysreg_read(name)                                                                                              \
  ({                                                                                                                   \
    uint64_t sysreg_value;                                                                                             \
    __asm__ volatile("mrs %0, " name : "=r"(sysreg_value)::"memory");                                                  \
    sysreg_value;                                                                                                      \
  })
#define sysreg_write(name, value) __asm__ volatile("msr " name ", %0" ::"r"((uint64_t)(value)) : "memory")

extern unsigned arch_starting;    // entry.S: the CPU that is being started
extern uint64_t arch_entry_count; // entry.S: the counter when the kernel was entered
extern const char semihosting_call[]; // cpu.c: its hlt is undefined where no debugger listens
void mmu_init(void);
bool mmu_touch(uint64_t va, bool write); // accessed and dirty bits by hand; false: a fault of the program's
void irq_init(const struct exo_boot *boot, unsigned index);
void irq_take(struct arch_frame *f);
void timer_init(const struct exo_boot *boot);
void timer_stop(void);
uint64_t timer_interrupt(void);
[[noreturn]] void power_off_firmware(void);
#endif
