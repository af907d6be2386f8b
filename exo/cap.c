// cap.c: capabilities: names, rights, slots; grant, drop, the one guard check.
//
// A slot is read without a lock by its owner's calls (cap_rights in core.h); whoever changes one holds its env frame's
// lock.
#include "core.h"

enum : uint64_t { VERSION_ONE = 1ull << 32 };

exo_result cap_check(const struct env *env, exo_slot slot, exo_name guard, uint64_t rights) {
  uint64_t held = cap_rights(env, slot, guard);
  if (held && !(rights & ~held)) return EXO_OK;
  bool empty = slot >= EXO_SLOTS || !(__atomic_load_n(&env->w.slot[slot].rights, __ATOMIC_RELAXED) & CAP_RIGHTS);
  return empty ? EXO_NO_SLOT : EXO_DENIED;
}

exo_result cap_extends(const struct env *env, exo_slot slot, exo_name name) {
  if (!exo_name_valid(name)) return EXO_NAME;
  exo_result r = cap_check(env, slot, name, 0);
  return r == EXO_DENIED ? EXO_NAME : r;
}

// Every change: rights first go to none, the version moves on, the new rights come last.
static void slot_write(struct exo_slot_window *s, exo_name name, uint64_t rights, uint64_t open) {
  uint64_t version = (s->rights & ~CAP_RIGHTS) + VERSION_ONE;
  __atomic_store_n(&s->rights, version, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_RELEASE);
  __atomic_store_n(&s->name, name, __ATOMIC_RELAXED);
  __atomic_store_n(&s->mask, exo_name_mask(name), __ATOMIC_RELAXED);
  __atomic_store_n(&s->open, open, __ATOMIC_RELAXED);
  __atomic_store_n(&s->rights, version | rights, __ATOMIC_RELEASE);
}

// May the caller's slot give this out?
static exo_result grant_check(const struct exo_cap_grant *a) {
  exo_result r = cap_check(env_self(), a->slot, a->name, EXO_GRANT | a->rights);
  if (r == EXO_NO_SLOT) return r;
  uint64_t held = __atomic_load_n(&env_self()->w.slot[a->slot].rights, __ATOMIC_RELAXED);
  if ((EXO_GRANT | a->rights) & ~held) return EXO_DENIED;
  return r == EXO_OK && exo_name_valid(a->name) ? EXO_OK : EXO_NAME;
}

// The caller's slot is looked at under the receiver's lock: who has dropped it and then sweeps finds what it gave out.
exo_result sys_cap_grant(const struct exo_cap_grant *a) {
  if (a->slot >= EXO_SLOTS) return EXO_NO_SLOT;
  if (a->index >= EXO_SLOTS || a->rights == 0 || a->rights & ~EXO_RIGHTS_ALL) return EXO_RANGE;
  struct exo_frame_desc *d;
  uint64_t state;
  struct env *env = env_lock(a->env, &d, &state);
  if (!env) return EXO_NO_ENV;
  struct exo_slot_window *to = &env->w.slot[a->index];
  exo_result r = grant_check(a);
  if (r == EXO_OK && (!to->open || to->rights & CAP_RIGHTS)) r = EXO_BUSY;
  if (r == EXO_OK) slot_write(to, a->name, a->rights, 0);
  frame_unlock(d, state);
  return r;
}

exo_result sys_cap_drop(const struct exo_cap_drop *a) {
  if (a->index >= EXO_SLOTS) return EXO_RANGE;
  struct exo_frame_desc *d;
  uint64_t state;
  struct env *env = env_lock(a->env, &d, &state);
  if (!env) return EXO_NO_ENV;
  struct exo_slot_window *s = &env->w.slot[a->index];
  uint64_t needs = env == env_self() ? 0 : EXO_MANAGE; // peers that share a name do not take it from each other
  exo_result r = s->rights & CAP_RIGHTS ? cap_check(env_self(), a->slot, s->name, needs) : EXO_EMPTY;
  if (r == EXO_OK) slot_write(s, 0, 0, 0);
  frame_unlock(d, state);
  return r;
}

exo_result sys_cap_open(const struct exo_cap_open *a) {
  if (a->index >= EXO_SLOTS || a->open > 1) return EXO_RANGE;
  struct exo_frame_desc *d;
  uint64_t state;
  struct env *env = env_lock(0, &d, &state);
  struct exo_slot_window *s = &env->w.slot[a->index];
  bool empty = !(s->rights & CAP_RIGHTS);
  if (empty) slot_write(s, 0, 0, a->open);
  frame_unlock(d, state);
  return empty ? EXO_OK : EXO_BUSY;
}
