// irq.c: local APIC in xAPIC mode: one-shot timer, cross-processor interrupt, starting other CPUs (SDM chapter 11).
#include "machine.h"

enum { // register offsets
  APIC_ID = 0x20,
  APIC_TPR = 0x80,
  APIC_EOI = 0xB0,
  APIC_SPURIOUS = 0xF0,
  APIC_IRR = 0x200,
  APIC_ICR_LOW = 0x300,
  APIC_ICR_HIGH = 0x310,
  APIC_LVT_TIMER = 0x320,
  APIC_LVT_THERMAL = 0x330,
  APIC_LVT_COUNTER = 0x340,
  APIC_LVT_LINT0 = 0x350,
  APIC_LVT_LINT1 = 0x360,
  APIC_LVT_ERROR = 0x370,
  APIC_TIMER_COUNT = 0x380,
  APIC_TIMER_NOW = 0x390,
  APIC_TIMER_DIVIDE = 0x3E0,
};
enum : uint32_t {
  APIC_ENABLE = 1 << 8,
  LVT_MASKED = 1 << 16,
  DIVIDE_BY_1 = 0xB,
  ICR_PENDING = 1 << 12,
  ICR_ASSERT = 1 << 14,
  ICR_INIT = 5 << 8,
  ICR_STARTUP = 6 << 8,
};
enum : uint32_t { MSR_APIC_BASE = 0x1B };
enum { IOAPIC_SELECT = 0, IOAPIC_DATA = 0x10, IOAPIC_VERSION = 1, IOAPIC_ENTRY = 0x10 };

static uint64_t apic_base;
static uint64_t apic_hz; // timer ticks a second, measured against the TSC

static volatile uint32_t *apic(unsigned reg) { return device(apic_base + reg); }

void irq_done(void) { *apic(APIC_EOI) = 0; }

static void pic_and_ioapic_mask(const struct exo_boot *boot) {
  arch_port_write(0x21, 0xFF); // the two 8259s: everything masked for good
  arch_port_write(0xA1, 0xFF);
  if (!boot->interrupt_base[1]) return;
  volatile uint32_t *io = device(boot->interrupt_base[1]);
  io[IOAPIC_SELECT / 4] = IOAPIC_VERSION;
  unsigned last = io[IOAPIC_DATA / 4] >> 16 & 0xFF;
  for (unsigned i = 0; i <= last; i++) {
    io[IOAPIC_SELECT / 4] = IOAPIC_ENTRY + 2 * i;
    io[IOAPIC_DATA / 4] = LVT_MASKED;
  }
}

// The bus clock behind the timer is not architectural: count it over one millisecond of TSC.
static void timer_measure(void) {
  *apic(APIC_TIMER_DIVIDE) = DIVIDE_BY_1;
  *apic(APIC_LVT_TIMER) = LVT_MASKED;
  uint64_t span = arch_clock_hz() / 1000, begin = arch_counter();
  *apic(APIC_TIMER_COUNT) = ~0u;
  while (arch_counter() - begin < span) arch_pause();
  uint64_t ticks = ~0u - *apic(APIC_TIMER_NOW), took = arch_counter() - begin;
  apic_hz = ticks * (arch_clock_hz() / 1000) / (took / 1000 ? took / 1000 : 1);
  *apic(APIC_TIMER_COUNT) = 0;
  if (apic_hz < 1000) panic("the APIC timer does not count");
}

void irq_init(const struct exo_boot *boot, unsigned index) {
  if (index == 0) {
    apic_base = boot->interrupt_base[0];
    if (!apic_base) panic("no local APIC in the handover");
    pic_and_ioapic_mask(boot);
  }
  if (msr_read(MSR_APIC_BASE) >> 10 & 1) panic("the local APIC is in x2APIC mode");
  machine_of(index)->apic_id = *apic(APIC_ID) >> 24;
  *apic(APIC_TPR) = 0;
  *apic(APIC_LVT_THERMAL) = *apic(APIC_LVT_COUNTER) = *apic(APIC_LVT_LINT0) = *apic(APIC_LVT_ERROR) = LVT_MASKED;
  *apic(APIC_LVT_LINT1) = 4 << 8; // NMI
  *apic(APIC_SPURIOUS) = APIC_ENABLE | VECTOR_SPURIOUS;
  if (index == 0) timer_measure();
  *apic(APIC_TIMER_DIVIDE) = DIVIDE_BY_1;
  *apic(APIC_LVT_TIMER) = VECTOR_TIMER;
}

void arch_timer_set(uint64_t at_ns) {
  if (at_ns == ~0ull) {
    *apic(APIC_TIMER_COUNT) = 0;
    return;
  }
  uint64_t now = arch_now_ns(), ns = at_ns > now ? at_ns - now : 0;
  if (ns > 1'000'000'000) ns = 1'000'000'000; // an early tick is looked at and set again
  uint64_t count = ns * (apic_hz / 1000) / 1'000'000;
  *apic(APIC_TIMER_COUNT) = count > 0xFFFFFFFF ? 0xFFFFFFFF : count ? (uint32_t)count : 1;
}

bool arch_interrupt_pending(void) {
  return *apic(APIC_IRR + 0x10 * (VECTOR_TIMER / 32)) & (1u << VECTOR_TIMER % 32 | 1u << VECTOR_CROSS % 32);
}

static void icr_send(uint32_t apic_id, uint32_t command) {
  while (*apic(APIC_ICR_LOW) & ICR_PENDING) arch_pause();
  *apic(APIC_ICR_HIGH) = apic_id << 24;
  *apic(APIC_ICR_LOW) = command;
}

void arch_cross_send(unsigned index) { icr_send(machine_of(index)->apic_id, ICR_ASSERT | VECTOR_CROSS); }

static void wait_us(uint64_t us) {
  uint64_t begin = arch_counter();
  while (arch_counter() - begin < arch_clock_hz() / 1'000'000 * us) arch_pause();
}

// INIT, then two start-up interrupts whose vector names the trampoline's page (SDM 9.4.4). The second is skipped when
// the CPU has set up its record: a running CPU must not be started twice.
bool arch_cpu_start(const struct exo_boot *boot, unsigned index) {
  extern uint32_t arch_starting;
  if (boot->cpu_hardware_id[index] > 0xFE || boot->trampoline_physical >= 0x100000) return false;
  uint32_t id = (uint32_t)boot->cpu_hardware_id[index], page = (uint32_t)(boot->trampoline_physical >> 12);
  struct arch_cpu *cpu = (struct arch_cpu *)(EXO_PERCPU_BASE + index * EXO_PERCPU_STRIDE + EXO_PERCPU_RECORD);
  arch_starting = index;
  icr_send(id, ICR_ASSERT | ICR_INIT);
  wait_us(200);
  icr_send(id, ICR_ASSERT | ICR_STARTUP | page);
  wait_us(2000);
  if (!*(struct arch_cpu *volatile *)&cpu->self) icr_send(id, ICR_ASSERT | ICR_STARTUP | page);
  return true;
}
