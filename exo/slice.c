// slice.c: processor time as a vector of slices. Position gives latency, length gives share; a slice whose owner is not
// ready, or that nobody owns, is lent to the first environment found ready. The tick arrives here.
#include "core.h"

static void slices_lock(struct cpu *cpu) {
  while (__atomic_exchange_n(&cpu->slice_lock, 1, __ATOMIC_ACQUIRE)) cpu_relax();
}
static void slices_unlock(struct cpu *cpu) { __atomic_store_n(&cpu->slice_lock, 0, __ATOMIC_RELEASE); }
// A slice as one sees it who has not locked its CPU's.
static exo_env slice_env(const struct slice *s) { return __atomic_load_n(&s->env, __ATOMIC_RELAXED); }
static uint64_t slice_length(const struct slice *s) { return __atomic_load_n(&s->length_ns, __ATOMIC_RELAXED); }

void slice_init(struct cpu *cpu, unsigned index) {
  cpu->index = index;
  cpu->bits = 1ull << index | 1ull << (index + EXO_HOME_REMEMBERS);
  for (int i = 0; i < EXO_SLICES; i++) cpu->slice[i] = (struct slice){.guard = EXO_GUARD_SLICE};
  cpu->slice_now = EXO_SLICES - 1;
}

// Is the predicate true that this one sleeps for? A search among many sleepers looks at some; the others have their
// turn when the cursor comes by again.
static bool looks_true(struct cpu *cpu, const struct env_cpu *ec) {
  if (!ec->armed || !cpu->looks) return false;
  cpu->looks--;
  return wait_look(ec);
}

// The environment's presence here, if it is ready, probed.
static struct env_cpu *slice_ready(struct cpu *cpu, exo_env number) {
  const struct env *env = env_probe(cpu, number);
  struct env_cpu *ec = env ? env_on(env, cpu->index) : nullptr;
  if (!ec) return nullptr;
  if (ec->ready == ENV_ASLEEP && (ec->deadline_ns <= arch_now_ns() || looks_true(cpu, ec)))
    upcall_event(ec, cpu->index, EXO_EVENT_WAKE);
  return ec->ready == ENV_READY ? ec : nullptr;
}

// --- Switching

// Keeps what belongs to the environment that runs here.
static void env_save(struct cpu *cpu) {
  if (!cpu->env_cpu) return;
  arch_thread_save(cpu->env_cpu->thread);
  if (!cpu->live) return;
  if (cpu->live & LIVE_DEBUG) arch_debug_load(nullptr);
  if (cpu->live & LIVE_FP) {
    arch_fp_save(cpu->env_cpu->fp);
    arch_fp_off();
  }
  cpu->live = 0;
}

void slice_leave(void) {
  struct cpu *cpu = arch_self();
  space_load(0); // before anybody may think it is off this CPU
  env_save(cpu);
  if (!cpu->env_cpu) return;
  cpu->env_cpu = nullptr;
  cpu->arch.uarea = nullptr;
  __atomic_store_n(&cpu->env, nullptr, __ATOMIC_SEQ_CST);
  TRACE(SWITCH, 0, 0, 0);
}

// The probed environment becomes the running one.
static void env_switch(struct cpu *cpu, struct env_cpu *ec) {
  if (cpu->env_cpu != ec) {
    struct env *next = ec->env;
    space_load(next->w.root); // before anybody may think that the old one is off this CPU
    env_save(cpu);
    __atomic_store_n(&cpu->env, next, __ATOMIC_SEQ_CST);
    cpu->env_cpu = ec;
    cpu->arch.uarea = ec->uarea;
    arch_thread_load(ec->thread, ec->uarea->self);
    if (RARELY(__atomic_load_n(&ec->points, __ATOMIC_RELAXED))) debug_load(cpu);
    TRACE(SWITCH, cpu->slice_now, cpu->slice_end_ns, 0);
  }
  probe_end(cpu);
}

// Does nobody but this environment own time here? Then its slice needs no end, and the CPU no timer.
static bool sole_owner(const struct cpu *cpu, exo_env number) {
  for (int i = 0; i < EXO_SLICES; i++) {
    exo_env owner = slice_env(&cpu->slice[i]);
    if (owner && owner != number && slice_length(&cpu->slice[i])) return false;
  }
  return number;
}

