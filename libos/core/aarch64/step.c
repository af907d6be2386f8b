// step.c: AArch64 steps by PSTATE.SS, which is spent when the instruction is made.
#include "step.h"

void os_step_begin(struct exo_record *r) { (void)arch_frame_step(&r->regs, true); }

enum os_step os_step_look(struct exo_record *r) {
  bool left = r->regs.pstate >> PSTATE_STEP_BIT & 1;
  (void)arch_frame_step(&r->regs, false);
  return r->cause == EXO_CAUSE_STEP ? OS_STEP_MADE : left ? OS_STEP_BROKEN : OS_STEP_NONE;
}

uint64_t os_step_width(const struct exo_record *r) {
  (void)r;
  return 8;
}
