// env.c: environments: create, give them CPUs and a space, start, stop.
#include "core.h"

struct env *env_lock(exo_env number, struct exo_frame_desc **d, uint64_t *state) {
  struct env *env = number ? env_at(number) : env_self();
  if (!env) return nullptr;
  *d = &frame_table()[number ? env_frame(number) : env_frame(env->w.number)];
  *state = frame_lock(*d);
  if (!number || env_at(number) == env) return env;
  frame_unlock(*d, *state); // it ended meanwhile
  return nullptr;
}

exo_result sys_env_create(const struct exo_env_create *a) {
  struct exo_frame_desc *d;
  uint64_t s;
  exo_result r = cap_extends(env_self(), a->slot, a->guard);
  if (r == EXO_OK) r = frame_claim(a->slot, a->frame, EXO_MANAGE, &d, &s);
  if (r != EXO_OK) return r;
  if (exo_state_kind(s) != EXO_KIND_USER)
    r = EXO_KIND;
  else if (!state_idle(s))
    r = EXO_BUSY;
  if (r != EXO_OK) {
    frame_unlock(d, s);
    return r;
  }
  frame_clear(a->frame);
  struct env *env = frame_memory(a->frame);
  env->w.version = 1;
  env->w.alive = 1;
  env->w.parent = env_self()->w.number;
  uint32_t generation = (d->generation + 1) & GENERATION_MASK;
  __atomic_store_n(&d->generation, generation, __ATOMIC_RELAXED);
  env->w.number = a->frame | (uint64_t)generation << 40;
  for (int i = 0; i < EXO_SLOTS; i++) env->w.slot[i].open = 1;
  __atomic_store_n(&d->guard, a->guard, __ATOMIC_RELAXED);
  frame_unlock(d, EXO_KIND_ENV);
  return (exo_result)env->w.number;
}

exo_result env_claim(exo_slot slot, exo_env number, struct env **env, struct claim *c) {
  *env = env_lock(number, &c->desc, &c->state);
  if (!*env) return EXO_NO_ENV;
  exo_result r = cap_check(env_self(), slot, c->desc->guard, EXO_MANAGE);
  if (r != EXO_OK) claim_release(c, 0);
  return r;
}

// Tries to lock the three frames of a presence; on failure none is locked.
static bool try_three(struct exo_frame_desc *const d[3], uint64_t s[3]) {
  for (int i = 0; i < 3; i++) {
    if (frame_try_lock(d[i], &s[i])) continue;
    while (i-- > 0) frame_unlock(d[i], s[i]);
    return false;
  }
  return true;
}

static exo_result presence_check(const struct exo_env_cpu *a, struct exo_frame_desc *const d[3], const uint64_t s[3]) {
  for (int i = 0; i < 3; i++) {
    exo_result r = cap_check(env_self(), a->slot, d[i]->guard, EXO_MANAGE);
    if (r != EXO_OK) return r;
    if (exo_state_kind(s[i]) != EXO_KIND_USER || s[i] & EXO_STATE_EXEC) return EXO_KIND;
    if (exo_state_pins(s[i]) || (i == 0 && !state_idle(s[i]))) return EXO_BUSY;
  }
  return EXO_OK;
}

static void presence_make(struct env *env, const struct exo_env_cpu *a) {
  frame_clear(a->state);
  struct env_cpu *ec = frame_memory(a->state);
  ec->env = env;
  ec->uarea = frame_memory(a->uarea);
  ec->uarea->cpu = a->cpu;
  ec->uarea->env = env->w.number;
  env->w.state_frame[a->cpu] = a->state;
  env->uarea_frame[a->cpu] = a->uarea;
  __atomic_fetch_or(&env->w.cpus, 1ull << a->cpu, __ATOMIC_RELEASE);
}

exo_result sys_env_cpu(const struct exo_env_cpu *a) {
  struct exo_frame_desc *const d[3] = {frame_at(a->state), frame_at(a->uarea), frame_at(a->uarea + 1)};
  struct env *env;
  struct claim c;
  uint64_t s[3];
  if (a->cpu >= machine_window.cpu_count) return EXO_RANGE;
  if (!d[0] || !d[1] || !d[2]) return EXO_NO_FRAME;
  if (d[0] == d[1] || d[0] == d[2]) return EXO_KIND;
  for (;;) {
    exo_result r = env_claim(a->slot, a->env, &env, &c);
    if (r != EXO_OK) return r;
    if (c.desc == d[0] || c.desc == d[1] || c.desc == d[2]) {
      claim_release(&c, 0);
      return EXO_KIND;
    }
    if (try_three(d, s)) break;
    claim_release(&c, 0);
    cpu_relax();
  }
  exo_result r = env_on(env, (unsigned)a->cpu) ? EXO_BUSY : presence_check(a, d, s);
  if (r == EXO_OK) {
    presence_make(env, a);
    s[0] = EXO_KIND_ENV_CPU | 1ull << EXO_STATE_PINS_SHIFT;
    for (int i = 1; i < 3; i++) s[i] = (s[i] & ~EXO_STATE_KIND) | EXO_KIND_UAREA | 1ull << EXO_STATE_PINS_SHIFT;
  }
  for (int i = 0; i < 3; i++) frame_unlock(d[i], s[i]);
  claim_release(&c, 0);
  return r;
}

