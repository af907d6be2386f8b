// frame.c: physical frames: kind, guard, account, counts. The caller names the frame, the core checks.
#include "core.h"

uint64_t frame_lock_wait(struct exo_frame_desc *d) {
  uint64_t state;
  while (!frame_try_lock(d, &state)) cpu_relax();
  return state;
}

exo_result claim_refused(exo_slot slot, struct exo_frame_desc *d, uint64_t state, uint64_t rights) {
  exo_result r = cap_check(env_self(), slot, d->guard, rights);
  frame_unlock(d, state);
  return r == EXO_OK ? EXO_NO_SLOT : r; // OK: the slot changed between two looks
}

exo_result frame_claim(exo_slot slot, exo_frame n, uint64_t rights, struct exo_frame_desc **d, uint64_t *state) {
  struct claim c = {.slot = slot, .frame = n, .rights = rights};
  exo_result r = claim_lock(&c);
  *d = c.desc;
  *state = c.state;
  return r;
}

void frame_clear(exo_frame n) { memset(frame_memory(n), 0, EXO_PAGE); }

// The last mapping gone, the frame may be written or executed again.
void frame_unmapped(exo_frame n) {
  struct exo_frame_desc *d = &frame_table()[n];
  uint64_t s = frame_lock(d);
  CHECK(s & EXO_STATE_MAPS);
  s -= 1ull << EXO_STATE_MAPS_SHIFT;
  if (!(s & EXO_STATE_MAPS)) s &= ~(EXO_STATE_WRITE | EXO_STATE_EXEC);
  frame_unlock(d, s);
}

// Who charges and who lowers the ceiling write first and look at the other's word then: one of the two sees the other.
bool account_charge(struct env *env, uint64_t frames) {
  uint64_t used = __atomic_fetch_add(&env->w.used, frames, __ATOMIC_SEQ_CST) + frames;
  if (used <= __atomic_load_n(&env->w.ceiling, __ATOMIC_SEQ_CST)) return true;
  __atomic_fetch_sub(&env->w.used, frames, __ATOMIC_SEQ_CST);
  return false;
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

// Takes the locks a new frame needs: the paying env's, if it is not the caller's own, and the frame's.
static exo_result take_lock(const struct exo_frame_take *a, struct exo_frame_desc *d, uint64_t *s, struct env **payer,
                            struct claim *foreign) {
  *payer = env_self();
  foreign->desc = nullptr;
  if (!a->env) {
    *s = frame_lock(d);
    return EXO_OK;
  }
  for (;;) {
    *payer = env_lock(a->env, &foreign->desc, &foreign->state);
    if (!*payer) return EXO_NO_ENV;
    if (foreign->desc == d) break; // an env frame is not free: the kind check will say so
    if (frame_try_lock(d, s)) break;
    claim_release(foreign);
    cpu_relax();
  }
  exo_result r = foreign->desc == d ? EXO_BUSY : cap_check(env_self(), a->slot, foreign->desc->guard, EXO_MANAGE);
  if (r == EXO_OK) return r;
  if (foreign->desc != d) frame_unlock(d, *s);
  claim_release(foreign);
  return r;
}

exo_result sys_frame_take(const struct exo_frame_take *a) {
  struct exo_frame_desc *d = frame_at(a->frame);
  struct env *payer;
  struct claim foreign;
  uint64_t s;
  if (!d) return EXO_NO_FRAME;
  exo_result r = cap_extends(env_self(), a->slot, a->guard);
  if (r == EXO_OK) r = cap_check(env_self(), a->slot, a->guard, EXO_MANAGE);
  if (r == EXO_OK) r = take_lock(a, d, &s, &payer, &foreign);
  if (r != EXO_OK) return r;
  if (exo_state_kind(s) != EXO_KIND_FREE)
    r = EXO_BUSY;
  else if (!account_charge(payer, 1))
    r = EXO_CEILING;
  if (foreign.desc) claim_release(&foreign);
  if (r != EXO_OK) {
    frame_unlock(d, s);
    return r;
  }
  if (s & EXO_STATE_DIRTY) frame_clear(a->frame);
  d->guard = a->guard;
  d->account = (uint32_t)payer->w.number;
  d->home = 0;
  frame_unlock(d, EXO_KIND_USER);
  return EXO_OK;
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
    d->guard = a->guard;
  frame_unlock(d, s);
  return r;
}

exo_result sys_frame_drop(const struct exo_frame_drop *a) {
  struct exo_frame_desc *d;
  uint64_t s;
  exo_result r = frame_claim(a->slot, a->frame, EXO_MANAGE, &d, &s);
  if (r != EXO_OK) return r;
  const struct env *dead = frame_memory(a->frame); // if it is one
  if (exo_state_kind(s) != EXO_KIND_USER && exo_state_kind(s) != EXO_KIND_ENV)
    r = EXO_KIND;
  else if (!state_idle(s) || (exo_state_kind(s) == EXO_KIND_ENV && (dead->w.alive || dead->w.used)))
    r = EXO_BUSY;
  if (r != EXO_OK) {
    frame_unlock(d, s);
    return r;
  }
  if (exo_state_kind(s) == EXO_KIND_ENV) __atomic_fetch_add(&env_self()->w.ceiling, dead->w.ceiling, __ATOMIC_RELAXED);
  struct env *payer = frame_memory(d->account);
  __atomic_fetch_sub(&payer->w.used, 1, __ATOMIC_RELAXED);
  d->account = 0;
  d->guard = 0;
  frame_unlock(d, EXO_KIND_FREE | EXO_STATE_DIRTY);
  return EXO_OK;
}

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
