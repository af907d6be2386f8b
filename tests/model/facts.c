// facts.c: a state of the model as a set of facts. Its digest is their sum, so that no order matters.
#include "model.h"

enum { FACTS = 4096 };
struct fact {
  uint64_t what, word[5]; // what: a letter
};

static struct fact *tell(struct fact *to, char what, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e) {
  *to = (struct fact){(uint64_t)what, {a, b, c, d, e}};
  return to + 1;
}

static struct fact *env_facts(const struct model_env *e, struct fact *to) {
  to = tell(to, 'E', e->frame, e->number, e->parent, e->alive, e->root);
  to = tell(to, 'A', e->frame, e->ceiling, e->status, e->by, e->floor);
  for (unsigned i = 0; i < MODEL_CPUS; i++)
    if (e->on[i].state) to = tell(to, 'P', e->frame, i, e->on[i].state, e->on[i].uarea, 0);
  for (unsigned i = 0; i < EXO_SLOTS; i++)
    if (e->slot[i].rights | e->slot[i].open)
      to = tell(to, 'S', e->frame, i, e->slot[i].name, e->slot[i].rights, e->slot[i].open);
  return to;
}

static size_t facts(const struct model *m, struct fact *const begin) {
  struct fact *to = begin;
  for (exo_frame n = 0; n < MODEL_FRAMES; n++) {
    const struct model_frame *f = &m->frame[n];
    if (f->kind == EXO_KIND_ABSENT) continue;
    to = tell(to, 'F', n, f->kind, f->guard, f->payer, f->kind == EXO_KIND_ENV ? f->generation : 0);
    if (f->level) to = tell(to, 'T', n, f->level, 0, 0, 0);
    if (f->written | f->fetched) to = tell(to, 'X', n, f->written, f->fetched, 0, 0);
  }
  for (unsigned i = 0; i < m->mappings; i++) {
    const struct model_mapping *p = &m->mapping[i];
    to = tell(to, 'M', p->table, p->page, p->frame, p->rights, p->kept);
  }
  for (unsigned i = 0; i < m->links; i++)
    to = tell(to, 'L', m->link[i].table, m->link[i].index, m->link[i].child, 0, 0);
  for (unsigned i = 0; i < MODEL_ENVS; i++)
    if (m->env[i].frame) to = env_facts(&m->env[i], to);
  for (unsigned i = 0; i < MODEL_CPUS; i++)
    for (unsigned k = 0; k < EXO_SLICES; k++) {
      const struct model_slice *s = &m->slice[i][k];
      to = tell(to, 'Z', i << 8 | k, s->env, s->guard, s->length, 0);
    }
  return (size_t)(to - begin);
}

static uint64_t fact_hash(const struct fact *f) {
  uint64_t h = f->what;
  for (unsigned i = 0; i < 5; i++) h = (h ^ f->word[i]) * 0x9E3779B97F4A7C15ull, h ^= h >> 29;
  return h * 0xBF58476D1CE4E5B9ull ^ h >> 31;
}

static struct fact list[2][FACTS];

uint64_t model_digest(const struct model *m) {
  uint64_t sum = 0;
  for (size_t i = facts(m, list[0]); i > 0; i--) sum += fact_hash(&list[0][i - 1]);
  return sum;
}

static void print_missing(const char *who, const struct fact *a, size_t count, const struct fact *b, size_t others) {
  for (size_t i = 0; i < count; i++) {
    size_t k = 0;
    while (k < others && fact_hash(&b[k]) != fact_hash(&a[i])) k++;
    if (k < others) continue;
    fprintf(stderr, "only the %s: %c", who, (int)a[i].what);
    for (unsigned w = 0; w < 5; w++) fprintf(stderr, " %llx", (unsigned long long)a[i].word[w]);
    fprintf(stderr, "\n");
  }
}

void model_compare(const struct model *core, const struct model *model) {
  size_t in_core = facts(core, list[0]), in_model = facts(model, list[1]);
  print_missing("core", list[0], in_core, list[1], in_model);
  print_missing("model", list[1], in_model, list[0], in_core);
}
