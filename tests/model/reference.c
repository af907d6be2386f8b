// reference.c: every call as its manual page in call.def has it, in order of its checks. Nothing is counted that can be
// seen: how often a frame is mapped or pinned, and what an account has used, is looked up in the sets.
#include "reference.h"

// --- Names and capabilities

static bool bit(exo_name n, unsigned i) { return n >> (63 - i) & 1; }

static bool name_good(exo_name n) {
  unsigned length = n & 63;
  if (length > EXO_NAME_MAX) return false;
  for (unsigned i = length; i < EXO_NAME_MAX; i++)
    if (bit(n, i)) return false;
  return true;
}

static bool name_begins(exo_name n, exo_name longer) {
  if ((longer & 63) < (n & 63)) return false;
  for (unsigned i = 0; i < (n & 63); i++)
    if (bit(n, i) != bit(longer, i)) return false;
  return true;
}

int64_t reaches(struct call c, exo_slot slot, exo_name guard, exo_word rights) {
  if (slot >= EXO_SLOTS || !c.self->slot[slot].rights) return EXO_NO_SLOT;
  const struct model_slot *s = &c.self->slot[slot];
  return name_begins(s->name, guard) && (rights & s->rights) == rights ? EXO_OK : EXO_DENIED;
}

static int64_t extends(struct call c, exo_slot slot, exo_name name) {
  if (!name_good(name)) return EXO_NAME;
  int64_t r = reaches(c, slot, name, 0);
  return r == EXO_DENIED ? EXO_NAME : r;
}

// --- Frames and environments

struct model_frame *frame_of(struct model *m, exo_frame n) {
  return n < MODEL_FRAMES && m->frame[n].kind != EXO_KIND_ABSENT ? &m->frame[n] : nullptr;
}

int64_t frame_reached(struct call c, exo_slot slot, exo_frame n, exo_word rights) {
  const struct model_frame *f = frame_of(c.m, n);
  return f ? reaches(c, slot, f->guard, rights) : EXO_NO_FRAME;
}

static struct model_env *env_in(struct model *m, exo_frame frame) {
  for (unsigned i = 0; i < MODEL_ENVS; i++)
    if (m->env[i].frame == frame) return &m->env[i];
  return nullptr;
}

static struct model_env *env_of(struct call c, exo_env number) {
  for (unsigned i = 0; i < MODEL_ENVS; i++)
    if (c.m->env[i].frame && c.m->env[i].alive && c.m->env[i].number == number) return &c.m->env[i];
  return number ? nullptr : c.self;
}

static int64_t env_reached(struct call c, exo_slot slot, exo_env number, struct model_env **env) {
  *env = env_of(c, number);
  return *env ? reaches(c, slot, c.m->frame[(*env)->frame].guard, EXO_MANAGE) : EXO_NO_ENV;
}

bool mapped(const struct model *m, exo_frame n) {
  for (unsigned i = 0; i < m->mappings; i++)
    if (m->mapping[i].frame == n) return true;
  return false;
}

bool pinned(const struct model *m, exo_frame n) {
  for (const struct model_env *e = m->env; e < m->env + MODEL_ENVS; e++) {
    if (!e->frame || !e->alive) continue;
    if (e->root == n) return true;
    for (unsigned i = 0; i < MODEL_CPUS; i++)
      if (e->on[i].state && (e->on[i].state == n || e->on[i].uarea == n || e->on[i].uarea + 1 == n)) return true;
  }
  return false;
}

uint64_t model_used(const struct model *m, exo_frame payer) {
  uint64_t used = 0;
  for (exo_frame n = 0; n < MODEL_FRAMES; n++) used += m->frame[n].payer == payer;
  return used;
}

// A frame that may become something else.
int64_t plain(const struct model *m, exo_frame n) {
  if (m->frame[n].kind != EXO_KIND_USER) return EXO_KIND;
  return mapped(m, n) || pinned(m, n) ? EXO_BUSY : EXO_OK;
}

// --- Capability calls

int64_t on_cap_grant(struct call c, const struct exo_cap_grant *a) {
  if (a->slot >= EXO_SLOTS) return EXO_NO_SLOT;
  if (a->index >= EXO_SLOTS || !a->rights || a->rights & ~EXO_RIGHTS_ALL) return EXO_RANGE;
  struct model_env *env = env_of(c, a->env);
  const struct model_slot *from = &c.self->slot[a->slot];
  if (!env) return EXO_NO_ENV;
  if (!from->rights) return EXO_NO_SLOT;
  if ((EXO_GRANT | a->rights) & ~from->rights) return EXO_DENIED;
  if (!name_good(a->name) || !name_begins(from->name, a->name)) return EXO_NAME;
  if (!env->slot[a->index].open) return EXO_BUSY;
  env->slot[a->index] = (struct model_slot){a->name, a->rights, 0};
  return EXO_OK;
}