// An endless slice gets an end: from here on it is as long as any.
[[gnu::cold, gnu::noinline]] static void slice_limit(struct cpu *cpu) {
  uint64_t length = slice_length(&cpu->slice[cpu->slice_now]);
  cpu->slice_end_ns = arch_now_ns() + (length > SLICE_MIN_NS ? length : SLICE_MIN_NS);
  arch_timer_set(cpu->slice_end_ns);
}

void slice_pass(struct cpu *cpu, struct env_cpu *to) {
  if (RARELY(cpu->slice_end_ns == ~0ull)) slice_limit(cpu); // a guest does not stay for ever
  if (slice_env(&cpu->slice[cpu->slice_now]) == to->env->w.number) cpu->lent = false;
  env_switch(cpu, to);
}

// --- Choosing

// Lent time is the owner's of an eager slice as soon as it wakes. Few slices are: `eager` is the set of them.
static struct env_cpu *eager_ready(struct cpu *cpu) {
  const struct slice *s = cpu->slice;
  for (uint32_t set = __atomic_load_n(&cpu->eager, __ATOMIC_RELAXED); set; set >>= 1, s++) {
    exo_env number = set & 1 ? slice_env(s) : 0;
    struct env_cpu *ec = number ? slice_ready(cpu, number) : nullptr;
    if (ec) return ec;
  }
  return nullptr;
}
static bool runs_eager(const struct cpu *cpu) {
  const struct slice *s = cpu->slice;
  for (uint32_t set = __atomic_load_n(&cpu->eager, __ATOMIC_RELAXED); set; set >>= 1, s++)
    if (set & 1 && slice_env(s) == cpu->env->w.number) return true;
  return false;
}

// The first ready environment from the cursor on. nullptr: nobody is ready on this CPU.
static struct env_cpu *lend(struct cpu *cpu) {
  for (int i = 0; i < EXO_SLICES; i++) {
    cpu->lend_cursor = (cpu->lend_cursor + 1) % EXO_SLICES;
    exo_env number = cpu->slice[cpu->lend_cursor].env;
    struct env_cpu *ec = number ? slice_ready(cpu, number) : nullptr;
    if (ec) return ec;
  }
  return nullptr;
}

// What a slice is worth this turn: debt is paid first.
static uint64_t slice_worth(struct slice *s) {
  uint64_t paid = s->debt_ns < s->length_ns ? s->debt_ns : s->length_ns;
  s->debt_ns -= paid;
  return s->length_ns - paid;
}

// The next slice in turn whose time somebody can use; nullptr: nobody is ready. A turn may do no more than pay debts:
// one turn pays all of them.
static struct env_cpu *pick(struct cpu *cpu) {
  for (unsigned k = 1; k <= 2 * EXO_SLICES; k++) {
    unsigned i = (cpu->slice_now + k) % EXO_SLICES;
    struct slice *s = &cpu->slice[i];
    if (!s->length_ns) continue;
    struct env_cpu *owner = s->env ? slice_ready(cpu, s->env) : nullptr, *ec = owner ? owner : lend(cpu);
    if (!ec) return nullptr;
    uint64_t worth = slice_worth(s);
    if (worth < SLICE_MIN_NS) continue;
    cpu->slice_now = i;
    cpu->lent = !owner;
    cpu->slice_begun_ns = arch_now_ns();
    cpu->slice_end_ns = owner && sole_owner(cpu, s->env) ? ~0ull : cpu->slice_begun_ns + worth;
    return ec;
  }
  return nullptr;
}

// The deadline of a slice's sleeping owner; ~0: none.
static uint64_t owner_deadline(struct cpu *cpu, const struct slice *s) {
  exo_env number = slice_env(s);
  const struct env *env = number ? env_probe(cpu, number) : nullptr;
  const struct env_cpu *ec = env ? env_on(env, cpu->index) : nullptr;
  uint64_t deadline = ec && ec->ready == ENV_ASLEEP ? ec->deadline_ns : ~0ull;
  probe_end(cpu);
  return deadline;
}

// The earliest deadline of those who have time here: an idle CPU wakes for it.
static uint64_t next_deadline(struct cpu *cpu) {
  uint64_t first = ~0ull;
  for (int i = 0; i < EXO_SLICES; i++) {
    uint64_t deadline = slice_length(&cpu->slice[i]) ? owner_deadline(cpu, &cpu->slice[i]) : ~0ull;
    if (deadline < first) first = deadline;
  }
  return first;
}

