// trap.c: cause register -> one of the core's doors.
#include "machine.h"

void trap_user(struct arch_frame *f, uint64_t vector, uint64_t error);
[[noreturn]] void trap_kernel(const struct arch_frame *f, uint64_t vector, uint64_t error);

enum { DEBUG = 1, DEVICE_NOT_AVAILABLE = 7 };

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

// A point of the program's, a single step, or the instruction int1 (SDM vol. 3B, 18.2.3). Of points that are off DR6
// may tell, too; and it is never cleared by the processor.
static void debug(struct arch_frame *f) {
  enum : uint64_t { STEP = 1 << 14, CLEAR = 0xFFFF0FF0 };
  uint64_t at[4], dr6, dr7;
  __asm__ volatile("mov %%db0, %0; mov %%db1, %1; mov %%db2, %2; mov %%db3, %3; mov %%db6, %4; mov %%db7, %5"
                   : "=r"(at[0]), "=r"(at[1]), "=r"(at[2]), "=r"(at[3]), "=r"(dr6), "=r"(dr7));
  __asm__ volatile("mov %0, %%db6" ::"r"(CLEAR));
  int i = 0;
  while (i < 4 && !(dr6 >> i & dr7 >> 2 * i & 1)) i++;
  core_fault(f, i < 4 ? EXO_CAUSE_POINT : dr6 & STEP ? EXO_CAUSE_STEP : EXO_CAUSE_BREAKPOINT, i < 4 ? at[i] : 0);
}

void trap_user(struct arch_frame *f, uint64_t vector, uint64_t error) {
  if (vector >= 32)
    interrupt(f, vector);
  else if (vector == DEBUG)
    debug(f);
  else if (vector == DEVICE_NOT_AVAILABLE)
    core_fp(f);
  else
    core_fault(f, EXO_CAUSE_PROTECTION, vector << 32 | error);
}

void trap_kernel(const struct arch_frame *f, uint64_t vector, uint64_t error) {
  static const char *const name[] = {
      [0] = "divide error", [2] = "non-maskable interrupt", [3] = "breakpoint",  [6] = "illegal instruction",
      [8] = "double fault", [13] = "general protection",    [14] = "page fault", [18] = "machine check",
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
