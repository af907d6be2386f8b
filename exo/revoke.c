// revoke.c: visible revocation. A holder of a prefix asks, with a deadline; past it the asker names what it takes, and
// what was taken is written down where the loser can read it. Nothing here waits for the loser, or trusts it.
#include "core.h"

// Something is asked for, and still there. The env frame is locked.
static bool is_open(const struct env *env) {
  const struct exo_revocation *r = &env->w.revocation;
  if (!r->deadline_ns) return false;
  if (r->what == EXO_REVOKE_SLICES) return r->slices;
  return __atomic_load_n(&env->w.used, __ATOMIC_SEQ_CST) > __atomic_load_n(&env->w.ceiling, __ATOMIC_SEQ_CST);
}

static bool is_due(const struct env *env) { return is_open(env) && arch_now_ns() >= env->w.revocation.deadline_ns; }

// Moves frames from one ceiling to another. What is in use of them is the debt that is asked for.
static exo_result ceiling_move(struct env *from, struct env *to, uint64_t count) {
  uint64_t ceiling = __atomic_load_n(&from->w.ceiling, __ATOMIC_SEQ_CST);
  do
    if (count > ceiling || ceiling - count < from->w.floor) return EXO_CEILING;
  while (!__atomic_compare_exchange_n(&from->w.ceiling, &ceiling, ceiling - count, false, __ATOMIC_SEQ_CST,
                                      __ATOMIC_SEQ_CST));
  __atomic_fetch_add(&to->w.ceiling, count, __ATOMIC_SEQ_CST);
  return EXO_OK;
}

exo_result sys_revoke(const struct exo_revoke *a) {
  uint64_t now = arch_now_ns();
  if (a->what > EXO_REVOKE_SLICES || !a->count || a->deadline_ns < now + EXO_REVOKE_NS) return EXO_RANGE;
  struct env *env;
  struct claim c;
  exo_result r = env_claim(a->slot, a->env, &env, &c);
  if (r != EXO_OK) return r;
  struct exo_revocation *request = &env->w.revocation;
  if (env == env_self())
    r = EXO_NO_ENV;
  else if (is_open(env) && request->deadline_ns > now)
    r = EXO_BUSY;
  else if (a->what != EXO_REVOKE_SLICES)
    r = ceiling_move(env, env_self(), a->count);
  if (r == EXO_OK) {
    uint64_t slices = a->what == EXO_REVOKE_SLICES ? a->count : 0;
    *request = (struct exo_revocation){a->deadline_ns, a->what, slices, env_self()->w.number};
    TRACE(REVOCATION, EXO_TRACE_REVOKED, a->env, a->count);
    env_tell(env, EXO_EVENT_REVOKE);
  }
  claim_release(&c, 0);
  return r;
}

void slice_given(exo_env number) {
  struct exo_frame_desc *d;
  uint64_t s;
  struct env *env = env_lock(number, &d, &s);
  if (!env) return;
  if (env->w.revocation.slices) env->w.revocation.slices--;
  frame_unlock(d, s);
}

// Into the repossession vector of an environment whose env frame is locked, and it is told.
static void note(struct env *env, uint64_t what, uint64_t name) {
  uint64_t n = env->w.taken_count;
  env->w.taken[n % EXO_TAKEN] = (struct exo_taken){what, name};
  __atomic_store_n(&env->w.taken_count, n + 1, __ATOMIC_RELEASE);
  TRACE(REVOCATION, EXO_TRACE_REPOSSESSED, env->w.number, name);
  env_tell(env, EXO_EVENT_TAKEN);
}

// An env frame may be waited for while a frame or a table is held: who holds one of those waits for neither.
void taken_note(exo_env number, uint64_t what, uint64_t name) {
  struct exo_frame_desc *d;
  uint64_t s;
  struct env *env = env_lock(number, &d, &s);
  if (!env) return;
  note(env, what, name);
  frame_unlock(d, s);
}

// Is this that environment's plain memory, used by nothing but mappings? The frame is locked.
static exo_result frame_check(exo_env number, const struct exo_frame_desc *d, uint64_t s) {
  if (d->account != (uint32_t)env_frame(number)) return EXO_DENIED;
  if (exo_state_kind(s) != EXO_KIND_USER) return EXO_KIND;
  return exo_state_pins(s) || exo_state_maps(s) > 1 || (!state_idle(s) && !d->home) ? EXO_BUSY : EXO_OK;
}

static bool of_class(uint64_t what, uint64_t s) {
  return what == EXO_REVOKE_ANY || !(s & EXO_STATE_WRITE) == (what == EXO_REVOKE_CLEAN);
}

// One try with a locked frame, which it frees if nothing maps it. Whether it is owed is looked at where it is taken:
// two who ask for the last of a debt do not both get one.
static exo_result frame_try(exo_env number, struct exo_frame_desc *d, uint64_t s, bool first) {
  exo_result r = frame_check(number, d, s);
  struct exo_frame_desc *env_desc;
  uint64_t env_state;
  struct env *env = r == EXO_OK ? env_lock(number, &env_desc, &env_state) : nullptr;
  if (!env) return r == EXO_OK ? EXO_NO_ENV : r;
  if (!is_due(env))
    r = EXO_EMPTY;
  else if (first && !of_class(env->w.revocation.what, s))
    r = EXO_KIND;
  else if (first)
    note(env, EXO_TAKEN_FRAME, frame_number(d)); // before it can fault there
  if (r == EXO_OK && state_idle(s)) frame_free(d);
  frame_unlock(env_desc, env_state);
  return r;
}

// Out of its one place, then out of its account. Between the two the owner may map it again on another CPU: a few more
// tries are cheaper for us than for it.
static exo_result frame_repossess(exo_env number, exo_frame n) {
  enum { TRIES = 16 };
  struct exo_frame_desc *d = frame_at(n);
  if (!d) return EXO_NO_FRAME;
  for (int i = 0; i < TRIES; i++) {
    uint64_t s = frame_lock(d), home = d->home;
    exo_result r = frame_try(number, d, s, i == 0);
    if (r == EXO_OK && state_idle(s)) return EXO_OK;
    frame_unlock(d, s);
    if (r != EXO_OK) return r;
    space_evict(home / 512, home % 512, n);
  }
  return EXO_BUSY;
}

// The env frame is locked; a CPU's slices are locked last.
static exo_result slice_repossess(struct env *env, uint64_t name) {
  uint64_t cpu = name >> 32, index = name & 0xFFFFFFFF;
  bool is_slice = cpu < machine_window.cpu_count && index < EXO_SLICES;
  if (!is_slice || !slice_take((unsigned)cpu, index, env->w.number)) return EXO_DENIED;
  env->w.revocation.slices--;
  note(env, EXO_TAKEN_SLICE, name);
  return EXO_OK;
}

exo_result sys_repossess(const struct exo_repossess *a) {
  struct env *env;
  struct claim c;
  exo_result r = env_claim(a->slot, a->env, &env, &c);
  if (r != EXO_OK) return r;
  exo_env number = env->w.number;
  bool frames = env->w.revocation.what != EXO_REVOKE_SLICES;
  if (!is_due(env))
    r = EXO_EMPTY;
  else if (!frames)
    r = slice_repossess(env, a->name);
  claim_release(&c, 0); // a frame is locked before an env frame
  return r == EXO_OK && frames ? frame_repossess(number, a->name) : r;
}
