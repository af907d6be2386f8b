// prog_print.c: the bytecode as text that os_prog_assemble takes: a disassembler.
#include <stdio.h>
#include "test.h"

static const char *const names[] = {
#define NAME(name, does) #name,
    EXO_PROG_CODES(NAME)
#undef NAME
};

static int second(char *out, size_t room, const struct exo_prog_op *op) {
  return op->b == EXO_PROG_VALUE ? snprintf(out, room, "%u", op->value) : snprintf(out, room, "r%u", op->b);
}

void prog_print(const struct exo_prog_op *op, uint64_t count, char *out, size_t room) {
  char *at = out;
  for (uint64_t i = 0; i < count; i++, op++) {
    char b[16];
    unsigned long long here = i, target = i + 1 + op->to;
    (void)second(b, sizeof b, op);
    size_t left = room - (size_t)(at - out);
    at += snprintf(at, left, "L%llu: %s ", here, names[op->code]);
    left = room - (size_t)(at - out);
    if (op->code == EXO_PROG_END)
      at += op->b == EXO_PROG_VALUE ? snprintf(at, left, "%u\n", op->value) : snprintf(at, left, "r%u\n", op->a);
    else if (op->code >= EXO_PROG_EQ)
      at += snprintf(at, left, "r%u, %s, L%llu\n", op->a, b, target);
    else if (op->code == EXO_PROG_MOVE)
      at += snprintf(at, left, "r%u, %s\n", op->to, b);
    else if (op->code == EXO_PROG_HIGH)
      at += snprintf(at, left, "r%u, r%u, 0x%x\n", op->to, op->a, op->value);
    else if (op->code > EXO_PROG_MOVE)
      at += snprintf(at, left, "r%u, r%u, %s\n", op->to, op->a, b);
    else if (op->b == EXO_PROG_VALUE)
      at += snprintf(at, left, "r%u, in%u[%u]\n", op->to, op->a, op->value);
    else
      at += snprintf(at, left, "r%u, in%u[r%u+%u]\n", op->to, op->a, op->b, op->value);
  }
}
