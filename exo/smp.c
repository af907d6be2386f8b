// smp.c: other processors. There is one cross call, and it has no content: whoever gets it forgets its translations and
// looks again at what it runs, and at that one's debug points. Asking is a counter, answering is a counter: nothing is
// lost and nothing is queued.
#include "core.h"

enum : uint64_t { START_LIMIT_NS = 30'000'000'000 };

static void cross_answer(struct cpu *cpu) {
  uint64_t want = cpu->cross_want;
  if (want == cpu->cross_done) return;
  arch_flush_all();
  debug_load(cpu);
  cpu->cross_done = want;
}

void cpu_relax(void) {
  cross_answer(arch_self());
  arch_pause();
}

void smp_kick(unsigned cpu) {
  struct cpu *to = cpu_at(cpu);
  if (to == arch_self()) return;
  to->cross_want++;
  arch_cross_send(cpu);
}

void smp_cross(unsigned cpu) {
  struct cpu *to = cpu_at(cpu);
  uint64_t ticket = ++to->cross_want;
  __atomic_fetch_add(&machine_window.crosses, 1, __ATOMIC_RELAXED);
  arch_cross_send(cpu);
  while (to->cross_done < ticket) cpu_relax();
}

void core_cross(struct arch_frame *f) {
  struct cpu *cpu = arch_self();
  cross_answer(cpu);
  TRACE(INTERRUPT, EXO_TRACE_CROSS, 0, 0);
  check_stand();
  if (!f) return;
  if (!env_alive(cpu->env)) slice_next();
  if (slice_over(cpu))
    slice_preempt(f);
  else
    upcall_poll(f);
}

// Device interrupts are masked until devices have owners: one that comes all the same is dropped.
void core_interrupt(struct arch_frame *f, unsigned n) {
  (void)f;
  (void)n;
  TRACE(INTERRUPT, EXO_TRACE_DEVICE, n, 0);
}

static void wait_started(unsigned index) {
  uint64_t limit = arch_now_ns() + START_LIMIT_NS;
  while (!__atomic_load_n(&cpu_at(index)->started, __ATOMIC_ACQUIRE)) {
    if (arch_now_ns() > limit) panic("CPU %u (hardware id %lx) did not start", index, boot->cpu_hardware_id[index]);
    arch_pause();
  }
}

void smp_start(void) {
  for (unsigned i = 1; i < boot->cpu_count; i++) {
    slice_init(cpu_at(i), i);
    if (!arch_cpu_start(boot, i)) panic("CPU %u (hardware id %lx) can not be started", i, boot->cpu_hardware_id[i]);
    wait_started(i);
  }
  if (boot->cpus_left_out) print("%u CPUs beyond the %u supported are left out\n", boot->cpus_left_out, EXO_MAX_CPUS);
}

[[noreturn]] void core_secondary(unsigned index) {
  arch_cpu_init(boot, index);
  arch_fp_off();
  __atomic_store_n(&cpu_at(index)->started, true, __ATOMIC_RELEASE);
  slice_next();
}
