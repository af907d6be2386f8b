// trap.c: what a trap was, and the one door of the core it goes to.
#include "machine.h"

static_assert(CPU_SELF == RECORD_SELF && CPU_UAREA == RECORD_UAREA && CPU_STACK == RECORD_STACK);
static_assert(CPU_SCRATCH == RECORD_SCRATCH && CPU_USER_LIMIT == RECORD_USER_LIMIT && ARCH_USER_LIMIT == USER_LIMIT);
static_assert(EXO_PERCPU_BASE == AREA_BASE && EXO_PERCPU_STRIDE == 1 << AREA_SHIFT);
static_assert(EXO_PERCPU_RECORD == AREA_RECORD && EXO_PERCPU_STACK_TOP == AREA_STACK);
static_assert(EXO_PERCPU_EMERGENCY_TOP(0) == AREA_EMERGENCY);
static_assert(EXO_PERCPU_EMERGENCY_TOP(1) == AREA_EMERGENCY + (1 << AREA_EMERGENCY_SHIFT));

// ESR_EL1 of aborts (D19.2.37): why, and how the memory was touched.
enum : uint64_t { ABORT_WRITE = 1 << 6, ABORT_MAINTENANCE = 1 << 8 };
enum { STATUS_TRANSLATION = 1, STATUS_ACCESS = 2, STATUS_PERMISSION = 3, STATUS_ALIGNMENT = 0x21 };

static void abort_user(struct arch_frame *f, uint64_t esr, uint64_t far) {
  bool fetch = esr >> 26 == EC_FETCH;
  bool write = !fetch && esr & ABORT_WRITE && !(esr & ABORT_MAINTENANCE);
  uint64_t status = esr & 63, class = status >> 2;
  if (status == STATUS_ALIGNMENT)
    core_fault(f, EXO_CAUSE_ALIGN, far);
  else if (class != STATUS_TRANSLATION && class != STATUS_ACCESS && class != STATUS_PERMISSION)
    core_fault(f, EXO_CAUSE_PROTECTION, esr); // an external abort, a parity error
  else if (class == STATUS_TRANSLATION || (class == STATUS_PERMISSION && !write) || !mmu_touch(far, write))
    core_fault(f, fetch ? EXO_CAUSE_EXEC : write ? EXO_CAUSE_WRITE : EXO_CAUSE_READ, far);
}

static void trap(struct arch_frame *f, uint64_t class, uint64_t esr, uint64_t far) {
  switch (class) {
  case EC_FETCH:
  case EC_DATA: abort_user(f, esr, far); break;
  case EC_FP: core_fp(f); break;
  case EC_SVC: core_fault(f, EXO_CAUSE_FOREIGN, 0); break;
  case EC_PC_ALIGN: core_fault(f, EXO_CAUSE_ALIGN, far); break;
  case EC_SP_ALIGN: core_fault(f, EXO_CAUSE_ALIGN, f->sp); break;
  case EC_FP_EXCEPTION: core_fault(f, EXO_CAUSE_ARITHMETIC, esr); break;
  case EC_BREAKPOINT: core_fault(f, EXO_CAUSE_POINT, f->pc); break;
  case EC_WATCHPOINT: core_fault(f, EXO_CAUSE_POINT, far); break;
  case EC_STEP: core_fault(f, EXO_CAUSE_STEP, 0); break;
  case EC_BRK: core_fault(f, EXO_CAUSE_BREAKPOINT, 0); break;
  case EC_UNKNOWN:
  case EC_WFI:
  case EC_SYSTEM:
  case EC_SVE:
  case EC_SME: core_fault(f, EXO_CAUSE_ILLEGAL, 0); break;
  default: core_fault(f, EXO_CAUSE_PROTECTION, esr); // illegal state, pointer authentication, branch targets
  }
}

void trap_user(struct arch_frame *f) {
  uint64_t esr = sysreg_read("esr_el1"), far = sysreg_read("far_el1");
  (void)step_end(f);
  trap(f, esr >> 26 & 63, esr, far);
  (void)arch_debug_step(f); // one is still to be made
}

// Which of the CPU's areas an address falls into, as an offset from the area's start.
static uint64_t area_offset(uint64_t address) {
  uint64_t offset = address - EXO_PERCPU_BASE;
  return offset < EXO_MAX_CPUS * EXO_PERCPU_STRIDE ? offset % EXO_PERCPU_STRIDE : 0;
}

static bool on_stack(uint64_t offset) {
  uint64_t page = offset / EXO_PAGE;
  return page == 1 || page == 2 || (page >= 4 && page <= 10 && page % 2 == 0);
}

static const char *bug_name(uint64_t bug, uint64_t class) {
  static const char *const name[] = {"trap", "interrupt", "fast interrupt", "system error", "trap from AArch32"};
  if (bug != BUG_SYNC) return name[bug];
  switch (class) {
  case EC_UNKNOWN: return "illegal instruction";
  case EC_FETCH + 1: // from EL1
  case EC_DATA + 1: return "page fault";
  case EC_PC_ALIGN:
  case EC_SP_ALIGN: return "alignment";
  case EC_BRK: return "breakpoint";
  default: return name[BUG_SYNC];
  }
}

void trap_kernel(struct arch_frame *f, uint64_t bug, uint64_t sp) {
  enum { PSTATE_EL = 0xC };
  uint64_t esr = sysreg_read("esr_el1"), far = sysreg_read("far_el1"), class = esr >> 26 & 63;
  if (f->pc == (uint64_t)semihosting_call && class == EC_UNKNOWN) power_off_firmware();
  if (f->pstate & PSTATE_EL) f->sp = sp; // else a program's: a system error, of which SP_EL0 is the sp
  const char *what = bug_name(bug, class);
  bool data = bug == BUG_SYNC && class == EC_DATA + 1;
  uint64_t at = area_offset(far);
  if (data && at && !on_stack(at) && at < EXO_PERCPU_RECORD) what = "stack overflow into a guard page";
  core_trap(f, what, esr, far);
}

const uint64_t *arch_backtrace_slot(uint64_t fp) { // AAPCS64 6.4.6: {caller's x29, x30} at x29
  uint64_t at = area_offset(fp);
  return fp % 16 == 0 && on_stack(at) ? (const uint64_t *)fp : nullptr;
}

bool arch_frame_sane(struct arch_frame *f) {
  f->pstate &= PSTATE_USER | 1ull << PSTATE_STEP_BIT;
  return f->pc < ARCH_USER_LIMIT;
}

void arch_frame_door(struct arch_frame *f, uint64_t pc, uint64_t sp, uint64_t a0, uint64_t a1) {
  *f = (struct arch_frame){.x = {a0, a1}, .sp = sp, .pc = pc};
}
