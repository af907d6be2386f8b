// machine.c: RISC-V's part of machine.h in C.
#include "machine.h"

uint64_t registers_kept(bool foreign) {
  (void)foreign;                           // ecall changes nothing
  return 0xFFFFFFFFull & ~(1ull | 1 << 2); // not pc and sp
}

void registers_prepare(struct arch_frame *in, bool foreign) {
  if (foreign) in->a7 = 172;
}

bool flags_hostile(struct arch_frame *f, unsigned which) {
  (void)f; // no privileged state lies in a record
  (void)which;
  return false;
}

bool flags_harmless(uint64_t flags) { return flags == 0; }