// Lent time ends when the slice's owner wakes, or an eager one's. Others who wake meanwhile wait for their turn: a
// timer set for them would fire again and again until then.
static void timer_arm(struct cpu *cpu, uint64_t at_ns) {
  uint64_t deadline = cpu->lent ? owner_deadline(cpu, &cpu->slice[cpu->slice_now]) : ~0ull;
  uint32_t set = cpu->lent && !runs_eager(cpu) ? __atomic_load_n(&cpu->eager, __ATOMIC_RELAXED) : 0;
  for (const struct slice *s = cpu->slice; set; set >>= 1, s++) {
    if (deadline < at_ns) at_ns = deadline;
    deadline = set & 1 ? owner_deadline(cpu, s) : ~0ull;
  }
  arch_timer_set(deadline < at_ns ? deadline : at_ns);
}

// Lent time whose owner is ready again goes on as the owner's, and else as an eager one's.
static struct env_cpu *regain(struct cpu *cpu) {
  exo_env number = cpu->slice[cpu->slice_now].env;
  if (!cpu->lent || cpu->slice_end_ns < arch_now_ns() + SLICE_MIN_NS) return nullptr;
  struct env_cpu *owner = number ? slice_ready(cpu, number) : nullptr, *ec = owner ? owner : eager_ready(cpu);
  if (owner) cpu->lent = false;
  if (ec) cpu->grace = false;
  return ec;
}

// What the last runner took beyond its slice is its slice's debt, at most one turn.
static void slice_close(struct cpu *cpu) {
  uint64_t now = arch_now_ns();
  struct slice *s = &cpu->slice[cpu->slice_now];
  if (cpu->slice_end_ns && now > cpu->slice_end_ns) s->debt_ns += now - cpu->slice_end_ns;
  if (s->debt_ns > s->length_ns) s->debt_ns = s->length_ns;
  cpu->slice_end_ns = 0;
  cpu->grace = false;
}

[[noreturn]] void slice_next(void) {
  enum { LOOKS = 4 };
  struct cpu *cpu = arch_self();
  for (;;) {
    cpu->looks = LOOKS;
    slices_lock(cpu);
    struct env_cpu *ec = regain(cpu);
    if (!ec) {
      slice_close(cpu);
      ec = pick(cpu);
    }
    slices_unlock(cpu);
    if (ec) {
      env_switch(cpu, ec); // first: timer_arm moves the probe that holds it
      timer_arm(cpu, cpu->slice_end_ns);
      upcall_run(cpu);
      continue; // it has ended
    }
    probe_end(cpu);
    slice_leave();
    arch_timer_set(next_deadline(cpu));
    arch_idle();
  }
}

bool slice_over(struct cpu *cpu) {
  exo_env owner = slice_env(&cpu->slice[cpu->slice_now]);
  if (cpu->slice_end_ns == ~0ull && !sole_owner(cpu, cpu->env->w.number)) slice_limit(cpu);
  if (arch_now_ns() >= cpu->slice_end_ns) return true;
  bool waits = cpu->lent && ((owner && slice_ready(cpu, owner)) || (!runs_eager(cpu) && eager_ready(cpu)));
  probe_end(cpu);
  return waits;
}

void slice_preempt(struct arch_frame *f) {
  struct cpu *cpu = arch_self();
  struct exo_uarea *u = cpu->arch.uarea;
  if (!cpu->grace) {
    cpu->grace = true;
    cpu->grace_end_ns = arch_now_ns() + SLICE_GRACE_NS;
    __atomic_fetch_or(&u->pending, EXO_EVENT_SLICE_END, __ATOMIC_RELEASE);
    arch_timer_set(cpu->grace_end_ns);
    TRACE(REVOCATION, EXO_TRACE_ASKED, cpu->grace_end_ns, 0);
    if (upcall_deliver(f)) return;
  } else if (arch_now_ns() < cpu->grace_end_ns) { // asked already, and something else came in between
    arch_timer_set(cpu->grace_end_ns);
    return;
  }
  u->forced.regs = *f;
  u->forced.busy = 1;
  cpu->env_cpu->ready = ENV_READY; // likewise
  TRACE(REVOCATION, EXO_TRACE_TAKEN, *arch_frame_pc(f), 0);
  slice_next();
}

