// machine.h: what this machine's files share: its bytes of a CPU's record, its system call, its system registers.
#pragma once
#include <arch/frame.h>
#include <exo/uarea.h>

#define CALL_IMMEDIATE 0xE0 // `svc #0xE0`; every other immediate is foreign

// What entry.S needs of exo/arch.h and exo/boot.h, without their C; trap.c compares.
#define RECORD_SELF 0
#define RECORD_UAREA 8
#define RECORD_STACK 16
#define RECORD_SCRATCH 24
#define RECORD_USER_LIMIT 56
#define RECORD_ABORTS                                                                                                  \
  64 // machine's: bit c: aborts of fault status class c (ESR bits 5:2) may go straight to the program
#define RECORD_NESTED 72 // machine's: traps from kernel mode so far; each gets its own emergency stack, the fifth none
#define AREA_BASE 0xFFFFB00000000000
#define AREA_SHIFT 17
#define AREA_RECORD 0xC000
#define AREA_STACK 0x3000
#define AREA_EMERGENCY 0x5000 // the top of the first, with the next ones 1 << AREA_EMERGENCY_SHIFT apart
#define AREA_EMERGENCY_SHIFT 13
#define AREA_EMERGENCIES 4
#define USER_LIMIT 0x00007FFFFFFFF000

#ifdef EXO_TRACE
#define TRACED(...) __VA_ARGS__
#define UNTRACED(...)
#else
#define TRACED(...)
#define UNTRACED(...) __VA_ARGS__
#endif

// Exception classes, ESR_EL1 bits 31:26 (Arm ARM D19.2.37).
#define EC_UNKNOWN 0x00
#define EC_WFI 0x01
#define EC_FP 0x07
#define EC_SVC 0x15
#define EC_SYSTEM 0x18 // a system register or instruction
#define EC_SVE 0x19
#define EC_SME 0x1D
#define EC_FETCH 0x20
#define EC_PC_ALIGN 0x22
#define EC_DATA 0x24
#define EC_SP_ALIGN 0x26
#define EC_FP_EXCEPTION 0x2C
#define EC_BREAKPOINT 0x30
#define EC_STEP 0x32
#define EC_WATCHPOINT 0x34
#define EC_BRK 0x3C
#define ESR_IL (1 << 25) // a 32-bit instruction

// Which vector a trap that is a kernel's bug came through.
#define BUG_SYNC 0
#define BUG_IRQ 1
#define BUG_FIQ 2
#define BUG_SERROR 3
#define BUG_AARCH32 4

#ifndef __ASSEMBLER__
#include "arch.h"

struct machine {
  uint64_t aborts, nested;
  uint64_t redistributor; // physical address of this CPU's GICR frames
};
static_assert(CPU_MACHINE + offsetof(struct machine, aborts) == RECORD_ABORTS);
static_assert(CPU_MACHINE + offsetof(struct machine, nested) == RECORD_NESTED);
static_assert(sizeof(struct machine) <= CPU_MACHINE_SIZE);
static inline struct machine *machine_self(void) { return (struct machine *)((struct arch_cpu *)arch_self())->machine; }

#define sysreg_read(name)                                                                                              \
  ({                                                                                                                   \
    uint64_t sysreg_value;                                                                                             \
    __asm__ volatile("mrs %0, " name : "=r"(sysreg_value)::"memory");                                                  \
    sysreg_value;                                                                                                      \
  })
#define sysreg_write(name, value) __asm__ volatile("msr " name ", %0" ::"r"((uint64_t)(value)) : "memory")
static inline uint64_t field4(uint64_t id, unsigned at) { return id >> at & 15; } // of an ID register
static inline void isb(void) { __asm__ volatile("isb" ::: "memory"); }
static inline void dsb_stores(void) { __asm__ volatile("dsb ishst" ::: "memory"); }

// entry.S
extern const char vectors[];
extern unsigned arch_starting;    // the CPU that is being started
extern uint64_t arch_entry_count; // the counter when the kernel was entered
// cpu.c
bool step_end(
    const struct arch_frame *f);      // at each trap but a call's. True: there was one, and its instruction is done
extern const char semihosting_call[]; // the instruction that is undefined where no debugger listens
[[noreturn]] void power_off_firmware(void);
// mmu.c
void mmu_init(void);
bool mmu_touch(uint64_t va, bool write); // accessed and dirty bits by hand; false: the program's own fault
// irq.c
void irq_init(const struct exo_boot *boot, unsigned index);
void irq_take(struct arch_frame *f); // entry.S calls it too
// trap.c, called by entry.S
void trap_user(struct arch_frame *f);
[[noreturn]] void trap_kernel(struct arch_frame *f, uint64_t bug, uint64_t sp);
#endif
