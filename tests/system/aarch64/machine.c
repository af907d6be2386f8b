// machine.c: AArch64's part of machine.h in C.
#include "machine.h"

uint64_t registers_kept(bool foreign) {
  (void)foreign; // svc changes nothing
  return ((1ull << 31) - 1) | 1ull << FRAME_PSTATE / 8;
}

void registers_prepare(struct arch_frame *in, bool foreign) {
  in->pstate = PSTATE_USER;
  if (foreign) in->x[8] = 172;
}

// EL1 with its own stack, all masked, EL2, AArch32, illegal state, PAN. (A single step is a program's right.)
bool flags_hostile(struct arch_frame *f, unsigned which) {
  static const uint64_t pstate[] = {5, 4, 0x3C5, 0x3C0, 9, 1 << 4, 1 << 20, 1 << 22, ~(1ull << 21), 0xD};
  if (which >= sizeof pstate / sizeof *pstate) return false;
  f->pstate = pstate[which];
  return true;
}

bool flags_harmless(uint64_t flags) { return flags == 0; }