void core_tick(struct arch_frame *f) {
  struct cpu *cpu = arch_self();
  cpu->ticks++;
  TRACE(INTERRUPT, EXO_TRACE_TIMER, 0, 0);
  if (!f) return;
  if (slice_over(cpu)) {
    slice_preempt(f);
    return;
  }
  cpu->grace = false; // who wanted its lent time back does not any more
  timer_arm(cpu, cpu->slice_end_ns);
  upcall_poll(f);
}

bool slice_take(unsigned index, uint64_t position, exo_env from) {
  struct cpu *cpu = cpu_at(index);
  slices_lock(cpu);
  bool mine = cpu->slice[position].env == from;
  if (mine) __atomic_store_n(&cpu->slice[position].env, 0, __ATOMIC_RELAXED);
  slices_unlock(cpu);
  if (mine) smp_kick(index);
  return mine;
}

void slice_forget(const struct env *env) {
  for (unsigned i = 0; i < machine_window.cpu_count; i++) {
    struct cpu *cpu = cpu_at(i);
    slices_lock(cpu);
    for (int k = 0; k < EXO_SLICES; k++)
      if (cpu->slice[k].env == env->w.number) __atomic_store_n(&cpu->slice[k].env, 0, __ATOMIC_RELAXED);
    slices_unlock(cpu);
  }
}

void slice_sleep(struct cpu *cpu, exo_env to) {
  struct env_cpu *self = cpu->env_cpu, *next = to && !cpu->grace ? slice_ready(cpu, to) : nullptr;
  if (to && to == self->gate_callee) self->gate_waits = true;
  self->uarea->masked = 0; // nothing of it is left that an entry at its gate could disturb
  if (next && next != self) {
    slice_pass(cpu, next);
    upcall_run(cpu);
  }
  slice_next();
}

exo_result sys_yield(const struct exo_yield *a) {
  struct cpu *cpu = arch_self();
  struct env_cpu *self = cpu->env_cpu;
  self->armed = false;
  self->ready = ENV_READY; // it may have been asleep when its gate was entered
  if (a->deadline_ns && !__atomic_load_n(&self->uarea->pending, __ATOMIC_ACQUIRE)) {
    self->deadline_ns = a->deadline_ns;
    self->ready = ENV_ASLEEP;
    // An event that came between the look and the store has found it ready and did not wake it: look again.
    if (__atomic_load_n(&self->uarea->pending, __ATOMIC_SEQ_CST)) self->ready = ENV_READY;
  }
  slice_sleep(cpu, a->to);
}

exo_result sys_slice_set(const struct exo_slice_set *a) {
  if (a->cpu >= machine_window.cpu_count || a->index >= EXO_SLICES) return EXO_RANGE;
  if (a->length_ns && (a->length_ns < SLICE_MIN_NS || a->length_ns > SLICE_MAX_NS)) return EXO_RANGE;
  exo_result r = cap_extends(env_self(), a->slot, a->guard);
  if (r != EXO_OK) return r;
  const struct env *env = a->env ? env_at(a->env) : nullptr;
  if (a->env && (!env || !env_on(env, (unsigned)a->cpu))) return EXO_NO_ENV;
  struct cpu *cpu = cpu_at((unsigned)a->cpu);
  slices_lock(cpu);
  struct slice *s = &cpu->slice[a->index];
  exo_env before = s->env;
  r = cap_check(env_self(), a->slot, s->guard, EXO_MANAGE);
  if (r == EXO_OK && a->env && !env_at(a->env)) r = EXO_NO_ENV;          // it ended meanwhile
  uint64_t debt = s->debt_ns < a->length_ns ? s->debt_ns : a->length_ns; // never more than a turn
  if (r == EXO_OK) {
    __atomic_store_n(&s->env, a->env, __ATOMIC_RELAXED);
    __atomic_store_n(&s->length_ns, a->length_ns, __ATOMIC_RELAXED);
    uint32_t bit = 1u << a->index, set = cpu->eager & ~bit;
    __atomic_store_n(&cpu->eager, a->length_ns & EXO_SLICE_EAGER ? set | bit : set, __ATOMIC_RELAXED);
    s->guard = a->guard;
    s->debt_ns = debt;
  }
  slices_unlock(cpu);
  if (r == EXO_OK && before && before != a->env) slice_given(before);
  if (cpu == arch_self() && cpu->slice_end_ns == ~0ull && !sole_owner(cpu, cpu->env->w.number)) slice_limit(cpu);
  if (r == EXO_OK) smp_kick((unsigned)a->cpu);
  return r;
}
