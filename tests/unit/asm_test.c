// asm_test.c: the library's assembler of the bytecode: a program by hand, what makes no sense, and that what is
// printed, assembled and printed again is the same and does the same.
#include <os/prog.h>
#include <stdlib.h>
#include <string.h>
#include "test.h"

static const uint8_t packet[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x00, 0x45, 17, 0x12, 0x34};

static uint64_t run(const char *text, uint64_t size) {
  struct exo_prog_op op[EXO_PROG_OPS];
  int count = os_prog_assemble(text, op);
  CHECK(count > 0);
  EQ(prog_verify(op, (uint64_t)count, 1, EXO_PROG_OPS), EXO_OK);
  return prog_run(op, (uint64_t)count, &(struct exo_prog_input){packet, size}, 1);
}

static void by_hand(void) {
  const char *filter = "# IPv4, and a port\n"
                       "  net16 r1, in0[12]\n"
                       "  ne r1, 0x800, no\n"
                       "  move r2, 10\n"
                       "  load8 r3 in0[r2+5]   # the protocol\n"
                       "  eq r3 17 udp\n"
                       "no: end 0\n"
                       "\n"
                       "udp:\n"
                       "  net16 r4, in0[16]\n"
                       "  add r4, r4, r2\n"
                       "  end r4";
  EQ(run(filter, sizeof packet), 0x1234 + 10);
  EQ(run(filter, 12), 0);
  EQ(run("high r0, r0, 0x80000000\nshr r0, r0, 60\nend r0", 0), 8);
  EQ(run("END 4294967295", 0), 4294967295);
}

static void refused(void) {
  static const struct {
    const char *text;
    int line;
  } bad[] = {
      {"nonsense r1", 1},
      {"end", 1},
      {"end r8", 1},
      {"end 4294967296", 1},
      {"end 0x", 1},
      {"end 5 6", 1},
      {"\nmove r1\n", 2},
      {"move 1, r1", 1},
      {"load8 r1, in8[0]", 1},
      {"load8 r1, in0[0", 1},
      {"load8 r1, in0", 1},
      {"load8 r1, in0[r1 4]", 1},
      {"eq r1, 2", 1},
      {"up: end 1\neq r1, 2, up", 2}, // no loop can be written
      {"eq r1, 2, nowhere\nend 0", 1},
      {"end 0x1g", 1},
      {"end 1:", 1},
      {"add r1, r2", 1},
  };
  struct exo_prog_op op[EXO_PROG_OPS];
  for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) EQ(os_prog_assemble(bad[i].text, op), -bad[i].line);
  char many[EXO_PROG_OPS * 6 + 7] = "";
  for (int i = 0; i < EXO_PROG_OPS; i++) strcat(many, "end 1\n");
  EQ(os_prog_assemble(many, op), EXO_PROG_OPS);
  EQ(os_prog_assemble(strcat(many, "end 1"), op), -EXO_PROG_OPS - 1);
  EQ(os_prog_assemble("", op), 0);
}

static void there_and_back(void) {
  static char text[EXO_PROG_OPS * 48], again[sizeof text];
  uint64_t admitted = 0;
  for (int n = 0; n < 20'000; n++) {
    struct exo_prog_op op[32], back[EXO_PROG_OPS];
    struct exo_prog_input in[2] = {{packet, test_random(sizeof packet)}, {packet + 8, test_random(9)}};
    uint64_t count = 1 + test_random(32);
    for (uint64_t i = 0; i < count; i++) op[i] = prog_draw(count - 1 - i);
    if (prog_verify(op, count, 2, 32) != EXO_OK) continue;
    admitted++;
    prog_print(op, count, text, sizeof text);
    EQ(os_prog_assemble(text, back), (int64_t)count);
    EQ(prog_verify(back, count, 2, 32), EXO_OK);
    EQ(prog_run(op, count, in, 2), prog_run(back, count, in, 2));
    prog_print(back, count, again, sizeof again);
    CHECK(strcmp(text, again) == 0);
  }
  CHECK(admitted > 10'000);
}

// Whatever it is given, it reads no further than the text's end.
static void any_text(void) {
  static const char some[] = "r0123 in[]+:,\n#eqndladmovxhuyt8x\t";
  struct exo_prog_op op[EXO_PROG_OPS];
  for (int n = 0; n < 100'000; n++) {
    uint64_t length = test_random(64);
    char *text = malloc(length + 1); // of just that size: the sanitizer sees each byte beyond
    for (uint64_t i = 0; i < length; i++) text[i] = some[test_random(sizeof some - 1)];
    text[length] = 0;
    int count = os_prog_assemble(text, op);
    CHECK(count >= -65 && count <= EXO_PROG_OPS);
    free(text);
  }
}

const struct test asm_tests[] = {
    {"by hand", by_hand}, {"refused", refused}, {"there and back", there_and_back}, {"any text", any_text}, {},
};
