// sweep.c: RISC-V's instructions for the sweep: all 4,096 control and status registers, each swapped, set, cleared and
// read, and every system instruction without a register.
#include "sweep.h"
#include "machine.h"

enum : uint64_t { CSRS = 4096, WAYS = 4, PLAIN = CSRS * WAYS, END = PLAIN + 4096 };
enum : uint32_t { SYSTEM = 0x73, A0 = 10, RETURN = 0x00008067, NOP = 0x00000013 };

bool sweep_code(uint64_t i, uint8_t to[SWEEP_BYTES]) {
  if (i >= END) return false;
  static const uint32_t way[WAYS] = {1, 2, 3, 2}; // csrrw, csrrs, csrrc; csrrs of x0 only reads
  uint32_t code[] = {SYSTEM, RETURN, NOP, NOP};
  if (i < PLAIN)
    code[0] |= (uint32_t)(i / WAYS) << 20 | (i % WAYS == 3 ? 0 : A0) << 15 | way[i % WAYS] << 12 | A0 << 7;
  else
    code[0] |= (uint32_t)(i - PLAIN) << 20;
  __builtin_memcpy(to, code, sizeof code);
  return true;
}

// Registers above a program's, and writes to those that are for reading. Of the others only wfi (and ecall, which is
// not ours with this number) might pass.
bool sweep_must_fault(uint64_t i) {
  if (i >= PLAIN) return i != PLAIN && i - PLAIN != 0x105;
  uint64_t csr = i / WAYS;
  return (csr >> 8 & 3) != 0 || (csr >> 10 == 3 && i % WAYS != 3);
}

void sweep_call(const volatile void *code, volatile void *argument) { (void)probe_call(code, (uint64_t)argument); }
uint64_t sweep_back(void) { return probe_fault(); }
