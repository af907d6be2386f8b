// revoke.c: visible revocation. A holder of a prefix asks, with a deadline; past it the asker names what it takes, and
// what was taken is written down where the loser can read it. Nothing here waits for the loser, or trusts it.
#include "core.h"

static bool is_open(const struct env *env) { // something is asked for, and still there
  const struct exo_revocation *r = &env->w.revocation;
  if (!r->deadline_ns) return false;
  if (r->what == EXO_REVOKE_SLICES) return r->slices;
  return __atomic_load_n(&env->w.used, __ATOMIC_SEQ_CST) > __atomic_load_n(&env->w.ceiling, __ATOMIC_SEQ_CST);
}

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

// An env frame may be waited for while a frame or a table is held: who holds one of those waits for neither.
void taken_note(exo_env number, uint64_t what, uint64_t name) {
  struct exo_frame_desc *d;
  uint64_t s;
  struct env *env = env_lock(number, &d, &s);
  if (!env) return;
  uint64_t n = env->w.taken_count;
  env->w.taken[n % EXO_TAKEN] = (struct exo_taken){what, name};
  __atomic_store_n(&env->w.taken_count, n + 1, __ATOMIC_RELEASE);
  TRACE(REVOCATION, EXO_TRACE_REPOSSESSED, number, name);
  env_tell(env, EXO_EVENT_TAKEN);
  frame_unlock(d, s);
}

// Is this that environment's plain memory, used by nothing but mappings? The frame is locked.
static exo_result frame_check(const struct env *env, const struct exo_frame_desc *d, uint64_t s) {
  if (d->account != (uint32_t)env_frame(env->w.number)) return EXO_DENIED;
  if (exo_state_kind(s) != EXO_KIND_USER) return EXO_KIND;
  return exo_state_pins(s) || exo_state_maps(s) > 1 ? EXO_BUSY : EXO_OK;
}

static bool of_class(uint64_t what, uint64_t s) {
  return what == EXO_REVOKE_ANY || !(s & EXO_STATE_WRITE) == (what == EXO_REVOKE_CLEAN);
}

// Out of its one place, then out of its account. Between the two the owner may map it again on another CPU: a few more
// tries are cheaper for us than for it.
static exo_result frame_repossess(const struct env *env, exo_frame n) {
  enum { TRIES = 16 };
  struct exo_frame_desc *d = frame_at(n);
  if (!d) return EXO_NO_FRAME;
  for (int i = 0; i < TRIES; i++) {
    uint64_t s = frame_lock(d), home = d->home;
    exo_result r = frame_check(env, d, s);
    if (r == EXO_OK && i == 0 && !of_class(env->w.revocation.what, s)) r = EXO_KIND;
    if (r == EXO_OK && !state_idle(s) && !home) r = EXO_BUSY;
    if (r == EXO_OK && i == 0) taken_note(env->w.number, EXO_TAKEN_FRAME, n); // before it can fault there
    if (r == EXO_OK && state_idle(s)) {
      frame_free(d);
      return EXO_OK;
    }
    frame_unlock(d, s);
    if (r != EXO_OK) return r;
    space_evict(home / 512, home % 512, n);
  }
  return EXO_BUSY;
}

static exo_result take_one(const struct env *env, uint64_t name) {
  const struct exo_revocation *request = &env->w.revocation;
  if (!is_open(env) || arch_now_ns() < request->deadline_ns) return EXO_EMPTY;
  if (request->what != EXO_REVOKE_SLICES) return frame_repossess(env, name);
  uint64_t cpu = name >> 32, index = name & 0xFFFFFFFF;
  bool is_slice = cpu < machine_window.cpu_count && index < EXO_SLICES;
  if (!is_slice || !slice_take((unsigned)cpu, index, env->w.number)) return EXO_DENIED;
  slice_given(env->w.number);
  taken_note(env->w.number, EXO_TAKEN_SLICE, name);
  return EXO_OK;
}

exo_result sys_repossess(const struct exo_repossess *a) {
  struct cpu *cpu = arch_self();
  struct env *env;
  struct claim c;
  exo_result r = env_claim(a->slot, a->env, &env, &c);
  if (r != EXO_OK) return r;
  claim_release(&c, 0); // nobody waits for a frame while holding another: from here on the probe holds the environment
  env = env_probe(cpu, env->w.number);
  r = env ? take_one(env, a->name) : EXO_NO_ENV;
  probe_end(cpu);
  return r;
}
