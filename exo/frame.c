// frame.c: physical frames: kind, guard, account, counts. The caller names the frame, the core checks.
#include "core.h"

uint64_t frame_lock_wait(struct exo_frame_desc *d) {
  uint64_t state;
  while (!frame_try_lock(d, &state)) cpu_relax();
  return state;
}

exo_result claim_refused(exo_slot slot, exo_frame frame, struct exo_frame_desc *d, uint64_t rights,
                         const void *argument, uint64_t number) {
  if (!d && !frame_at(frame)) return EXO_NO_FRAME;
  if (!d) {
    cpu_relax();
    return call_dispatch(argument, number);
  }
  exo_result r = cap_check(env_self(), slot, d->guard, rights);
  frame_unlock(d, frame_state(d));
  return r == EXO_OK ? EXO_NO_SLOT : r; // OK: the slot changed between two looks
}

exo_result frame_claim(exo_slot slot, exo_frame n, uint64_t rights, struct exo_frame_desc **d, uint64_t *state) {
  *d = frame_at(n);
  if (!*d) return EXO_NO_FRAME;
  *state = frame_lock(*d);
  exo_result r = cap_check(env_self(), slot, (*d)->guard, rights);
  if (r != EXO_OK) frame_unlock(*d, *state);
  return r;
}

bool account_lower(struct env *env, uint64_t frames) {
  uint64_t ceiling = __atomic_load_n(&env->w.ceiling, __ATOMIC_SEQ_CST);
  do
    if (frames > ceiling) return false;
  while (!__atomic_compare_exchange_n(&env->w.ceiling, &ceiling, ceiling - frames, false, __ATOMIC_SEQ_CST,
                                      __ATOMIC_SEQ_CST));
  if (__atomic_load_n(&env->w.used, __ATOMIC_SEQ_CST) <= ceiling - frames) return true;
  __atomic_fetch_add(&env->w.ceiling, frames, __ATOMIC_SEQ_CST);
  return false;
}

// The second half of taking a frame, which is locked, for an account.
static inline exo_result take(const struct exo_frame_take *a, struct exo_frame_desc *d, uint64_t state,
                              struct env *payer) {
  exo_result r = exo_state_kind(state) != EXO_KIND_FREE ? EXO_BUSY : account_charge(payer, 1) ? EXO_OK : EXO_CEILING;
  if (RARELY(r != EXO_OK)) {
    frame_unlock(d, state);
    return r;
  }
  if (state & EXO_STATE_DIRTY) frame_clear(a->frame);
  __atomic_store_n(&d->guard, a->guard, __ATOMIC_RELAXED);
  d->account = (uint32_t)payer->w.number;
  d->home = 0;
  frame_unlock(d, EXO_KIND_USER);
  return EXO_OK;
}

// For another environment: its env frame is locked meanwhile, so that it can not end before the frame is its own.
[[gnu::noinline]] static exo_result take_for(const struct exo_frame_take *a, struct exo_frame_desc *d) {
  struct exo_frame_desc *env;
  uint64_t state, env_state;
  for (;;) {
    struct env *payer = env_lock(a->env, &env, &env_state);
    if (!payer) return EXO_NO_ENV;
    exo_result r = env == d ? EXO_BUSY : cap_check(env_self(), a->slot, env->guard, EXO_MANAGE);
    bool mine = r == EXO_OK && frame_try_lock(d, &state);
    if (mine) r = take(a, d, state, payer);
    frame_unlock(env, env_state);
    if (mine || r != EXO_OK) return r;
    cpu_relax();
  }
}

// May the slot give out this name, and manage what bears it?
[[gnu::cold, gnu::noinline]] static exo_result take_why(const struct exo_frame_take *a) {
  exo_result r = cap_extends(env_self(), a->slot, a->guard);
  return r == EXO_OK ? EXO_DENIED : r;
}

exo_result sys_frame_take(const struct exo_frame_take *a) {
  struct exo_frame_desc *d = frame_at(a->frame);
  uint64_t state;
  if (RARELY(!d)) return EXO_NO_FRAME;
  if (RARELY(!exo_name_valid(a->guard))) return take_why(a);
  if (RARELY(!(cap_rights(env_self(), a->slot, a->guard) & EXO_MANAGE))) return take_why(a);
  if (a->env) return take_for(a, d);
  if (RARELY(!frame_try_lock(d, &state))) {
    cpu_relax();
    return call_dispatch((const uint64_t *)a, EXO_CALL_frame_take);
  }
  return take(a, d, state, env_self());
}

exo_result sys_frame_guard(const struct exo_frame_guard *a) {
  struct exo_frame_desc *d;
  uint64_t s;
  exo_result r = cap_extends(env_self(), a->slot, a->guard);
  if (r == EXO_OK) r = frame_claim(a->slot, a->frame, EXO_GUARD, &d, &s);
  if (r != EXO_OK) return r;
  if (exo_state_kind(s) == EXO_KIND_FREE || exo_state_kind(s) >= EXO_KIND_WINDOW)
    r = EXO_KIND;
  else
    __atomic_store_n(&d->guard, a->guard, __ATOMIC_RELAXED);
  frame_unlock(d, s);
  return r;
}