exo_result sys_env_space(const struct exo_env_space *a) {
  struct exo_frame_desc *root = frame_at(a->root);
  struct env *env;
  struct claim c;
  uint64_t s;
  if (!root) return EXO_NO_FRAME;
  for (;;) {
    exo_result r = env_claim(a->slot, a->env, &env, &c);
    if (r != EXO_OK) return r;
    if (c.desc == root) {
      claim_release(&c, 0);
      return EXO_KIND;
    }
    if (frame_try_lock(root, &s)) break;
    claim_release(&c, 0);
    cpu_relax();
  }
  exo_result r = cap_check(env_self(), a->slot, root->guard, EXO_MANAGE);
  if (r == EXO_OK && (exo_state_kind(s) != EXO_KIND_TABLE || exo_state_level(s) != PTE_LEVELS - 1)) r = EXO_KIND;
  bool full = exo_state_pins(s) == EXO_STATE_PINS >> EXO_STATE_PINS_SHIFT;
  if (r == EXO_OK && (env->w.root || full)) r = EXO_BUSY;
  if (r == EXO_OK) {
    env->w.root = a->root;
    s += 1ull << EXO_STATE_PINS_SHIFT;
  }
  frame_unlock(root, s);
  claim_release(&c, 0);
  return r;
}

exo_result sys_env_start(const struct exo_env_start *a) {
  struct env *env;
  struct claim c;
  exo_result r = env_claim(a->slot, a->env, &env, &c);
  if (r != EXO_OK) return r;
  struct env_cpu *ec = env_on(env, a->cpu < EXO_MAX_CPUS ? (unsigned)a->cpu : EXO_MAX_CPUS);
  if (!ec || !env->w.root) r = EXO_EMPTY;
  bool wakes = r == EXO_OK && ec->ready != ENV_READY;
  if (wakes) ec->ready = ENV_READY;
  claim_release(&c, 0);
  if (wakes) smp_kick((unsigned)a->cpu);
  return r;
}

exo_result sys_env_ceiling(const struct exo_env_ceiling *a) {
  struct env *env, *self = env_self();
  struct claim c;
  exo_result r = env_claim(a->slot, a->env, &env, &c);
  if (r != EXO_OK) return r;
  // What one loses the other gains: by difference, since either may be giving to others on another CPU meanwhile.
  uint64_t old = __atomic_load_n(&env->w.ceiling, __ATOMIC_RELAXED);
  bool gains = a->ceiling > old, floor_wrong = a->floor && (a->floor < env->w.floor || a->floor > a->ceiling);
  uint64_t difference = gains ? a->ceiling - old : old - a->ceiling;
  if (env == self)
    r = EXO_NO_ENV;
  else if (floor_wrong)
    r = EXO_RANGE;
  else if (!account_lower(gains ? self : env, difference))
    r = EXO_CEILING;
  else
    __atomic_fetch_add(gains ? &env->w.ceiling : &self->w.ceiling, difference, __ATOMIC_SEQ_CST);
  if (r == EXO_OK && a->floor) env->w.floor = a->floor;
  claim_release(&c, 0);
  return r;
}

static void obituary_write(struct env *env, uint64_t cause, uint64_t address, const struct arch_frame *f, exo_env by) {
  struct exo_obituary *o = &env->w.obituary;
  *o = (struct exo_obituary){.address = address, .by = by, .cpu = arch_self()->index};
  if (f) {
    static_assert(sizeof *f <= sizeof o->reg);
    struct arch_frame copy = *f;
    o->pc = *arch_frame_pc(&copy);
    o->sp = *arch_frame_sp(&copy);
    memcpy(o->reg, f, sizeof *f);
  }
  __atomic_store_n(&o->cause, cause, __ATOMIC_RELEASE);
}

// Waits until no other CPU runs `env`. A CPU whose own environment has ended meanwhile lets go of it first: two
// environments may be stopping each other, and each must get to the end of it.
static void wait_until_off(const struct env *env) {
  struct cpu *self = arch_self();
  for (unsigned i = 0; i < machine_window.cpu_count; i++) {
    struct cpu *cpu = cpu_at(i);
    if (cpu == self) continue;
    // The probe first: a picker sets `env` before it clears the probe.
    while (__atomic_load_n(&cpu->probe, __ATOMIC_SEQ_CST) == env ||
           __atomic_load_n(&cpu->env, __ATOMIC_SEQ_CST) == env) {
      smp_cross(i);
      if (self->env && !env_alive(self->env)) slice_leave();
    }
  }
}

