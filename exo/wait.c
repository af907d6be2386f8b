// wait.c: sleep until an event bit or a predicate: a small verified program (prog.h) over words of memory that the
// sleeper may read. It is looked at on the sleeper's own CPU only: so its copy is never read while it is replaced.
#include "core.h"

static bool readable(uint64_t kind) {
  return kind == EXO_KIND_USER || kind == EXO_KIND_UAREA || kind == EXO_KIND_WINDOW || kind == EXO_KIND_ENV;
}

// Reads a word if its frame is still the one that was meant and its slot still gives the right to.
static bool word_read(const struct env *env, const struct exo_predicate_word *w, uint64_t *value) {
  const struct exo_frame_desc *d = frame_at(w->frame);
  if (!d || __atomic_load_n(&d->generation, __ATOMIC_RELAXED) != w->generation) return false;
  if (!(cap_rights(env, w->slot, guard_of(d)) & EXO_READ)) return false;
  if (!readable(exo_state_kind(state_of(d)))) return false;
  *value = __atomic_load_n((const uint64_t *)frame_memory(w->frame) + w->offset / 8, __ATOMIC_ACQUIRE);
  return __atomic_load_n(&d->generation, __ATOMIC_RELAXED) == w->generation; // it was not taken away meanwhile
}

exo_result wait_look(const struct env_cpu *ec) {
  uint64_t value[EXO_PREDICATE_WORDS];
  struct exo_prog_input input[EXO_PREDICATE_WORDS];
  if (!ec->ops) return 0;
  for (uint32_t i = 0; i < ec->words; i++) {
    if (!word_read(ec->env, &ec->predicate.word[i], &value[i])) return EXO_WAIT_LOST;
    input[i] = (struct exo_prog_input){&value[i], sizeof value[i]};
  }
  return prog_run(ec->predicate.op, ec->ops, input, ec->words) ? EXO_WAIT_TRUE : 0;
}

// Which frames are meant is settled now, by what they are and by who owns them.
static exo_result words_settle(const struct env *env, struct exo_predicate *p, uint64_t words) {
  for (uint64_t i = 0; i < words; i++) {
    struct exo_predicate_word *w = &p->word[i];
    const struct exo_frame_desc *d = frame_at(w->frame);
    if (!d) return EXO_NO_FRAME;
    if (w->offset >= EXO_PAGE || w->offset % 8) return EXO_RANGE;
    w->generation = __atomic_load_n(&d->generation, __ATOMIC_RELAXED);
    exo_result r = cap_check(env, w->slot, guard_of(d), EXO_READ);
    if (r != EXO_OK) return r;
    if (!readable(exo_state_kind(state_of(d)))) return EXO_KIND;
  }
  return EXO_OK;
}

exo_result sys_predicate_set(const struct exo_predicate_set *a) {
  struct env_cpu *ec = arch_self()->env_cpu;
  if (a->words > EXO_PREDICATE_WORDS || a->ops > EXO_PREDICATE_OPS) return EXO_RANGE;
  struct exo_predicate copy; // another CPU may write the page meanwhile
  memcpy(&copy, ec->uarea->batch, sizeof copy);
  exo_result r = words_settle(ec->env, &copy, a->words);
  if (r == EXO_OK && a->ops) r = prog_verify(copy.op, a->ops, a->words, EXO_PREDICATE_OPS);
  if (r != EXO_OK) return r;
  ec->predicate = copy;
  ec->words = (uint32_t)a->words;
  ec->ops = (uint32_t)a->ops;
  return EXO_OK;
}

exo_result sys_wait(const struct exo_wait *a) {
  struct cpu *cpu = arch_self();
  struct env_cpu *self = cpu->env_cpu;
  exo_result why;
  self->deadline_ns = a->deadline_ns ? a->deadline_ns : ~0ull;
  self->armed = self->ops;
  self->ready = ENV_ASLEEP; // first: who changes a word after this rings, and who changed it before is seen
  if (__atomic_load_n(&self->uarea->pending, __ATOMIC_SEQ_CST))
    why = EXO_WAIT_EVENT;
  else if (self->armed && (why = wait_look(self)))
    ;
  else if (self->deadline_ns <= arch_now_ns())
    why = EXO_WAIT_PASSED;
  else
    slice_sleep(cpu, a->to);
  self->ready = ENV_READY;
  return why;
}