// An environment that has ended and has no frame left gives its ceiling to who drops it.
[[gnu::noinline]] static exo_result drop_check(const struct claim *c) {
  const struct env *dead = frame_memory(c->frame);
  if (exo_state_kind(c->state) != EXO_KIND_USER && exo_state_kind(c->state) != EXO_KIND_ENV) return EXO_KIND;
  if (!state_idle(c->state)) return EXO_BUSY;
  if (exo_state_kind(c->state) == EXO_KIND_USER) return EXO_OK;
  if (dead->w.alive || __atomic_load_n(&dead->w.used, __ATOMIC_ACQUIRE)) return EXO_BUSY;
  __atomic_fetch_add(&env_self()->w.ceiling, dead->w.ceiling, __ATOMIC_RELAXED);
  return EXO_OK;
}

static inline void release(struct exo_frame_desc *d) {
  struct env *payer = frame_memory(d->account);
  __atomic_fetch_sub(&payer->w.used, 1, __ATOMIC_SEQ_CST);
  d->account = 0;
  __atomic_store_n(&d->guard, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&d->generation, d->generation + 1, __ATOMIC_RELAXED); // who waits for a word of it is told
  frame_unlock(d, EXO_KIND_FREE | EXO_STATE_DIRTY);
}

exo_result sys_frame_drop(const struct exo_frame_drop *a) {
  struct claim c = {.slot = a->slot, .frame = a->frame, .rights = EXO_MANAGE};
  if (!claim_lock(&c)) return CLAIM_REFUSED(c, a, frame_drop);
  bool plain = (c.state & (EXO_STATE_KIND | EXO_STATE_MAPS | EXO_STATE_PINS)) == EXO_KIND_USER;
  exo_result r = plain ? EXO_OK : drop_check(&c);
  if (r != EXO_OK) {
    claim_release(&c, 0);
    return r;
  }
  release(c.desc);
  return EXO_OK;
}

void frame_free(struct exo_frame_desc *d) { release(d); }

static void frame_fill(const struct exo_boot_range *range) {
  static const uint64_t state[] = {
      [EXO_USE_FREE] = EXO_KIND_FREE | EXO_STATE_DIRTY,
      [EXO_USE_KERNEL] = EXO_KIND_KERNEL,
      [EXO_USE_FIRMWARE] = EXO_KIND_KERNEL,
      [EXO_USE_ARCHIVE] = EXO_KIND_USER,
      [EXO_USE_APP] = EXO_KIND_USER,
  };
  bool app = range->use == EXO_USE_ARCHIVE || range->use == EXO_USE_APP;
  struct exo_frame_desc d = {
      .state = state[range->use], .guard = app ? EXO_GUARD_FIRST : 0, .account = app ? (uint32_t)boot->spare_frame : 0};
  struct exo_frame_desc *to = &frame_table()[range->first], *end = to + range->count;
  for (; to < end; to++) *to = d;
}

// The frames that hold the descriptors become a window.
static void frame_window_range(const struct exo_boot_table *t, uint64_t i) {
  machine_window.range[i].first = t->first_frame;
  machine_window.range[i].count = t->frame_count;
  machine_window.range[i].table = t->table_frame;
  for (uint64_t f = t->table_frame; f < t->table_frame + t->frame_count / 128; f++) {
    frame_table()[f].state = EXO_KIND_WINDOW;
    frame_table()[f].guard = EXO_GUARD_WINDOW;
  }
}

void frame_init(void) {
  machine_window.frame_count = boot->frame_table_count;
  uint64_t total = 0;
  for (uint32_t i = 0; i < boot->range_count; i++) {
    frame_fill(&boot->range[i]);
    total += boot->range[i].count;
    if (boot->range[i].use == EXO_USE_FREE) machine_window.free_at_start += boot->range[i].count;
    if (boot->range[i].use == EXO_USE_KERNEL) machine_window.kernel_frames += boot->range[i].count;
  }
  if (boot->table_count > EXO_WINDOW_RANGES)
    panic("memory lies in %u pieces; at most 32 are supported", boot->table_count);
  machine_window.range_count = boot->table_count;
  for (uint32_t i = 0; i < boot->table_count; i++) frame_window_range(&boot->table[i], i);
  CHECK(total <= machine_window.frame_count);
  // Under protection: the kernel's own image and root are nobody's to take.
  CHECK(exo_state_kind(frame_at(boot->root_physical >> EXO_PAGE_BITS)->state) == EXO_KIND_KERNEL);
  CHECK(exo_state_kind(frame_at(boot->kernel_physical >> EXO_PAGE_BITS)->state) == EXO_KIND_KERNEL);
}