int64_t on_cap_drop(struct call c, const struct exo_cap_drop *a) {
  if (a->index >= EXO_SLOTS) return EXO_RANGE;
  struct model_env *env = env_of(c, a->env);
  if (!env) return EXO_NO_ENV;
  if (!env->slot[a->index].rights) return EXO_EMPTY;
  int64_t r = reaches(c, a->slot, env->slot[a->index].name, env == c.self ? 0 : EXO_MANAGE);
  if (r == EXO_OK) env->slot[a->index] = (struct model_slot){};
  return r;
}

int64_t on_cap_open(struct call c, const struct exo_cap_open *a) {
  if (a->index >= EXO_SLOTS || a->open > 1) return EXO_RANGE;
  if (c.self->slot[a->index].rights) return EXO_BUSY;
  c.self->slot[a->index].open = a->open;
  return EXO_OK;
}

// --- Frame calls

int64_t on_frame_take(struct call c, const struct exo_frame_take *a) {
  struct model_frame *f = frame_of(c.m, a->frame);
  struct model_env *payer = env_of(c, a->env);
  if (!f) return EXO_NO_FRAME;
  int64_t r = extends(c, a->slot, a->guard);
  if (r == EXO_OK) r = reaches(c, a->slot, a->guard, EXO_MANAGE);
  if (r != EXO_OK) return r;
  if (!payer) return EXO_NO_ENV;
  if (payer->frame == a->frame) return EXO_BUSY;
  if (a->env) r = reaches(c, a->slot, c.m->frame[payer->frame].guard, EXO_MANAGE);
  if (r != EXO_OK) return r;
  if (f->kind != EXO_KIND_FREE) return EXO_BUSY;
  if (model_used(c.m, payer->frame) >= payer->ceiling) return EXO_CEILING;
  f->kind = EXO_KIND_USER;
  f->guard = a->guard;
  f->payer = (uint32_t)payer->frame;
  return EXO_OK;
}

int64_t on_frame_guard(struct call c, const struct exo_frame_guard *a) {
  int64_t r = extends(c, a->slot, a->guard);
  if (r == EXO_OK) r = frame_reached(c, a->slot, a->frame, EXO_GUARD);
  if (r != EXO_OK) return r;
  uint8_t kind = c.m->frame[a->frame].kind;
  if (kind == EXO_KIND_FREE || kind == EXO_KIND_WINDOW || kind == EXO_KIND_KERNEL) return EXO_KIND;
  c.m->frame[a->frame].guard = a->guard;
  return EXO_OK;
}

int64_t on_frame_drop(struct call c, const struct exo_frame_drop *a) {
  int64_t r = frame_reached(c, a->slot, a->frame, EXO_MANAGE);
  if (r != EXO_OK) return r;
  struct model_frame *f = &c.m->frame[a->frame];
  if (f->kind != EXO_KIND_USER && f->kind != EXO_KIND_ENV) return EXO_KIND;
  if (mapped(c.m, a->frame) || pinned(c.m, a->frame)) return EXO_BUSY;
  if (f->kind == EXO_KIND_ENV) {
    struct model_env *env = env_in(c.m, a->frame);
    if (env->alive || model_used(c.m, a->frame)) return EXO_BUSY;
    c.self->ceiling += env->ceiling;
    *env = (struct model_env){};
  }
  *f = (struct model_frame){.kind = EXO_KIND_FREE, .generation = f->generation + 1};
  return EXO_OK;
}

// --- Environments

int64_t on_env_create(struct call c, const struct exo_env_create *a) {
  int64_t r = extends(c, a->slot, a->guard);
  if (r == EXO_OK) r = frame_reached(c, a->slot, a->frame, EXO_MANAGE);
  if (r == EXO_OK) r = plain(c.m, a->frame);
  if (r != EXO_OK) return r;
  struct model_frame *f = &c.m->frame[a->frame];
  struct model_env *env = env_in(c.m, 0);
  f->kind = EXO_KIND_ENV;
  f->guard = a->guard;
  f->generation = (f->generation + 1) & 0x7FFFFF;
  *env = (struct model_env){.frame = a->frame, .alive = true, .parent = c.self->number};
  env->number = a->frame | (uint64_t)f->generation << 40;
  for (unsigned i = 0; i < EXO_SLOTS; i++) env->slot[i].open = 1;
  return (int64_t)env->number;
}