static void frame_unpin(exo_frame n) {
  struct exo_frame_desc *d = &frame_table()[n];
  uint64_t s = frame_lock(d) - (1ull << EXO_STATE_PINS_SHIFT);
  if (exo_state_kind(s) == EXO_KIND_ENV_CPU) frame_clear(n); // nobody needs to know where the kernel lies
  if (exo_state_kind(s) == EXO_KIND_ENV_CPU || exo_state_kind(s) == EXO_KIND_UAREA)
    s = (s & ~EXO_STATE_KIND) | EXO_KIND_USER;
  frame_unlock(d, s);
}

static void presence_undo(struct env *env) {
  for (unsigned i = 0; i < EXO_MAX_CPUS; i++) {
    if (!env_on(env, i)) continue;
    gate_end(env_on(env, i), i);
    frame_unpin(env->w.state_frame[i]);
    frame_unpin(env->uarea_frame[i]);
    frame_unpin(env->uarea_frame[i] + 1);
  }
  __atomic_store_n(&env->w.cpus, 0, __ATOMIC_RELAXED);
  if (env->w.root) frame_unpin(env->w.root);
  env->w.root = 0;
}

void env_tell(const struct env *env, uint64_t bits) {
  for (unsigned i = 0; i < EXO_MAX_CPUS; i++) {
    struct env_cpu *ec = env_on(env, i);
    if (ec) upcall_event(ec, i, bits);
  }
}

static void tell_parent(exo_env number) {
  struct exo_frame_desc *d;
  uint64_t s;
  struct env *parent = number ? env_lock(number, &d, &s) : nullptr;
  if (!parent) return;
  env_tell(parent, EXO_EVENT_OBITUARY);
  frame_unlock(d, s);
}

[[noreturn]] static void machine_end(const struct exo_obituary *o) {
  if (o->cause != EXO_CAUSE_STOPPED)
    panic("the first environment ended: cause %lu, address %lx, pc %lx", o->cause, o->address, o->pc);
  print_port(EXO_PORT_RESULTS, "END %lu 0 0 -\n", o->address);
  arch_power_off(ARCH_EXIT_CLEAN);
}

// What an environment ended of, for its obituary.
struct end {
  uint64_t cause, address;
  const struct arch_frame *f;
  exo_env by;
};

// Ends an environment that is alive and whose env frame is locked: until the lock goes it can not end, and until the
// pin goes its frame can not be dropped. On return it runs nowhere; if it was the caller's own, this CPU is idle.
static void end_locked(struct env *env, struct exo_frame_desc *d, uint64_t s, const struct end *end) {
  __atomic_store_n(&env->w.alive, 0, __ATOMIC_SEQ_CST);
  __atomic_store_n(&d->generation, d->generation | GENERATION_ENDED, __ATOMIC_RELAXED);
  obituary_write(env, end->cause, end->address, end->f, end->by);
  frame_unlock(d, s + (1ull << EXO_STATE_PINS_SHIFT)); // pinned until the end is complete
  if (!env->w.parent) machine_end(&env->w.obituary);
  for (unsigned i = 0; i < EXO_MAX_CPUS; i++)
    if (env_on(env, i)) env_on(env, i)->ready = ENV_STOPPED;
  slice_forget(env);
  if (arch_self()->env == env) slice_leave();
  wait_until_off(env);
  presence_undo(env);
  TRACE(REVOCATION, EXO_TRACE_ENDED, env->w.number, end->cause);
  exo_env parent = env->w.parent;
  frame_unpin(frame_number(d));
  tell_parent(parent);
}

// Ends the environment that runs here: its frame can not go away.
void env_end(struct env *env, uint64_t cause, uint64_t address, const struct arch_frame *f, exo_env by) {
  struct exo_frame_desc *d = &frame_table()[env_frame(env->w.number)];
  uint64_t s = frame_lock(d);
  if (env->w.alive)
    end_locked(env, d, s, &(struct end){cause, address, f, by});
  else
    frame_unlock(d, s);
}

exo_result sys_env_stop(const struct exo_env_stop *a) {
  struct env *self = env_self(), *env = self;
  if (a->env && a->env != self->w.number) {
    struct claim c;
    exo_result r = env_claim(a->slot, a->env, &env, &c);
    if (r != EXO_OK) return r;
    end_locked(env, c.desc, c.state, &(struct end){EXO_CAUSE_STOPPED, a->status, nullptr, self->w.number});
  } else
    env_end(self, EXO_CAUSE_STOPPED, a->status, nullptr, self->w.number);
  if (arch_self()->env != self || !env_alive(self)) slice_next();
  return EXO_OK;
}
