// machine.h: what this machine's files share: its bytes of a CPU's record, status bits, calls to the SBI firmware.
#pragma once
#include "arch.h"

#define CALL_RESUME 2 // EXO_CALL_resume, for entry.S
// In the CPU's record, behind what all machines have.
#define MACHINE_CAUSE CPU_MACHINE             // byte [scause ^ 8]: EXO_CAUSE_* if entry.S may deliver it, else 0
#define MACHINE_CALL_BASE (CPU_MACHINE + 64)  // EXO_CALL_BASE
#define MACHINE_ENTERED (CPU_MACHINE + 72)    // the counter when this CPU entered the kernel
#define MACHINE_CALL_STACK (CPU_MACHINE + 80) // 64 bytes below the top: the six words of a call, and ra
#define MACHINE_CAUSE_OF(scause) (MACHINE_CAUSE + ((scause) ^ 8))

// scause (Privileged Architecture, "Supervisor Cause Register").
#define SCAUSE_ILLEGAL 2
#define SCAUSE_BREAKPOINT 3
#define SCAUSE_LOAD_ALIGN 4
#define SCAUSE_STORE_ALIGN 6
#define SCAUSE_CALL 8
#define SCAUSE_FETCH_PAGE 12
#define SCAUSE_LOAD_PAGE 13
#define SCAUSE_STORE_PAGE 15

// sstatus (Privileged Architecture, "Supervisor Status Register").
#define SSTATUS_SIE 0x2
#define SSTATUS_SPP 0x100
#define SSTATUS_VS 0x600
#define SSTATUS_FS 0x6000
#define SSTATUS_SUM 0x40000
#define SSTATUS_MXR 0x80000

#ifndef __ASSEMBLER__
// satp (Privileged Architecture, "Supervisor Address Translation"): mode 8 is Sv39, 9 is Sv48.
enum : uint64_t {
  SATP_MODE = (uint64_t)(EXO_ADDRESS_BITS == 39 ? 8 : 9) << 60,
  SATP_ASID_SHIFT = 44,
  SATP_ASID = 0xFFFFull << SATP_ASID_SHIFT
};

// Bits of sie and sip.
enum : uint64_t { IRQ_SOFTWARE = 1 << 1, IRQ_TIMER = 1 << 5 };

struct machine {
  uint8_t cause[64];
  uint64_t call_base, entered, call_stack;
  bool has_asids;
};
static_assert(CPU_MACHINE + offsetof(struct machine, call_base) == MACHINE_CALL_BASE);
static_assert(CPU_MACHINE + offsetof(struct machine, entered) == MACHINE_ENTERED);
static_assert(CPU_MACHINE + offsetof(struct machine, call_stack) == MACHINE_CALL_STACK);
static_assert(sizeof(struct machine) <= CPU_MACHINE_SIZE);

static inline struct machine *machine_of(struct cpu *cpu) {
  return (struct machine *)((struct arch_cpu *)cpu)->machine;
}
static inline void machine_cause(struct machine *m, unsigned scause, uint8_t cause) { m->cause[scause ^ 8] = cause; }

extern const struct exo_boot *machine_boot; // cpu.c

// entry.S
extern const char trap[];
// trap.c, called by entry.S
void trap_user(struct arch_frame *f, uint64_t cause, uint64_t value);
[[noreturn]] void trap_kernel(const struct arch_frame *f, uint64_t cause, uint64_t value);
// mmu.c
void mmu_init(void);
// irq.c
void irq_init(const struct exo_boot *boot);
void irq_take(struct arch_frame *f, uint64_t pending); // pending: IRQ_*

#define csr_read(name)                                                                                                 \
  ({                                                                                                                   \
    uint64_t csr_value;                                                                                                \
    __asm__ volatile("csrr %0, " #name : "=r"(csr_value)::"memory");                                                   \
    csr_value;                                                                                                         \
  })
#define csr_write(name, value) __asm__ volatile("csrw " #name ", %0" ::"rK"((uint64_t)(value)) : "memory")
#define csr_set(name, bits) __asm__ volatile("csrs " #name ", %0" ::"rK"((uint64_t)(bits)) : "memory")
#define csr_clear(name, bits) __asm__ volatile("csrc " #name ", %0" ::"rK"((uint64_t)(bits)) : "memory")

// The firmware's calls (SBI specification): extension and function number.
enum : uint64_t {
  SBI_BASE = 0x10,
  SBI_BASE_PROBE = 3,
  SBI_TIME = 0x54494D45,  // "TIME"
  SBI_IPI = 0x735049,     // "sPI"
  SBI_HSM = 0x48534D,     // "HSM"
  SBI_RESET = 0x53525354, // "SRST"
};
struct sbi_result {
  int64_t error;
  uint64_t value;
};
static inline struct sbi_result sbi(uint64_t extension, uint64_t function, uint64_t x, uint64_t y, uint64_t z) {
  register uint64_t a0 __asm__("a0") = x;
  register uint64_t a1 __asm__("a1") = y;
  register uint64_t a2 __asm__("a2") = z;
  register uint64_t a6 __asm__("a6") = function;
  register uint64_t a7 __asm__("a7") = extension;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
  return (struct sbi_result){(int64_t)a0, a1};
}
#endif