int64_t on_env_cpu(struct call c, const struct exo_env_cpu *a) {
  const exo_frame n[3] = {a->state, a->uarea, a->uarea + 1};
  struct model_env *env;
  if (a->cpu >= MODEL_CPUS) return EXO_RANGE;
  if (!frame_of(c.m, n[0]) || !frame_of(c.m, n[1]) || !frame_of(c.m, n[2])) return EXO_NO_FRAME;
  if (n[0] == n[1] || n[0] == n[2]) return EXO_KIND;
  int64_t r = env_reached(c, a->slot, a->env, &env);
  if (r != EXO_OK) return r;
  if (env->frame == n[0] || env->frame == n[1] || env->frame == n[2]) return EXO_KIND;
  if (env->on[a->cpu].state) return EXO_BUSY;
  for (unsigned i = 0; i < 3; i++) {
    const struct model_frame *f = &c.m->frame[n[i]];
    r = reaches(c, a->slot, f->guard, EXO_MANAGE);
    if (r != EXO_OK) return r;
    if (f->kind != EXO_KIND_USER || f->fetched) return EXO_KIND;
    if (pinned(c.m, n[i]) || (i == 0 && mapped(c.m, n[i]))) return EXO_BUSY;
  }
  env->on[a->cpu].state = a->state;
  env->on[a->cpu].uarea = a->uarea;
  c.m->frame[n[0]].kind = EXO_KIND_ENV_CPU;
  c.m->frame[n[1]].kind = c.m->frame[n[2]].kind = EXO_KIND_UAREA;
  return EXO_OK;
}

int64_t on_env_space(struct call c, const struct exo_env_space *a) {
  struct model_env *env;
  const struct model_frame *root = frame_of(c.m, a->root);
  if (!root) return EXO_NO_FRAME;
  int64_t r = env_reached(c, a->slot, a->env, &env);
  if (r == EXO_OK && env->frame == a->root) return EXO_KIND;
  if (r == EXO_OK) r = reaches(c, a->slot, root->guard, EXO_MANAGE);
  if (r != EXO_OK) return r;
  if (root->kind != EXO_KIND_TABLE || root->level != MODEL_LEVELS - 1) return EXO_KIND;
  if (env->root) return EXO_BUSY;
  env->root = a->root;
  return EXO_OK;
}

int64_t on_env_start(struct call c, const struct exo_env_start *a) {
  struct model_env *env;
  int64_t r = env_reached(c, a->slot, a->env, &env);
  if (r != EXO_OK) return r;
  return a->cpu < MODEL_CPUS && env->on[a->cpu].state && env->root ? EXO_OK : EXO_EMPTY;
}

int64_t on_env_ceiling(struct call c, const struct exo_env_ceiling *a) {
  struct model_env *env;
  int64_t r = env_reached(c, a->slot, a->env, &env);
  if (r != EXO_OK) return r;
  if (env == c.self) return EXO_NO_ENV;
  if (a->floor && (a->floor < env->floor || a->floor > a->ceiling)) return EXO_RANGE;
  bool gains = a->ceiling > env->ceiling;
  struct model_env *giver = gains ? c.self : env, *taker = gains ? env : c.self;
  uint64_t difference = gains ? a->ceiling - env->ceiling : env->ceiling - a->ceiling;
  if (difference > giver->ceiling || giver->ceiling - difference < model_used(c.m, giver->frame)) return EXO_CEILING;
  giver->ceiling -= difference;
  taker->ceiling += difference;
  if (a->floor) env->floor = a->floor;
  return EXO_OK;
}

int64_t on_env_stop(struct call c, const struct exo_env_stop *a) {
  struct model_env *env = c.self;
  bool own = a->env == 0 || a->env == c.self->number;
  int64_t r = own ? EXO_OK : env_reached(c, a->slot, a->env, &env);
  if (r != EXO_OK) return r;
  for (unsigned i = 0; i < MODEL_CPUS; i++) {
    for (unsigned k = 0; k < EXO_SLICES; k++)
      if (c.m->slice[i][k].env == env->number) c.m->slice[i][k].env = 0;
    if (!env->on[i].state) continue;
    c.m->frame[env->on[i].state].kind = EXO_KIND_USER;
    c.m->frame[env->on[i].uarea].kind = c.m->frame[env->on[i].uarea + 1].kind = EXO_KIND_USER;
    env->on[i].state = env->on[i].uarea = 0;
  }
  env->alive = false;
  env->root = 0;
  env->status = a->status;
  env->by = c.self->number;
  c.m->frame[env->frame].generation |= 1u << 31;
  return own ? MODEL_AWAY : EXO_OK;
}

