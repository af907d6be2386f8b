// sweep.c: AArch64's instructions for the sweep: the whole space of system instructions and registers, read and
// written: barriers and hints, MSR of an immediate, cache, translation and TLB operations, debug and system registers.
#include "sweep.h"
#include "machine.h"

enum : uint64_t { END = 1 << 17 };
enum : uint32_t { SYSTEM = 0xD5000000, READ = 1 << 21, RETURN = 0xD65F03C0, NOP = 0xD503201F };

static uint32_t word(uint64_t i) { // op0, op1, CRn, CRm, op2 as they lie in the instruction; register 0
  uint32_t op0 = i >> 14 & 3, hint = op0 == 0 && !(i >> 16); // these want register 31
  return SYSTEM | (i >> 16 ? READ : 0) | (uint32_t)(i & 0xFFFF) << 5 | (hint ? 31 : 0);
}

bool sweep_code(uint64_t i, uint8_t to[SWEEP_BYTES]) {
  if (i >= END) return false;
  const uint32_t code[] = {word(i), RETURN, NOP, NOP};
  __builtin_memcpy(to, code, sizeof code);
  return true;
}

// What a program may name has op1 = 3; hints, barriers and the instructions that turn flags aside.
bool sweep_must_fault(uint64_t i) {
  uint64_t op0 = i >> 14 & 3, op1 = i >> 11 & 7, crn = i >> 7 & 15, op2 = i & 7;
  bool hint = op0 == 0 && (crn == 2 || crn == 3), flags = op0 == 0 && op1 == 0 && crn == 4 && op2 < 3;
  return op1 != 3 && !hint && !flags;
}

void sweep_call(const volatile void *code, volatile void *argument) { (void)probe_call(code, (uint64_t)argument); }
uint64_t sweep_back(void) { return probe_fault(); }
