// prog.c: verify and run the bytecode of prog.h.
#include "core.h"

enum {
  REGISTER = EXO_PROG_REGISTERS - 1
}; // a register's number is masked: a wrong verifier would still reach none other

static bool is_load(uint8_t code) { return code >= EXO_PROG_LOAD8 && code <= EXO_PROG_NET32; }
static bool is_jump(uint8_t code) { return code >= EXO_PROG_EQ; }

// One instruction, which `left` others follow.
static bool op_verify(const struct exo_prog_op *op, uint64_t left, uint64_t inputs) {
  if (op->code >= EXO_PROG_CODES_END) return false;
  if (op->b >= EXO_PROG_REGISTERS && op->b != EXO_PROG_VALUE) return false;
  if (is_jump(op->code) ? op->to >= left : op->to >= EXO_PROG_REGISTERS) return false;
  if (is_load(op->code) ? op->a >= inputs : op->a >= EXO_PROG_REGISTERS) return false;
  return left || op->code == EXO_PROG_END; // the last one ends
}

exo_result prog_verify(const struct exo_prog_op *ops, uint64_t count, uint64_t inputs, uint64_t limit) {
  if (!count || count > limit || inputs > EXO_PROG_INPUTS) return EXO_PROG;
  for (uint64_t i = 0; i < count; i++)
    if (!op_verify(&ops[i], count - 1 - i, inputs)) return EXO_PROG;
  return EXO_OK;
}

// Bytes of an input as a number; false: beyond its end.
static inline bool load(const struct exo_prog_op *op, const struct exo_prog_input *in, uint64_t offset, uint64_t *to) {
  static const uint8_t sizes[] = {[EXO_PROG_LOAD8] = 1,  [EXO_PROG_LOAD16] = 2, [EXO_PROG_LOAD32] = 4,
                                  [EXO_PROG_LOAD64] = 8, [EXO_PROG_NET16] = 2,  [EXO_PROG_NET32] = 4};
  uint64_t size = sizes[op->code], value = 0;
  if (in->size < size || offset > in->size - size) return false;
  const uint8_t *at = (const uint8_t *)in->bytes + offset;
  if (op->code == EXO_PROG_LOAD64 && !((uint64_t)at & 7)) {
    *to = *(const uint64_t *)(const void *)at;
    return true;
  }
  for (uint64_t i = 0; i < size; i++) value |= (uint64_t)at[i] << 8 * (op->code < EXO_PROG_NET16 ? i : size - 1 - i);
  *to = value;
  return true;
}

static inline uint64_t compute(uint8_t code, uint64_t a, uint64_t b, uint32_t value) {
  if (code == EXO_PROG_MOVE) return b;
  if (code == EXO_PROG_ADD) return a + b;
  if (code == EXO_PROG_AND) return a & b;
  if (code == EXO_PROG_SUB) return a - b;
  if (code == EXO_PROG_OR) return a | b;
  if (code == EXO_PROG_XOR) return a ^ b;
  if (code == EXO_PROG_SHL) return a << (b & 63);
  if (code == EXO_PROG_SHR) return a >> (b & 63);
  if (code == EXO_PROG_MUL) return a * b;
  return a + ((uint64_t)value << 32); // HIGH
}

static inline bool holds(uint8_t code, uint64_t a, uint64_t b) {
  if (code == EXO_PROG_EQ) return a == b;
  if (code == EXO_PROG_NE) return a != b;
  if (code == EXO_PROG_LT) return a < b;
  if (code == EXO_PROG_LE) return a <= b;
  if (code == EXO_PROG_LTS) return (int64_t)a < (int64_t)b;
  return a & b; // ANY
}

uint64_t prog_run(const struct exo_prog_op *ops, uint64_t count, const struct exo_prog_input *in, uint64_t inputs) {
  uint64_t r[EXO_PROG_REGISTERS] = {};
  for (uint64_t i = 0; i < count; i++) {
    const struct exo_prog_op *op = &ops[i];
    uint64_t a = r[op->a & REGISTER], b = op->b == EXO_PROG_VALUE ? op->value : r[op->b & REGISTER];
    if (op->code == EXO_PROG_END) return op->b == EXO_PROG_VALUE ? b : a;
    if (is_load(op->code)) {
      uint64_t offset = op->b == EXO_PROG_VALUE ? b : b + op->value;
      if (op->a >= inputs || offset < b || !load(op, &in[op->a], offset, &r[op->to & REGISTER])) return 0;
    } else if (is_jump(op->code))
      i += holds(op->code, a, b) ? op->to : 0;
    else
      r[op->to & REGISTER] = compute(op->code, a, b, op->value);
  }
  return 0;
}
