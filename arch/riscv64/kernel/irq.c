// irq.c: timer, clock and cross calls; the firmware does what the CPU can not. Device interrupts wait until devices
// have owners.
#include "machine.h"

enum : uint64_t { NS = 1'000'000'000 };

// Does this CPU have stimecmp (Sstc), and do the modes above let us have it? Only trying tells: without it the access
// traps, to the label 1 (Privileged Architecture, "Supervisor Timer Register").
static bool sstc;
static bool sstc_probe(void) {
  uint64_t works, vector = csr_read(stvec);
  __asm__ volatile("lla %0, 1f\n csrw stvec, %0\n csrr %0, stimecmp\n li %0, 1\n j 2f\n"
                   ".balign 4\n 1: li %0, 0\n 2:"
                   : "=&r"(works)::"memory");
  csr_write(stvec, vector);
  return works;
}

void irq_init(const struct exo_boot *boot) {
  if (boot->timer_hz == 0) panic("riscv64: the loader found no timebase-frequency");
  // sie: external interrupts stay off as a whole, so every source of the PLIC is masked for this CPU. The timer comes
  // on with the first arch_timer_set.
  csr_write(sie, IRQ_SOFTWARE);
  sstc = sstc_probe();
}

void irq_take(struct arch_frame *f, uint64_t pending) {
  if (pending & IRQ_SOFTWARE) {
    csr_clear(sip, IRQ_SOFTWARE);
    core_cross(f);
  }
  if (pending & IRQ_TIMER) {
    csr_clear(sie, IRQ_TIMER); // pending until the next set_timer, which a tick need not be followed by
    core_tick(f);
  }
  if (pending & ~(IRQ_SOFTWARE | IRQ_TIMER)) panic("riscv64: interrupts %lx, which are masked", pending);
}

bool arch_interrupt_pending(void) { return csr_read(sip) & csr_read(sie); }

// wfi ends when an interrupt is pending that sie lets through, though sstatus.SIE = 0 keeps it from being taken
// (Privileged Architecture, "Wait for Interrupt").
void arch_idle(void) {
  uint64_t pending;
  while (!(pending = csr_read(sip) & csr_read(sie))) __asm__ volatile("wfi" ::: "memory");
  irq_take(nullptr, pending);
}

void arch_cross_send(unsigned index) {
  __asm__ volatile("fence rw, rw" ::: "memory"); // what is asked for is seen before the question
  sbi(SBI_IPI, 0, 1, machine_boot->cpu_hardware_id[index], 0);
}

// Whole seconds apart from the rest: no product here leaves 64 bits for any counter below 18 GHz.
static uint64_t ns_from_ticks(uint64_t ticks) {
  uint64_t hz = machine_boot->timer_hz;
  return ticks / hz * NS + ticks % hz * NS / hz;
}
static uint64_t ticks_from_ns(uint64_t ns) { // rounded up: a timer is never early
  uint64_t hz = machine_boot->timer_hz;
  return ns / NS * hz + (ns % NS * hz + NS - 1) / NS;
}

uint64_t arch_clock_hz(void) { return machine_boot->timer_hz; }
uint64_t arch_clock_zero(void) {
  return machine_of((struct cpu *)(EXO_PERCPU_BASE + EXO_PERCPU_RECORD))->entered; // the boot CPU's
}
uint64_t arch_now_ns(void) { return ns_from_ticks(arch_counter() - arch_clock_zero()); }

void arch_timer_set(uint64_t at_ns) {
  csr_clear(sie, IRQ_TIMER);
  if (at_ns == ~0ull) return;
  uint64_t at = arch_clock_zero() + ticks_from_ns(at_ns);
  if (sstc)
    csr_write(stimecmp, at);
  else
    sbi(SBI_TIME, 0, at, 0, 0);
  csr_set(sie, IRQ_TIMER);
}
