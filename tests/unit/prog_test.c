// prog_test.c: the bytecode: what each instruction does, what the verifier refuses, and that a second interpreter says
// the same of a million programs.
#include <stdlib.h>
#include <string.h>
#include "test.h"

enum { VALUE = EXO_PROG_VALUE, MOST = 32 };
#define OP(c, t, x, y, v) {.code = EXO_PROG_##c, .to = (t), .a = (x), .b = (y), .value = (v)}

static const uint8_t bytes[12] = {0x01, 0x82, 0x03, 0x84, 0x05, 0x86, 0x07, 0x88, 0x09, 0x8A, 0x0B, 0x8C};

static uint64_t run(const struct exo_prog_op *op, uint64_t count, uint64_t size) {
  struct exo_prog_input in[2] = {{bytes, size}, {bytes + 4, 1}};
  EQ(prog_verify(op, count, 2, MOST), EXO_OK);
  return prog_run(op, count, in, 2);
}

static void loads(void) {
  static const struct {
    uint8_t code;
    uint32_t offset;
    uint64_t want;
  } cases[] = {
      {EXO_PROG_LOAD8, 1, 0x82},
      {EXO_PROG_LOAD16, 1, 0x0382},
      {EXO_PROG_LOAD32, 2, 0x86058403},
      {EXO_PROG_LOAD64, 0, 0x8807860584038201},
      {EXO_PROG_LOAD64, 3, 0x0B8A098807860584},
      {EXO_PROG_NET16, 1, 0x8203},
      {EXO_PROG_NET32, 4, 0x05860788},
      {EXO_PROG_LOAD8, 11, 0x8C},
      {EXO_PROG_LOAD64, 4, 0x8C0B8A0988078605},
      {EXO_PROG_LOAD8, 12, 0}, // beyond the end: the program ends with 0
      {EXO_PROG_LOAD16, 11, 0},
      {EXO_PROG_LOAD64, 5, 0},
      {EXO_PROG_NET32, 9, 0},
      {EXO_PROG_LOAD8, ~0u, 0},
      {EXO_PROG_LOAD64, ~0u - 3, 0},
  };
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct exo_prog_op direct[] = {{.code = cases[i].code, .to = 3, .b = VALUE, .value = cases[i].offset},
                                   OP(END, 0, 3, 0, 0)};
    EQ(run(direct, 2, sizeof bytes), cases[i].want);
    struct exo_prog_op by_register[] = {OP(MOVE, 1, 0, VALUE, 1),
                                        {.code = cases[i].code, .to = 3, .b = 1, .value = cases[i].offset - 1},
                                        OP(END, 0, 3, 0, 0)};
    EQ(run(by_register, 3, sizeof bytes), cases[i].offset ? cases[i].want : 0); // offset 0: 1 + (2^32 - 1)
  }
  struct exo_prog_op wraps[] = {OP(HIGH, 1, 1, 0, ~0u), OP(ADD, 1, 1, VALUE, ~0u), OP(LOAD8, 2, 0, 1, 1),
                                OP(END, 0, 0, VALUE, 5)};
  EQ(run(wraps, 4, sizeof bytes), 0); // 2^64 - 1 + 1 is no offset
}

static void computes(void) {
  static const struct {
    uint8_t code;
    uint64_t want;
  } cases[] = {
      {EXO_PROG_MOVE, 70},       {EXO_PROG_ADD, 1070},
      {EXO_PROG_SUB, 930},       {EXO_PROG_MUL, 70000},
      {EXO_PROG_AND, 1000 & 70}, {EXO_PROG_OR, 1000 | 70},
      {EXO_PROG_XOR, 1000 ^ 70}, {EXO_PROG_SHL, 1000 << 6},
      {EXO_PROG_SHR, 1000 >> 6}, {EXO_PROG_HIGH, 1000 + (70ull << 32)},
  };
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct exo_prog_op op[] = {OP(MOVE, 5, 0, VALUE, 1000),
                               {.code = cases[i].code, .to = 6, .a = 5, .b = VALUE, .value = 70},
                               OP(END, 0, 6, 0, 0)};
    EQ(run(op, 3, 1), cases[i].want);
  }
}

static void jumps(void) {
  static const struct {
    uint8_t code;
    int64_t a;
    uint32_t b;
    bool taken;
  } cases[] = {
      {EXO_PROG_EQ, 5, 5, true},   {EXO_PROG_EQ, 5, 6, false},  {EXO_PROG_NE, 5, 6, true},   {EXO_PROG_NE, 5, 5, false},
      {EXO_PROG_LT, 5, 6, true},   {EXO_PROG_LT, 5, 5, false},  {EXO_PROG_LT, -1, 5, false}, {EXO_PROG_LE, 5, 5, true},
      {EXO_PROG_LE, 6, 5, false},  {EXO_PROG_LTS, -1, 5, true}, {EXO_PROG_LTS, 5, 5, false}, {EXO_PROG_ANY, 6, 3, true},
      {EXO_PROG_ANY, 4, 3, false},
  };
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct exo_prog_op op[] = {OP(SUB, 1, 1, VALUE, (uint32_t)-cases[i].a),
                               {.code = cases[i].code, .to = 1, .a = 1, .b = VALUE, .value = cases[i].b},
                               OP(END, 0, 0, VALUE, 7),
                               OP(END, 0, 0, VALUE, 8)};
    if (cases[i].a >= 0) op[0] = (struct exo_prog_op)OP(MOVE, 1, 0, VALUE, (uint32_t)cases[i].a);
    EQ(run(op, 4, 1), cases[i].taken ? 8 : 7);
  }
}