// --- Time, console, and what does nothing here

int64_t on_slice_set(struct call c, const struct exo_slice_set *a) {
  const uint64_t shortest = 50'000, longest = 1'000'000'000;
  if (a->cpu >= MODEL_CPUS || a->index >= EXO_SLICES) return EXO_RANGE;
  if (a->length_ns && (a->length_ns < shortest || a->length_ns > longest)) return EXO_RANGE;
  int64_t r = extends(c, a->slot, a->guard);
  if (r != EXO_OK) return r;
  const struct model_env *env = a->env ? env_of(c, a->env) : nullptr;
  if (a->env && (!env || !env->on[a->cpu].state)) return EXO_NO_ENV;
  struct model_slice *s = &c.m->slice[a->cpu][a->index];
  r = reaches(c, a->slot, s->guard, EXO_MANAGE);
  if (r == EXO_OK) *s = (struct model_slice){a->env, a->guard, a->length_ns};
  return r;
}

int64_t on_console_write(struct call c, const struct exo_console_write *a) {
  if (a->port > EXO_PORT_RESULTS || a->length > 24) return EXO_RANGE;
  return reaches(c, a->slot, a->port == EXO_PORT_RESULTS ? EXO_GUARD_RESULTS : EXO_GUARD_CONSOLE_OUT, EXO_WRITE);
}
int64_t on_console_read(struct call c, const struct exo_console_read *a) {
  int64_t r = reaches(c, a->slot, EXO_GUARD_CONSOLE_IN, EXO_READ);
  return r == EXO_OK ? EXO_EMPTY : r; // nobody types
}
int64_t on_machine_exit(struct call c, const struct exo_machine_exit *a) {
  int64_t r = reaches(c, a->slot, EXO_GUARD_EXIT, EXO_WRITE);
  return r == EXO_OK ? MODEL_AWAY : r;
}
int64_t on_null(struct call, const struct exo_null *a) { return (int64_t)(a->echo & INT64_MAX); }
int64_t on_batch(struct call, const struct exo_batch *a) { // of empty entries: the first null is done, and so on
  return a->count > EXO_BATCH ? EXO_RANGE : (int64_t)a->count;
}
int64_t on_resume(struct call, const struct exo_resume *a) { return a->record > 1 ? EXO_RANGE : MODEL_AWAY; }
int64_t on_yield(struct call, const struct exo_yield *) { return MODEL_AWAY; }

// Only who may: what the points do is not in the model.
int64_t on_debug_set(struct call c, const struct exo_debug_set *a) {
  exo_word kind = a->control % 256, length = a->control / 256;
  bool execute = kind == EXO_EXEC && length == 1, data = kind == EXO_WRITE || kind == (EXO_READ | EXO_WRITE);
  bool size = length == 1 || length == 2 || length == 4 || length == 8;
  const uint64_t points = 4, end = (1ull << 47) - EXO_PAGE;
  if (a->index >= points) return EXO_RANGE;
  if (a->control && !execute && !(data && size)) return EXO_RANGE;
  if (a->control && (a->address % length || a->address >= end)) return EXO_RANGE;
  struct model_env *env = env_of(c, a->env);
  if (!env) return EXO_NO_ENV;
  int64_t r = env == c.self ? EXO_OK : reaches(c, a->slot, c.m->frame[env->frame].guard, EXO_MANAGE);
  if (r != EXO_OK) return r;
  return a->cpu < MODEL_CPUS && env->on[a->cpu].state ? EXO_OK : EXO_EMPTY;
}

// Who runs when, and what is asked back by when, is not in the model: these calls are not made in lockstep.
#define ELSEWHERE(name)                                                                                                \
  int64_t on_##name(struct call, const struct exo_##name *) { return MODEL_AWAY; }
ELSEWHERE(gate)
ELSEWHERE(gate_reply)
ELSEWHERE(message)
ELSEWHERE(ring)
ELSEWHERE(predicate_set)
ELSEWHERE(wait)
ELSEWHERE(revoke)
ELSEWHERE(repossess)
ELSEWHERE(table_join)
ELSEWHERE(age)

int64_t model_call(struct model *m, exo_env self, uint64_t number, const uint64_t argument[EXO_CALL_WORDS]) {
  struct call c = {m, env_of((struct call){m, nullptr}, self)};
  switch (number) {
#define EXO_CALL(n, name, ...)                                                                                         \
  case n: return on_##name(c, (const struct exo_##name *)argument);
#include <exo/call.def>
#undef EXO_CALL
  default: return EXO_NO_CALL;
  }
}
