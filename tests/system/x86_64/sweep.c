// sweep.c: x86_64's instructions for the sweep: all opcodes of the two-byte map, plain and with each prefix, with a
// register and with memory; the groups that hold privileged ones; ports; and returns to more privileged code.
#include "sweep.h"

enum : uint64_t { PLAIN = 0, MEMORY = 256, PREFIXED = 512, GROUPS = 1280, PORTS = 2048, RETURNS = 2304, END = 2560 };

// A register form, or memory where rax points: nothing else could be written without harm to ourselves.
static uint8_t form(uint64_t i) { return i >= 0xC0 ? (uint8_t)i : i & 0x38; }

static unsigned group(uint64_t i, uint8_t *to) {
  static const uint8_t opcode[] = {0x01, 0xAE, 0xC7};
  to[0] = 0x0F;
  to[1] = opcode[i / 256];
  to[2] = form(i % 256);
  return 3;
}

static unsigned port(uint64_t i, uint8_t *to) {
  static const uint8_t opcode[] = {0x6C, 0x6D, 0x6E, 0x6F, 0xE4, 0xE5, 0xE6, 0xE7,
                                   0xEC, 0xED, 0xEE, 0xEF, 0xF4, 0xFA, 0xFB, 0xF1};
  to[0] = opcode[i % 16];
  to[1] = (uint8_t)(i / 16 * 17); // where a port's number follows
  return 2;
}

// Pushes a stack segment, rax as stack and pc, flags and a code segment, and returns there.
static unsigned iretq(uint64_t i, uint8_t *to) {
  static const uint8_t cs[] = {0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x00, 0x23}, ss[] = {0x10, 0x08, 0x18, 0x00};
  static const uint8_t flags[] = {0x02, 0x32, 0x42, 0x03, 0x36, 0x72, 0x02, 0x3E};
  const uint8_t code[] = {0x6A, ss[i / 64], 0x50, 0x68, 0x02, flags[i / 8 % 8], (uint8_t)(i % 2 * 2), 0,
                          0x6A, cs[i % 8],  0x50, 0x48, 0xCF};
  __builtin_memcpy(to, code, sizeof code);
  return sizeof code;
}

static unsigned opcode(uint64_t i, uint8_t *to) {
  static const uint8_t prefix[] = {0x66, 0xF2, 0xF3};
  unsigned n = 0;
  if (i >= PREFIXED) to[n++] = prefix[(i - PREFIXED) / 256];
  to[n++] = 0x0F;
  to[n++] = (uint8_t)i;
  to[n++] = i >= MEMORY && i < PREFIXED ? 0x00 : 0xC0;
  return n;
}

bool sweep_code(uint64_t i, uint8_t to[SWEEP_BYTES]) {
  if (i >= END) return false;
  unsigned n = i < GROUPS    ? opcode(i, to)
               : i < PORTS   ? group(i - GROUPS, to)
               : i < RETURNS ? port(i - PORTS, to)
                             : iretq(i - RETURNS, to);
  while (n < SWEEP_BYTES - 1) to[n++] = 0x90; // also whatever immediate it wants
  to[n] = 0xC3;
  return true;
}

// Control and debug registers, model-specific ones, clts, invd, wbinvd, returns to the kernel, ports, segments of ring
// 0.
bool sweep_must_fault(uint64_t i) {
  uint8_t two = (uint8_t)i;
  bool privileged = two == 0x06 || two == 0x07 || two == 0x08 || two == 0x09 || (two >= 0x20 && two <= 0x23) ||
                    two == 0x30 || two == 0x32 || two == 0x33 || two == 0x34 || two == 0x35;
  return (i < PREFIXED && privileged) || i >= PORTS;
}
