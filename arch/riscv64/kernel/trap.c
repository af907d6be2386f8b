// trap.c: what happened? Decodes the cause of a trap and calls the one door of the core that it belongs to.
#include "machine.h"

#define INTERRUPT (1ull << 63)

// Is this an instruction of the floating-point unit (Unprivileged Architecture, "RV32/64G Instruction Set Listings")?
static bool is_fp(uint64_t instruction) {
  unsigned opcode = instruction & 0x7F, function = instruction >> 12 & 7, csr = instruction >> 20 & 0xFFF;
  if ((instruction & 3) != 3) { // compressed: fld, fsd, fldsp, fsdsp have 001 and 101 above; quadrant 1 has none
    unsigned form = instruction >> 13 & 7;
    return !(instruction & 1) && (form == 1 || form == 5);
  }
  switch (opcode) {
  case 0x07: // fld and narrower; a vector load has another width
  case 0x27: return function >= 1 && function <= 4;
  case 0x43: // fused multiply and add
  case 0x47:
  case 0x4B:
  case 0x4F:
  case 0x53: return true;
  case 0x73: return function != 0 && function != 4 && csr >= 1 && csr <= 3; // fflags, frm, fcsr
  default: return false;
  }
}

// With the unit off its instructions are illegal. A CPU that does not say which instruction it was (stval = 0) gets the
// unit turned on: if that was not the reason the trap comes again.
static void illegal(struct arch_frame *f, uint64_t instruction) {
  if (!(csr_read(sstatus) & SSTATUS_FS) && (!instruction || is_fp(instruction)))
    core_fp(f);
  else
    core_fault(f, EXO_CAUSE_ILLEGAL, instruction);
}

void trap_user(struct arch_frame *f, uint64_t cause, uint64_t value) {
  if (cause & INTERRUPT) {
    irq_take(f, 1ull << (cause & 63));
    return;
  }
  switch (cause) {
  case SCAUSE_ILLEGAL: illegal(f, value); break;
  case SCAUSE_BREAKPOINT: core_fault(f, EXO_CAUSE_BREAKPOINT, value); break;
  case SCAUSE_LOAD_ALIGN:
  case SCAUSE_STORE_ALIGN: core_fault(f, EXO_CAUSE_ALIGN, value); break;
  case SCAUSE_CALL: core_fault(f, EXO_CAUSE_FOREIGN, value); break; // entry.S took Veridian's own
  case SCAUSE_FETCH_PAGE: core_fault(f, EXO_CAUSE_EXEC, value); break;
  case SCAUSE_LOAD_PAGE: core_fault(f, EXO_CAUSE_READ, value); break;
  case SCAUSE_STORE_PAGE: core_fault(f, EXO_CAUSE_WRITE, value); break;
  default: core_fault(f, EXO_CAUSE_PROTECTION, cause); break;
  }
}

void trap_kernel(const struct arch_frame *f, uint64_t cause, uint64_t value) {
  static const char *const what[16] = {
      [0] = "misaligned fetch",  [1] = "fetch access", [2] = "illegal instruction", [3] = "breakpoint",
      [4] = "misaligned load",   [5] = "load access",  [6] = "misaligned store",    [7] = "store access",
      [8] = "environment call",  [9] = "kernel call",  [12] = "fetch page fault",   [13] = "load page fault",
      [15] = "store page fault",
  };
  const char *name = cause < 16 && what[cause] ? what[cause] : "unexpected trap";
  core_trap(f, name, cause, value);
}
