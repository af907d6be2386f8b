// prog.c: the assembler of the kernel's bytecode. It knows the shapes of instructions; what may stand where is the
// verifier's business.
#include <os/prog.h>

struct text {
  const char *at;
  struct exo_prog_op *op;
  int count, line;
  struct jump { // the label that an instruction goes to, until it is met
    const char *name;
    int length, line;
  } jump[EXO_PROG_OPS];
};

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == ','; }
static bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static void skip_space(struct text *t) {
  while (is_space(*t->at)) t->at++;
  if (*t->at == '#')
    while (*t->at && *t->at != '\n') t->at++;
}

static int word(struct text *t, const char **begin) { // 0: there is none
  skip_space(t);
  *begin = t->at;
  while (is_word(*t->at)) t->at++;
  return (int)(t->at - *begin);
}

static bool take(struct text *t, char c) { return *t->at == c ? t->at++, true : false; }

static bool number(struct text *t, uint32_t *value) {
  const char *s;
  int length = word(t, &s), base = 10;
  if (length > 2 && s[0] == '0' && s[1] == 'x') s += 2, length -= 2, base = 16;
  uint64_t n = 0;
  for (int i = 0; i < length; i++) {
    int letter = (s[i] | 32) - 'a', digit = s[i] <= '9' ? s[i] - '0' : letter + 10;
    if (digit < 0 || digit >= base) return false;
    n = n * (uint64_t)base + (uint64_t)digit;
    if (n > UINT32_MAX) return false;
  }
  *value = (uint32_t)n;
  return length != 0;
}

// A letter or two, and a digit: r3, in0.
static bool numbered(struct text *t, const char *letters, uint8_t limit, uint8_t *n) {
  skip_space(t);
  const char *s = t->at;
  for (; *letters; letters++, s++)
    if (*s != *letters) return false;
  if (*s < '0' || *s >= '0' + limit || is_word(s[1])) return false;
  *n = (uint8_t)(*s - '0');
  t->at = s + 1;
  return true;
}
static bool reg(struct text *t, uint8_t *n) { return numbered(t, "r", EXO_PROG_REGISTERS, n); }

static bool operand(struct text *t, struct exo_prog_op *op) { // a register, or a number
  if (reg(t, &op->b)) return true;
  op->b = EXO_PROG_VALUE;
  return number(t, &op->value);
}

static bool place(struct text *t, struct exo_prog_op *op) { // in0[4], in0[r2], in0[r2+4]
  if (!numbered(t, "in", EXO_PROG_INPUTS, &op->a) || !take(t, '[')) return false;
  bool by_register = reg(t, &op->b);
  if (!by_register) op->b = EXO_PROG_VALUE;
  if ((!by_register || take(t, '+')) && !number(t, &op->value)) return false;
  return take(t, ']');
}

static bool target(struct text *t) {
  struct jump *j = &t->jump[t->count];
  j->line = t->line;
  return (j->length = word(t, &j->name)) != 0;
}

static bool operands(struct text *t, struct exo_prog_op *op) {
  if (op->code == EXO_PROG_END) {
    if (reg(t, &op->a)) return true;
    op->b = EXO_PROG_VALUE;
    return number(t, &op->value);
  }
  if (op->code >= EXO_PROG_EQ) return reg(t, &op->a) && operand(t, op) && target(t);
  if (!reg(t, &op->to)) return false;
  if (op->code == EXO_PROG_MOVE) return operand(t, op);
  if (op->code < EXO_PROG_MOVE) return place(t, op);
  if (!reg(t, &op->a)) return false;
  return op->code == EXO_PROG_HIGH ? number(t, &op->value) : operand(t, op);
}

static bool same(const char *s, int length, const char *name, int name_length, char fold) {
  if (length != name_length) return false;
  for (int i = 0; i < length; i++)
    if ((s[i] | fold) != (name[i] | fold)) return false;
  return true;
}

static bool code_of(const char *s, int length, uint8_t *code) {
#define NAME(name, does) {#name, sizeof #name - 1},
  static const struct {
    char name[8];
    int length;
  } names[] = {EXO_PROG_CODES(NAME)};
#undef NAME
  for (*code = 0; *code < EXO_PROG_CODES_END; ++*code)
    if (same(s, length, names[*code].name, names[*code].length, 32)) return true;
  return false;
}

static void label(struct text *t, const char *name, int length) { // whoever waits for it jumps here
  for (int i = 0; i < t->count; i++) {
    struct jump *j = &t->jump[i];
    if (!j->length || !same(name, length, j->name, j->length, 0)) continue;
    t->op[i].to = (uint8_t)(t->count - i - 1);
    j->length = 0;
  }
}

static bool one_line(struct text *t) {
  const char *s;
  int length = word(t, &s);
  if (length && take(t, ':')) {
    label(t, s, length);
    length = word(t, &s);
  }
  if (length) {
    if (t->count == EXO_PROG_OPS) return false;
    struct exo_prog_op op = {};
    t->jump[t->count] = (struct jump){};
    if (!code_of(s, length, &op.code) || !operands(t, &op)) return false;
    t->op[t->count++] = op;
  }
  skip_space(t);
  return !*t->at || *t->at == '\n';
}

int os_prog_assemble(const char *text, struct exo_prog_op op[EXO_PROG_OPS]) {
  struct text t = {.at = text, .op = op, .line = 1};
  for (;; t.at++, t.line++) {
    if (!one_line(&t)) return -t.line;
    if (!*t.at) break;
  }
  for (int i = 0; i < t.count; i++)
    if (t.jump[i].length) return -t.jump[i].line; // it goes nowhere
  return t.count;
}
