// prog.h: the one bytecode for all code that is handed to the kernel: wait predicates, packet filters, ownership
// functions. A program reads its inputs, which are strings of bytes, computes in eight registers that begin as zero,
// and ends with a number; 0 means no. It has no loop: jumps go forward only. It is verified when it is handed over
// (prog_verify), and cannot fault, run long or reach beyond its inputs: a load beyond an input's end ends it with 0, as
// in the Berkeley packet filter (McCanne, Jacobson 1993).
#pragma once
#include <stdint.h>

struct exo_prog_op {
  uint8_t code; // EXO_PROG_*
  uint8_t to;   // register written; of a jump: how many instructions it skips
  uint8_t a;    // register read first; of a load: the input
  uint8_t b;    // register read second, or EXO_PROG_VALUE: the second operand is `value`
  uint32_t value;
};
static_assert(sizeof(struct exo_prog_op) == 8);
enum { EXO_PROG_OPS = 64, EXO_PROG_REGISTERS = 8, EXO_PROG_INPUTS = 8, EXO_PROG_VALUE = 255 };

struct exo_prog_input { // never written
  const void *bytes;
  uint64_t size;
};

// One list: name, and what it does. B stands for the second operand. Loads read at offset B + value (b a register), or
// at value; numbers are unsigned and wrap; shifts use the low six bits of B.
#define EXO_PROG_CODES(X)                                                                                              \
  X(END, "end with A, or with value")                                                                                  \
  X(LOAD8, "to = one byte of input a")                                                                                 \
  X(LOAD16, "to = two bytes, least significant first")                                                                 \
  X(LOAD32, "to = four")                                                                                               \
  X(LOAD64, "to = eight")                                                                                              \
  X(NET16, "to = two bytes, most significant first")                                                                   \
  X(NET32, "to = four")                                                                                                \
  X(MOVE, "to = B")                                                                                                    \
  X(HIGH, "to = A + (value << 32)")                                                                                    \
  X(ADD, "to = A + B")                                                                                                 \
  X(SUB, "to = A - B")                                                                                                 \
  X(MUL, "to = A * B")                                                                                                 \
  X(AND, "to = A & B")                                                                                                 \
  X(OR, "to = A | B")                                                                                                  \
  X(XOR, "to = A ^ B")                                                                                                 \
  X(SHL, "to = A << B")                                                                                                \
  X(SHR, "to = A >> B")                                                                                                \
  X(EQ, "skip if A == B")                                                                                              \
  X(NE, "skip if A != B")                                                                                              \
  X(LT, "skip if A < B")                                                                                               \
  X(LE, "skip if A <= B")                                                                                              \
  X(LTS, "skip if A < B, both signed")                                                                                 \
  X(ANY, "skip if A & B is not 0")

enum exo_prog_code : uint8_t {
#define EXO_PROG_CODE(name, does) EXO_PROG_##name,
  EXO_PROG_CODES(EXO_PROG_CODE)
#undef EXO_PROG_CODE
      EXO_PROG_CODES_END
};
