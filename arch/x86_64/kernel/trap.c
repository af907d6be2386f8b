// trap.c: cause register -> one of the core's doors.
#include "machine.h"

void trap_user(struct arch_frame *f, uint64_t vector, uint64_t error);
[[noreturn]] void trap_kernel(const struct arch_frame *f, uint64_t vector, uint64_t error);

enum { DEVICE_NOT_AVAILABLE = 7 };

static void interrupt(struct arch_frame *f, uint64_t vector) {
  if (vector == VECTOR_SPURIOUS) return; // not acknowledged (SDM 11.9)
  irq_done();
  if (vector == VECTOR_TIMER)
    core_tick(f);
  else if (vector == VECTOR_CROSS)
    core_cross(f);
  else
    core_interrupt(f, (unsigned)vector);
}

// Page faults: bit 1 of the error code is a write, bit 4 a fetch (SDM 4.7).
void trap_init(unsigned index) {
  for (unsigned error = 0; error < 32; error++)
    machine_of(index)->page_cause[error] = error & 16 ? EXO_CAUSE_EXEC : error & 2 ? EXO_CAUSE_WRITE : EXO_CAUSE_READ;
}

void trap_user(struct arch_frame *f, uint64_t vector, uint64_t error) {
  if (vector >= 32)
    interrupt(f, vector);
  else if (vector == DEVICE_NOT_AVAILABLE)
    core_fp(f);
  else
    core_fault(f, EXO_CAUSE_PROTECTION, vector << 32 | error);
}

void trap_kernel(const struct arch_frame *f, uint64_t vector, uint64_t error) {
  static const char *const name[] = {
      [0] = "divide error",        [1] = "debug trap",          [2] = "non-maskable interrupt",
      [3] = "breakpoint",          [6] = "illegal instruction", [8] = "double fault",
      [13] = "general protection", [14] = "page fault",         [18] = "machine check",
  };
  uint64_t address;
  __asm__ volatile("mov %%cr2, %0" : "=r"(address));
  bool known = vector < sizeof name / sizeof *name && name[vector];
  core_trap(f, known ? name[vector] : "trap", vector << 32 | error, address);
}

// An interrupt ends hlt by noting its vector (entry.S); it is served here, on the idle loop's stack. (sti takes effect
// after the next instruction: nothing slips between it and hlt.)
void arch_idle(void) {
  struct machine *m = (struct machine *)self()->machine;
  m->idle_vector = 0;
  __asm__ volatile("sti; hlt; cli" ::: "memory");
  uint8_t vector = *(volatile uint8_t *)&m->idle_vector;
  if (vector) interrupt(nullptr, vector);
}