static void refusals(void) {
  const struct exo_prog_op end = OP(END, 0, 0, 0, 0);
  const struct exo_prog_op bad[] = {
      {.code = EXO_PROG_CODES_END}, {.code = 255},          OP(ADD, 8, 0, 0, 0),       OP(ADD, 0, 8, 0, 0),
      OP(ADD, 0, 0, 8, 0),          OP(ADD, 0, 0, 254, 0),  OP(LOAD8, 0, 2, VALUE, 0), OP(LOAD8, 8, 0, VALUE, 0),
      OP(EQ, 1, 0, VALUE, 0), // skips the end itself
      OP(EQ, 255, 0, VALUE, 0),     OP(EQ, 0, 8, VALUE, 0), OP(END, 8, 0, 0, 0),
  };
  for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct exo_prog_op op[2] = {bad[i], end};
    EQ(prog_verify(op, 2, 2, MOST), EXO_PROG);
  }
  struct exo_prog_op many[MOST + 1];
  for (int i = 0; i <= MOST; i++) many[i] = end;
  EQ(prog_verify(many, MOST, 0, MOST), EXO_OK);
  EQ(prog_verify(many, MOST + 1, 0, MOST), EXO_PROG);
  EQ(prog_verify(many, 0, 0, MOST), EXO_PROG);
  EQ(prog_verify(many, 1, EXO_PROG_INPUTS + 1, MOST), EXO_PROG);
  EQ(prog_verify(&(struct exo_prog_op)OP(ADD, 0, 0, 0, 0), 1, 0, MOST), EXO_PROG); // does not end
}

// --- A million programs, most of which the verifier admits

struct exo_prog_op prog_draw(uint64_t left) {
  struct exo_prog_op op = {.code = (uint8_t)test_random(EXO_PROG_CODES_END), .to = (uint8_t)test_random(8)};
  op.a = (uint8_t)test_random(op.code >= EXO_PROG_LOAD8 && op.code <= EXO_PROG_NET32 ? 2 : 8);
  op.b = test_random(3) ? VALUE : (uint8_t)test_random(8);
  op.value = test_random(4) ? (uint32_t)test_random(40) : (uint32_t)test_random(1ull << 32);
  if (op.code == EXO_PROG_END && left && test_random(4)) op.code = EXO_PROG_ADD;
  if (op.code >= EXO_PROG_EQ) op.to = (uint8_t)test_random(left ? left : 1);
  if (!left) op.code = EXO_PROG_END;
  if (test_random(400) == 0) ((uint8_t *)&op)[test_random(8)] ^= (uint8_t)(1 << test_random(8)); // a mutation
  return op;
}

static void a_million(void) {
  uint64_t admitted = 0, nonzero = 0, total = 1'000'000;
  for (uint64_t n = 0; n < total; n++) {
    struct exo_prog_op op[MOST];
    uint64_t count = 1 + test_random(MOST), sizes[2] = {test_random(40), test_random(9)};
    struct exo_prog_input in[2];
    for (uint64_t i = 0; i < count; i++) op[i] = prog_draw(count - 1 - i);
    if (prog_verify(op, count, 2, MOST) != EXO_OK) continue;
    admitted++;
    for (int i = 0; i < 2; i++) { // of just that size: the sanitizer sees each byte beyond
      uint8_t *at = malloc(sizes[i] ? sizes[i] : 1);
      for (uint64_t k = 0; k < sizes[i]; k++) at[k] = (uint8_t)test_random(256);
      in[i] = (struct exo_prog_input){at, sizes[i]};
    }
    uint64_t got = prog_run(op, count, in, 2);
    EQ(got, prog_second(op, count, in));
    nonzero += got != 0;
    for (int i = 0; i < 2; i++) free((void *)(uintptr_t)in[i].bytes);
  }
  printf("prog: %llu of %llu programs admitted, %llu say yes\n", (unsigned long long)admitted,
         (unsigned long long)total, (unsigned long long)nonzero);
  CHECK(admitted > total / 2 && admitted < total && nonzero > admitted / 8);
}

const struct test prog_tests[] = {
    {"loads", loads},
    {"computes", computes},
    {"jumps", jumps},
    {"refusals", refusals},
    {"a million programs", a_million},
    {},
};
