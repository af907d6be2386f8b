// gate.c: protected control transfer from one environment to another, with the slice (gate) or without (message, ring).
//
// A caller and its callee keep what they need in their own memory, as with yield; the kernel keeps who owes whom a
// reply. That is private to a presence and changed on its CPU alone: there is nothing to lock.
#include "core.h"

// Does `slot` of the running environment hold `rights` over the guard of another's?
static inline bool may(const struct cpu *cpu, exo_slot slot, const struct env *env, uint64_t rights) {
  return !(rights & ~cap_rights(cpu->env, slot, guard_of(&frame_table()[env_frame(env->w.number)])));
}

// Lets go of who was probed, and says why nothing was done.
[[gnu::cold, gnu::noinline]] static exo_result refused(struct cpu *cpu, exo_slot slot, const struct env *env,
                                                       uint64_t rights, exo_result otherwise) {
  exo_result r =
      env ? cap_check(cpu->env, slot, guard_of(&frame_table()[env_frame(env->w.number)]), rights) : EXO_NO_ENV;
  probe_end(cpu);
  return r == EXO_OK ? otherwise : r;
}

// The other end runs next. What is pending there is delivered by a tick that comes at once.
[[noreturn]] static inline void enter(struct cpu *cpu, struct env_cpu *to, enum exo_trace_door kind, uint64_t door,
                                      uint64_t stack, const uint64_t words[6]) {
  slice_pass(cpu, to);
  TRACE(UPCALL, kind, words[1], words[2]);
  if (RARELY(to->uarea->pending && !to->uarea->masked)) arch_timer_set(0);
  arch_enter_words(door, stack, words);
}

static exo_result give_up(struct env_cpu *self) {
  self->gate_callee = 0;
  self->gate_waits = false;
  return EXO_OK;
}

exo_result sys_gate(const struct exo_gate *a) {
  struct cpu *cpu = arch_self();
  struct env_cpu *self = cpu->env_cpu;
  if (RARELY(!a->env)) return give_up(self);
  const struct env *env = env_probe(cpu, a->env);
  if (RARELY(!env)) return refused(cpu, a->slot, env, EXO_EXEC, EXO_NO_ENV);
  if (RARELY(!may(cpu, a->slot, env, EXO_EXEC))) return refused(cpu, a->slot, env, EXO_EXEC, EXO_DENIED);
  struct env_cpu *to = env_on(env, cpu->index);
  if (RARELY(!to || to == self || to->gate_caller || to->ready == ENV_STOPPED || cpu->grace))
    return refused(cpu, a->slot, env, EXO_EXEC, EXO_BUSY);
  struct exo_uarea *u = to->uarea;
  uint64_t door = u->gate_door;
  if (RARELY(u->masked || u->forced.busy || !door_open(door))) return refused(cpu, a->slot, env, EXO_EXEC, EXO_BUSY);
  u->masked = 1;
  to->gate_caller = cpu->env->w.number;
  self->gate_callee = a->env;
  self->gate_waits = true;
  enter(cpu, to, EXO_TRACE_DOOR_GATE, door, u->gate_stack,
        (uint64_t[6]){u->self, to->gate_caller, a->m0, a->m1, a->m2, a->m3});
}

// The reply is spent, for nothing: its caller has ended, has given up, or can not be entered.
[[gnu::cold, gnu::noinline]] static exo_result reply_lost(struct cpu *cpu) {
  cpu->env_cpu->gate_caller = 0;
  probe_end(cpu);
  return 1;
}

exo_result sys_gate_reply(const struct exo_gate_reply *a) {
  struct cpu *cpu = arch_self();
  struct env_cpu *self = cpu->env_cpu;
  if (RARELY(!self->gate_caller)) return EXO_EMPTY;
  const struct env *env = env_probe(cpu, self->gate_caller);
  struct env_cpu *to = env ? env_on(env, cpu->index) : nullptr;
  if (RARELY(!to || to->gate_callee != cpu->env->w.number)) return reply_lost(cpu);
  struct exo_uarea *u = to->uarea;
  uint64_t door = u->reply_door;
  if (RARELY(!to->gate_waits || to->ready == ENV_STOPPED)) {
    probe_end(cpu);
    return EXO_BUSY;
  }
  if (RARELY(!door_open(door))) return reply_lost(cpu);
  self->gate_caller = 0;
  self->uarea->masked = 0;
  to->gate_callee = 0;
  to->gate_waits = false;
  enter(cpu, to, EXO_TRACE_DOOR_REPLY, door, u->reply_stack, (uint64_t[6]){EXO_OK, a->m0, a->m1, a->m2, a->m3});
}

void gate_end(const struct env_cpu *ec, unsigned cpu) {
  struct exo_frame_desc *d;
  uint64_t s;
  struct env *caller = ec->gate_caller ? env_lock(ec->gate_caller, &d, &s) : nullptr;
  if (!caller) return;
  struct env_cpu *to = env_on(caller, cpu);
  if (to) upcall_event(to, cpu, EXO_EVENT_GATE);
  frame_unlock(d, s);
}

// Sets events of a presence on any CPU, if the slot gives the right to.
static exo_result notify(exo_slot slot, exo_env number, exo_word index, uint64_t right, uint64_t bits,
                         const uint64_t message[3]) {
  struct cpu *cpu = arch_self();
  const struct env *env = env_probe(cpu, number);
  if (!env || !may(cpu, slot, env, right)) return refused(cpu, slot, env, right, EXO_DENIED);
  struct env_cpu *to = env_on(env, index < EXO_MAX_CPUS ? (unsigned)index : EXO_MAX_CPUS);
  exo_result r = to ? EXO_OK : EXO_EMPTY;
  uint64_t nobody = 0;
  if (to && message &&
      !__atomic_compare_exchange_n(&to->uarea->message_from, &nobody, ~0ull, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
    r = EXO_BUSY;
  if (r == EXO_OK && message) {
    memcpy(to->uarea->message, message, sizeof to->uarea->message);
    __atomic_store_n(&to->uarea->message_from, cpu->env->w.number, __ATOMIC_RELEASE);
  }
  if (r == EXO_OK && !bits && index == cpu->index && to->ready == ENV_ASLEEP && to->armed && wait_look(to))
    bits = EXO_EVENT_WAKE;
  if (r == EXO_OK && bits)
    upcall_event(to, (unsigned)index, bits);
  else if (r == EXO_OK && index != cpu->index)
    smp_kick((unsigned)index); // whoever picks there looks at the predicate
  probe_end(cpu);
  return r;
}

exo_result sys_message(const struct exo_message *a) {
  return notify(a->slot, a->env, a->cpu, EXO_EXEC, EXO_EVENT_MESSAGE, (uint64_t[3]){a->w0, a->w1, a->w2});
}

exo_result sys_ring(const struct exo_ring *a) {
  if (a->bits >> 32) return EXO_RANGE;
  return notify(a->slot, a->env, a->cpu, EXO_WRITE, a->bits * EXO_EVENT_RING, nullptr);
}
