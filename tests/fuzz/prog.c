// prog.c: the bytecode's verifier and interpreter under libFuzzer: what the verifier admits ends, stays within its
// inputs, which lie in memory of just their size, and means what a second interpreter says. The input: how many
// instructions, the sizes of two inputs, the instructions, the inputs' bytes.
#include <stdlib.h>
#include <string.h>
#include "test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *take(const uint8_t **at, size_t *left, size_t size) {
  const uint8_t *p = *at;
  if (size > *left) return nullptr;
  *at += size;
  *left -= size;
  return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t left) {
  const uint8_t *head = take(&data, &left, 3), *text, *content;
  if (!head) return 0;
  uint64_t count = head[0] % (EXO_PROG_OPS + 2), size[2] = {head[1], head[2]};
  text = take(&data, &left, count * sizeof(struct exo_prog_op));
  content = text ? take(&data, &left, size[0] + size[1]) : nullptr;
  if (!content) return 0;
  struct exo_prog_op op[EXO_PROG_OPS + 2];
  struct exo_prog_input in[2];
  memcpy(op, text, count * sizeof *op);
  if (prog_verify(op, count, 2, EXO_PROG_OPS) != EXO_OK) return 0;
  for (int i = 0; i < 2; i++) {
    uint8_t *own = malloc(size[i] ? size[i] : 1);
    memcpy(own, content + (i ? size[0] : 0), size[i]);
    in[i] = (struct exo_prog_input){own, size[i]};
  }
  EQ(prog_run(op, count, in, 2), prog_second(op, count, in));
  for (int i = 0; i < 2; i++) free((void *)(uintptr_t)in[i].bytes);
  return 0;
}
