// machine.c: x86_64's part of machine.h in C.
#include "machine.h"

enum : uint64_t { FIXED = 2, TRAP = 1 << 8, INTERRUPT = 1 << 9, IOPL = 3 << 12, NESTED = 1 << 14, VIRTUAL = 1 << 17 };

uint64_t registers_kept(bool foreign) {
  uint64_t kept = (1ull << (FRAME_RDI / 8 + 1)) - 1;                       // the 15 general ones
  return foreign ? kept & ~(1ull << FRAME_RCX / 8 | 1ull << FRAME_R11 / 8) // the instruction's own
                 : kept | 1ull << FRAME_RFLAGS / 8;
}

void registers_prepare(struct arch_frame *in, bool foreign) {
  in->rflags = 0x8D5 | FIXED | INTERRUPT; // all arithmetic flags
  if (foreign) in->rax = 39;              // another system's number
}

bool flags_hostile(struct arch_frame *f, unsigned which) {
  static const uint64_t flags[] = {IOPL | FIXED, FIXED, NESTED | INTERRUPT, VIRTUAL | INTERRUPT, ~(uint64_t)TRAP, 0};
  static const uint16_t selector[][2] = {{0x08, 0x10}, {0x23, 0x10}, {0x08, 0x1b}, {0, 0}, {0x28, 0x28}};
  enum { FLAGS = sizeof flags / sizeof *flags, SELECTORS = sizeof selector / sizeof *selector };
  if (which < FLAGS)
    f->rflags = flags[which];
  else if (which < FLAGS + SELECTORS) {
    f->cs = selector[which - FLAGS][0];
    f->ss = selector[which - FLAGS][1];
  } else
    return false;
  return true;
}

bool flags_harmless(uint64_t flags) { return flags & INTERRUPT && !(flags & (IOPL | NESTED | VIRTUAL)); }
