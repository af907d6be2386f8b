// upcall.c: a fault or an event arrives, a library is entered at one of its doors. entry.S does the common case of
// core_fault itself; this is its specification, the slow path, and the fake machine's path.
#include "core.h"

// Other CPUs set bits meanwhile.
static uint64_t pending(const struct exo_uarea *u) { return __atomic_load_n(&u->pending, __ATOMIC_RELAXED); }

// *f becomes the entry of the fault door. False: it can not be entered, so the environment has ended.
static bool fault_deliver(struct arch_frame *f, uint64_t cause, uint64_t address) {
  struct cpu *cpu = arch_self();
  struct exo_uarea *u = cpu->arch.uarea;
  TRACE(FAULT, cause, address, *arch_frame_pc(f));
  CHECK(cpu->env && u);
  uint64_t door = u->fault_door, self = u->self, busy = u->fault.busy;
  if (!door_open(door) || busy) {
    env_end(cpu->env, busy ? EXO_CAUSE_DOUBLE : cause, address, f, 0);
    return false;
  }
  u->fault.regs = *f;
  u->fault.cause = cause;
  u->fault.address = address;
  u->fault.was_masked = u->masked;
  u->fault.busy = 1;
  u->masked = 1;
  TRACE(UPCALL, EXO_TRACE_DOOR_FAULT, cause, *arch_frame_pc(f));
  arch_frame_door(f, door, u->fault_stack, self, self + EXO_RECORD_FAULT);
  return true;
}

void core_fault(struct arch_frame *f, uint64_t cause, uint64_t address) {
  if (!fault_deliver(f, cause, address)) slice_next();
}

void core_fp(struct arch_frame *f) {
  (void)f;
  struct cpu *cpu = arch_self();
  CHECK(cpu->env_cpu && !(cpu->live & LIVE_FP));
  arch_fp_load(cpu->env_cpu->fp);
  cpu->live |= LIVE_FP;
}

bool upcall_deliver(struct arch_frame *f) {
  struct exo_uarea *u = arch_self()->arch.uarea;
  uint64_t door = u->event_door, pc = *arch_frame_pc(f), self = u->self;
  if (u->masked || !door_open(door) || (pc >= u->resume_start && pc < u->resume_end)) return false;
  u->event.regs = *f;
  u->event.was_masked = 0;
  u->event.busy = 1;
  u->masked = 1;
  TRACE(UPCALL, EXO_TRACE_DOOR_EVENT, u->pending, pc);
  arch_frame_door(f, door, u->event_stack, self, self + EXO_RECORD_EVENT);
  return true;
}

// In the library's resume sequence an event can wait a moment, but nobody else would look again before the slice ends.
void upcall_poll(struct arch_frame *f) {
  enum { SOON_NS = 20'000 };
  const struct cpu *cpu = arch_self();
  struct exo_uarea *u = cpu->arch.uarea;
  uint64_t pc = *arch_frame_pc(f), soon = arch_now_ns() + SOON_NS;
  if (!pending(u) || upcall_deliver(f)) return;
  uint64_t end = cpu->grace ? cpu->grace_end_ns : cpu->slice_end_ns; // a storm of kicks does not put it off
  if (!u->masked && pc >= u->resume_start && pc < u->resume_end) arch_timer_set(soon < end ? soon : end);
}

void upcall_event(struct env_cpu *ec, unsigned cpu, uint64_t bits) {
  __atomic_fetch_or(&ec->uarea->pending, bits, __ATOMIC_SEQ_CST);
  uint64_t asleep = ENV_ASLEEP;
  __c11_atomic_compare_exchange_strong(&ec->ready, &asleep, ENV_READY, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  if (cpu != arch_self()->index)
    smp_kick(cpu);
  else if (arch_self()->lent)
    arch_timer_set(0); // it may be the owner's time: look at once
}

// What follows enters the environment, or returns if that was its end: many may end in a row on one stack.

static void enter_event_door(struct cpu *cpu, struct exo_uarea *u) {
  uint64_t door = u->event_door, self = u->self;
  if (!door_open(door)) {
    env_end(cpu->env, EXO_CAUSE_NO_DOOR, door, nullptr, 0);
    return;
  }
  u->event.busy = 0;
  u->masked = 1;
  TRACE(UPCALL, EXO_TRACE_DOOR_EVENT, u->pending, 0);
  arch_enter_words(door, u->event_stack, (uint64_t[6]){self, self + EXO_RECORD_EVENT});
}

// A copy of what the library left in a record, made safe; a pc that is no program's is a fault at that pc.
static void continue_record(struct exo_uarea *u, const struct exo_record *r) {
  struct arch_frame f = r->regs;
  TRACE(RESUME, (uint64_t)(r - &u->fault), *arch_frame_pc(&f), 0);
  if (!arch_frame_sane(&f)) {
    if (!fault_deliver(&f, EXO_CAUSE_BAD_PC, *arch_frame_pc(&f))) return;
  } else if (pending(u))
    upcall_deliver(&f);
  if (RARELY(arch_debug_step(&f))) arch_self()->live |= LIVE_DEBUG;
  arch_enter(&f);
}

void upcall_run(struct cpu *cpu) {
  struct exo_uarea *u = cpu->arch.uarea;
  cpu->env_cpu->gate_waits = false; // it runs by itself
  u->slice_end_ns = cpu->slice_end_ns;
  u->entered++;
  __atomic_fetch_and(&u->pending, ~EXO_EVENT_SLICE_END, __ATOMIC_RELAXED); // of a slice that is over
  if (u->forced.busy) {
    u->forced.busy = 0;
    continue_record(u, &u->forced);
    return;
  }
  __atomic_fetch_or(&u->pending, EXO_EVENT_SLICE_BEGIN, __ATOMIC_RELAXED);
  enter_event_door(cpu, u);
}

exo_result sys_resume(const struct exo_resume *a) {
  struct exo_uarea *u = arch_self()->arch.uarea;
  if (a->record > 1) return EXO_RANGE;
  struct exo_record *r = a->record == 0 ? &u->fault : &u->event;
  u->masked = r->was_masked;
  r->busy = 0;
  continue_record(u, r);
  slice_next();
}
