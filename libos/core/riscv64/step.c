// step.c: RISC-V has no step in user mode. The instruction is copied to a page of the library's, with an ebreak behind
// it, and made there with all the program's registers; one that depends on its own place (jumps, auipc) is made here,
// and only the ebreak there. So the program's text is never written, which it shares with all who run it. (Unprivileged
// Architecture, "RV32/64G Instruction Set Listings", "RVC Instruction Set Listings".)
#include "step.h"
#include <os/mem.h>

enum : uint32_t { EBREAK = 0x00100073, JAL = 0x6F, JALR = 0x67, BRANCH = 0x63, AUIPC = 0x17 };
static struct {
  exo_frame frame;
  uint8_t *page;   // where it is executed; nullptr: not made yet
  uint64_t index;  // of the page in its table
  uint64_t origin; // pc of the instruction
  uint64_t after;  // where the program goes on
  uint64_t length; // of what lies before the ebreak
} slot;

static uint32_t bits(uint32_t word, unsigned from, unsigned count) { return word >> from & ((1u << count) - 1); }
static uint64_t extend(uint64_t value, unsigned width) {
  return (uint64_t)((int64_t)(value << (64 - width)) >> (64 - width));
}

static uint32_t fetch(uint64_t pc) { // instructions are even: the second half may lie on another page
  uint32_t low = *(const uint16_t *)pc;
  return (low & 3) == 3 ? low | (uint32_t)*(const uint16_t *)(pc + 2) << 16 : low;
}

static bool taken(uint32_t function, uint64_t a, uint64_t b) { // beq bne - - blt bge bltu bgeu
  bool yes = function < 2 ? a == b : function < 6 ? (int64_t)a < (int64_t)b : a < b;
  return yes != (function & 1);
}

static uint64_t branch_offset(uint32_t i) {
  return extend(bits(i, 31, 1) << 12 | bits(i, 7, 1) << 11 | bits(i, 25, 6) << 5 | bits(i, 8, 4) << 1, 13);
}
static uint64_t jump_offset(uint32_t i) {
  return extend(bits(i, 31, 1) << 20 | bits(i, 12, 8) << 12 | bits(i, 20, 1) << 11 | bits(i, 21, 10) << 1, 21);
}
static uint64_t short_branch_offset(uint32_t i) {
  return extend(
      bits(i, 12, 1) << 8 | bits(i, 5, 2) << 6 | bits(i, 2, 1) << 5 | bits(i, 10, 2) << 3 | bits(i, 3, 2) << 1, 9);
}
static uint64_t short_jump_offset(uint32_t i) {
  return extend(bits(i, 12, 1) << 11 | bits(i, 8, 1) << 10 | bits(i, 9, 2) << 8 | bits(i, 6, 1) << 7 |
                    bits(i, 7, 1) << 6 | bits(i, 2, 1) << 5 | bits(i, 11, 1) << 4 | bits(i, 3, 3) << 1,
                12);
}

// Makes an instruction that depends on its place: x[0] is the pc, the others the registers. False: it does not.
static bool make_here(uint64_t x[32], uint32_t i) {
  uint64_t pc = x[0], *to = &x[bits(i, 7, 5)], one, two;
  x[0] = 0; // as a source it reads as zero, and what is written to it is lost
  one = x[bits(i, 15, 5)], two = x[bits(i, 20, 5)];
  switch (bits(i, 0, 7)) {
  case JAL: *to = pc + 4, x[0] = pc + jump_offset(i); return true;
  case JALR: *to = pc + 4, x[0] = (one + extend(i >> 20, 12)) & ~1ull; return true;
  case BRANCH: x[0] = pc + (taken(bits(i, 12, 3), one, two) ? branch_offset(i) : 4); return true;
  case AUIPC: *to = pc + extend(i & ~0xFFFu, 32), x[0] = pc + 4; return true;
  default: x[0] = pc; return false;
  }
}

static bool make_short_here(uint64_t x[32], uint32_t i) {
  uint64_t pc = x[0], from = x[8 + bits(i, 7, 3)];
  uint32_t form = bits(i, 0, 2) << 3 | bits(i, 13, 3), one = bits(i, 7, 5);
  switch (form) {
  case 015: x[0] = pc + short_jump_offset(i); return true;                // c.j
  case 016: x[0] = pc + (from ? 2 : short_branch_offset(i)); return true; // c.beqz
  case 017: x[0] = pc + (from ? short_branch_offset(i) : 2); return true; // c.bnez
  case 024:                                                               // c.jr, c.jalr
    if (bits(i, 2, 5) || !one) return false;
    x[0] = x[one] & ~1ull;
    if (bits(i, 12, 1)) x[1] = pc + 2;
    return true;
  default: return false;
  }
}

// The page is written and executed in turn, never both.
static void slot_map(exo_word prot) {
  exo_frame table = os_table_leaf(OS_CORE, false)->frame;
  (void)exo_unmap((struct exo_unmap){OS_SLOT_SELF, table, slot.index, 1, 0});
  if (exo_map((struct exo_map){OS_SLOT_SELF, table, slot.index, OS_SLOT_SELF, slot.frame, prot}) != EXO_OK)
    os_crash(nullptr, "the page for single steps could not be mapped");
}

static void slot_make(void) {
  slot.frame = os_frame_get();
  slot.page = slot.frame ? os_core_map(OS_SLOT_SELF, slot.frame, EXO_READ | EXO_EXEC) : nullptr;
  if (!slot.page) os_crash(nullptr, "no page for single steps");
  slot.index = ((uint64_t)slot.page - OS_CORE) / EXO_PAGE;
}

void os_step_begin(struct exo_record *r) {
  uint64_t *x = (uint64_t *)&r->regs;
  uint32_t i = fetch(x[0]);
  bool whole = (i & 3) == 3;
  if (!slot.page) slot_make();
  slot.origin = x[0];
  bool made = whole ? make_here(x, i) : make_short_here(x, i);
  slot.length = made ? 0 : whole ? 4 : 2;
  slot.after = made ? x[0] : slot.origin + slot.length;
  slot_map(EXO_READ | EXO_WRITE);
  uint32_t code[2] = {i, EBREAK};
  if (!made && !whole) code[0] = i | EBREAK << 16, code[1] = EBREAK >> 16;
  if (made) code[0] = EBREAK;
  __builtin_memcpy(slot.page, code, sizeof code);
  slot_map(EXO_READ | EXO_EXEC);
  x[0] = (uint64_t)slot.page;
}

enum os_step os_step_look(struct exo_record *r) {
  uint64_t at = r->regs.pc - (uint64_t)slot.page;
  if (!slot.page || at >= EXO_PAGE) return OS_STEP_NONE;
  bool made = r->cause == EXO_CAUSE_BREAKPOINT && at == slot.length;
  if (made) r->cause = EXO_CAUSE_STEP;
  r->regs.pc = made ? slot.after : slot.origin;
  return made ? OS_STEP_MADE : OS_STEP_BROKEN;
}

uint64_t os_step_width(const struct exo_record *r) {
  uint32_t i = fetch(r->regs.pc);
  if ((i & 3) == 3) return 1ull << bits(i, 12, 2);
  return bits(i, 13, 2) == 2 ? 4 : 8; // c.lw, c.sw; c.ld, c.sd, c.fld, c.fsd
}
