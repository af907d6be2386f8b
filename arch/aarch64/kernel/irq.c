// irq.c: the interrupt controller (GICv3: IHI 0069, GICv2: IHI 0048) and the virtual timer (Arm ARM D12). Three kinds
// of interrupt exist: the cross call, the timer, and devices', which stay masked until devices have owners.
#include "machine.h"

enum { GICD_CTLR = 0, GICD_TYPER = 4, GICD_GROUP = 0x80, GICD_ENABLE = 0x100, GICD_DISABLE = 0x180 };
enum { GICD_PRIORITY = 0x400, GICD_SGIR = 0xF00 };
enum { CTLR_GROUP1 = 2, CTLR_AFFINITY = 1 << 4 };
#define CTLR_PENDING (1u << 31) // a write has not reached everything yet
enum {
  GICR_TYPER = 8,
  GICR_WAKER = 0x14,
  GICR_PRIVATE = 0x10000,
  GICR_FRAMES = 0x20000,
  GICR_VIRTUAL_FRAMES = 0x40000
};
enum { WAKER_SLEEP = 2, WAKER_ASLEEP = 4, TYPER_VIRTUAL = 2, TYPER_LAST = 16 };
enum { GICC_CTLR = 0, GICC_PMR = 4, GICC_IAR = 0xC, GICC_EOIR = 0x10 };
enum { CROSS = 0, PRIVATE = 32, SPECIAL = 1020, PRIORITY = 0xA0A0A0A0 };
enum : uint64_t { AFFINITY = 0xFF00FFFFFFull, TIMER_ON = 1, NS = 1'000'000'000 };

static struct {
  uint64_t distributor, interface; // physical; interface: GICv2 only
  unsigned version, timer;
  uint64_t affinity[EXO_MAX_CPUS]; // v3: MPIDR; v2: the interface's bit
} gic;

static volatile uint32_t *reg(uint64_t base, unsigned at) { return device(base + at); }

static void wait_while(volatile const uint32_t *r, uint32_t bits, const char *what) {
  for (unsigned i = 0; *r & bits; i++)
    if (i > 10'000'000) panic("the interrupt controller does not answer (%s)", what);
}

// --- The controller

// Everything off, every shared interrupt in the group that reaches us.
static void distributor_init(void) {
  uint64_t d = gic.distributor;
  *reg(d, GICD_CTLR) = 0;
  if (gic.version >= 3) wait_while(reg(d, GICD_CTLR), CTLR_PENDING, "distributor");
  unsigned words = (*reg(d, GICD_TYPER) & 31) + 1;
  for (unsigned i = 1; i < words; i++) {
    *reg(d, GICD_DISABLE + 4 * i) = ~0u;
    *reg(d, GICD_GROUP + 4 * i) = gic.version >= 3 ? ~0u : 0;
  }
  *reg(d, GICD_CTLR) = gic.version >= 3 ? CTLR_AFFINITY | CTLR_GROUP1 : 1;
  if (gic.version >= 3) wait_while(reg(d, GICD_CTLR), CTLR_PENDING, "distributor");
}

// The cross call and the timer, in a block of registers laid out as the distributor's.
static void private_init(uint64_t base) {
  *reg(base, GICD_DISABLE) = ~0u;
  if (gic.version >= 3) *reg(base, GICD_GROUP) = ~0u;
  for (unsigned i = 0; i < PRIVATE; i += 4) *reg(base, GICD_PRIORITY + i) = PRIORITY;
  *reg(base, GICD_ENABLE) = 1u << CROSS | 1u << gic.timer;
}

static uint64_t redistributor_of(uint64_t base, uint64_t mpidr) {
  uint64_t packed = (mpidr >> 32 & 0xFF) << 24 | (mpidr & 0xFFFFFF);
  for (;;) {
    uint64_t typer = *reg(base, GICR_TYPER) | (uint64_t)*reg(base, GICR_TYPER + 4) << 32;
    if (typer >> 32 == packed) return base;
    if (typer & TYPER_LAST) panic("no interrupt redistributor for CPU %lx", mpidr);
    base += typer & TYPER_VIRTUAL ? GICR_VIRTUAL_FRAMES : GICR_FRAMES;
  }
}

static void v3_init(uint64_t redistributors, unsigned index) {
  uint64_t base = redistributor_of(redistributors, gic.affinity[index]);
  *reg(base, GICR_WAKER) &= ~(uint32_t)WAKER_SLEEP;
  wait_while(reg(base, GICR_WAKER), WAKER_ASLEEP, "redistributor");
  private_init(base + GICR_PRIVATE);
  sysreg_write("icc_sre_el1", sysreg_read("icc_sre_el1") | 1); // registers, not memory (IHI 0069 12.2.24)
  isb();
  if (!(sysreg_read("icc_sre_el1") & 1)) panic("the interrupt controller has no system registers");
  sysreg_write("icc_pmr_el1", 0xFF); // any priority
  sysreg_write("icc_bpr1_el1", 0);
  sysreg_write("icc_ctlr_el1", 0); // one write ends an interrupt
  sysreg_write("icc_igrpen1_el1", 1);
  isb();
}

static void v2_init(unsigned index) {
  gic.affinity[index] = *reg(gic.distributor, 0x800) & 0xFF; // ITARGETSR0 reads as the reader's own bit
  private_init(gic.distributor);
  *reg(gic.interface, GICC_PMR) = 0xFF;
  *reg(gic.interface, GICC_CTLR) = 1;
}

void irq_init(const struct exo_boot *boot, unsigned index) {
  if (index == 0) {
    gic.distributor = boot->interrupt_base[0];
    gic.interface = boot->interrupt_base[1];
    gic.version = (unsigned)boot->interrupt_base[2];
    gic.timer = boot->timer_interrupt ? (unsigned)boot->timer_interrupt % PRIVATE : 27;
    if (gic.timer < 16) gic.timer += 16; // counted from the first private peripheral interrupt
    if (gic.version < 2 || gic.version > 4) panic("interrupt controller of unknown version %u", gic.version);
    for (unsigned i = 0; i < boot->cpu_count; i++) gic.affinity[i] = boot->cpu_hardware_id[i] & AFFINITY;
    distributor_init();
  }
  if (gic.version >= 3)
    v3_init(boot->interrupt_base[1], index);
  else
    v2_init(index);
  sysreg_write("cntv_ctl_el0", 0);
}

static unsigned acknowledge(void) {
  return gic.version >= 3 ? (unsigned)sysreg_read("icc_iar1_el1") : *reg(gic.interface, GICC_IAR);
}
static void end(unsigned token) {
  if (gic.version >= 3)
    sysreg_write("icc_eoir1_el1", token);
  else
    *reg(gic.interface, GICC_EOIR) = token;
}

// The interrupt is over for the controller before the core's door, which may never return.
static void take(struct arch_frame *f) {
  unsigned token = acknowledge(), n = gic.version >= 3 ? token : token & 1023;
  if (n >= SPECIAL && n < SPECIAL + 4) return; // gone again
  if (n == gic.timer)
    sysreg_write("cntv_ctl_el0", 0); // its line is level
  else if (n >= PRIVATE)
    *reg(gic.distributor, GICD_DISABLE + n / 32 * 4) = 1u << n % 32;
  isb();
  end(token);
  if (n == gic.timer)
    core_tick(f);
  else if (n == CROSS)
    core_cross(f);
  else
    core_interrupt(f, n);
}

void irq_take(struct arch_frame *f) {
  if (f && step_end(f)) core_fault(f, EXO_CAUSE_STEP, 0); // that of a call which had just returned
  take(f);
  if (f) (void)arch_debug_step(f); // one is still to be made
}

void arch_cross_send(unsigned index) {
  uint64_t a = gic.affinity[index];
  __asm__ volatile("dsb ishst" ::: "memory"); // what the other CPU shall see comes first
  if (gic.version < 3) {
    *reg(gic.distributor, GICD_SGIR) = (uint32_t)a << 16 | CROSS;
    return;
  }
  uint64_t low = a & 0xFF;
  sysreg_write("icc_sgi1r_el1", (a >> 32 & 0xFF) << 48 | (low >> 4) << 44 |
                                    (a >> 16 & 0xFF) << 32 | // aff3, range, aff2
                                    (a >> 8 & 0xFF) << 16 | (uint64_t)CROSS << 24 | 1ull << (low & 15));
  isb();
}

bool arch_interrupt_pending(void) { return sysreg_read("isr_el1") & 1 << 7; } // I

void arch_idle(void) { // wfi wakes for an interrupt that is masked (D1.6.2)
  while (!arch_interrupt_pending()) __asm__ volatile("dsb sy\n\twfi" ::: "memory");
  irq_take(nullptr);
}

// --- Clock and timer

uint64_t arch_clock_hz(void) { return sysreg_read("cntfrq_el0"); }
uint64_t arch_clock_zero(void) { return arch_entry_count; }

uint64_t arch_now_ns(void) {
  uint64_t ticks = arch_counter() - arch_entry_count, hz = arch_clock_hz();
  return ticks / hz * NS + ticks % hz * NS / hz;
}

void arch_timer_set(uint64_t at_ns) {
  if (at_ns >> 62) { // none, or in a century
    sysreg_write("cntv_ctl_el0", 0);
    return;
  }
  uint64_t hz = arch_clock_hz(), ticks = at_ns / NS * hz + (at_ns % NS * hz + NS - 1) / NS; // never early
  sysreg_write("cntv_cval_el0", arch_entry_count + ticks);
  sysreg_write("cntv_ctl_el0", TIMER_ON);
  isb();
}
