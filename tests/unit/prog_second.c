// prog_second.c: a second interpreter of the bytecode, written another way: recursion instead of a loop, numbers
// instead of bytes, a division for a shift. A verified program takes no more steps than it has instructions.
#include "test.h"

struct machine {
  const struct exo_prog_op *op;
  uint64_t count, steps, r[EXO_PROG_REGISTERS];
  const struct exo_prog_input *in;
};

static bool fetch(const struct exo_prog_input *in, unsigned __int128 at, unsigned size, bool net, uint64_t *to) {
  if (at + size > in->size) return false;
  *to = 0;
  for (unsigned k = 0; k < size; k++)
    *to = *to * 256 + ((const uint8_t *)in->bytes)[(uint64_t)at + (net ? k : size - 1 - k)];
  return true;
}

static uint64_t go(struct machine *m, uint64_t pc) {
  const struct exo_prog_op *o = &m->op[pc];
  CHECK(pc < m->count && ++m->steps <= m->count);
  uint64_t a = o->a < EXO_PROG_REGISTERS ? m->r[o->a] : 0, b = o->b == EXO_PROG_VALUE ? o->value : m->r[o->b],
           *to = &m->r[o->to % 8];
  bool taken = false;
  switch ((enum exo_prog_code)o->code) {
  case EXO_PROG_END: return o->b == EXO_PROG_VALUE ? o->value : a;
  case EXO_PROG_MOVE: *to = b; break;
  case EXO_PROG_HIGH: *to = a + o->value * 0x100000000ull; break;
  case EXO_PROG_ADD: *to = a + b; break;
  case EXO_PROG_SUB: *to = a + ~b + 1; break;
  case EXO_PROG_MUL: *to = (uint64_t)((unsigned __int128)a * b); break;
  case EXO_PROG_AND: *to = ~(~a | ~b); break;
  case EXO_PROG_OR: *to = ~(~a & ~b); break;
  case EXO_PROG_XOR: *to = (a | b) - (a & b); break;
  case EXO_PROG_SHL: *to = a * (1ull << b % 64); break;
  case EXO_PROG_SHR: *to = a / (1ull << b % 64); break;
  case EXO_PROG_EQ: taken = !(a ^ b); break;
  case EXO_PROG_NE: taken = a ^ b; break;
  case EXO_PROG_LT: taken = b > a; break;
  case EXO_PROG_LE: taken = !(a > b); break;
  case EXO_PROG_LTS: taken = (a ^ 1ull << 63) < (b ^ 1ull << 63); break;
  case EXO_PROG_ANY: taken = (a & b) != 0; break;
  default: {
    static const uint8_t size[] = {1, 2, 4, 8, 2, 4};
    unsigned k = o->code - EXO_PROG_LOAD8;
    unsigned __int128 at = o->b == EXO_PROG_VALUE ? o->value : (unsigned __int128)b + o->value;
    if (!fetch(&m->in[o->a], at, size[k], k >= 4, to)) return 0;
  }
  }
  return go(m, pc + 1 + (taken ? o->to : 0));
}

uint64_t prog_second(const struct exo_prog_op *op, uint64_t count, const struct exo_prog_input *in) {
  return go(&(struct machine){.op = op, .count = count, .in = in}, 0);
}
