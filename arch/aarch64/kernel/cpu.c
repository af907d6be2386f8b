// cpu.c: waking a CPU, starting the next, ending the machine; floating point and the thread registers.
#include "machine.h"

// SCTLR_EL1 (Arm ARM D19.2.118): MMU and caches on; stack alignment; memory that is writable is not executable;
// programs may zero, clean and invalidate their own lines and wait. Off: SPAN (so a trap from a program sets PAN),
// endianness changes, pointer authentication, UMA. The ones that name no effect here are RES1 on the first version.
#define BIT(n) (1ull << (n))
#define SCTLR_ON                                                                                                       \
  (BIT(0) | BIT(2) | BIT(3) | BIT(4) | BIT(7) | BIT(8) | BIT(11) | BIT(12) | BIT(14) | BIT(15) | BIT(16) | BIT(18) |   \
   BIT(19) | BIT(20) | BIT(22) | BIT(26) | BIT(28) | BIT(29))
#define CPACR_FP (3ull << 20)    // FPEN: neither level traps; 0: both do. ZEN and SMEN stay 0: SVE and SME always trap
#define CPACR_TRACE (1ull << 28) // TTA: trace registers trap

enum : uint64_t { PSCI_OFF = 0x84000008, PSCI_CPU_ON = 0xC4000003, CONDUIT_SMC = 2 };

static uint64_t conduit;

static int64_t psci(uint64_t function, uint64_t a, uint64_t b, uint64_t c) { // SMC calling convention, DEN0028
  register uint64_t x0 __asm__("x0") = function;
  register uint64_t x1 __asm__("x1") = a;
  register uint64_t x2 __asm__("x2") = b;
  register uint64_t x3 __asm__("x3") = c;
#define CALL(instruction)                                                                                              \
  __asm__ volatile(instruction                                                                                         \
                   : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)                                                            \
                   :                                                                                                   \
                   : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",       \
                     "memory")
  if (conduit == CONDUIT_SMC)
    CALL(".inst 0xD4000003"); // smc #0
  else
    CALL("hvc #0");
#undef CALL
  return (int64_t)x0;
}

// --- Debug registers and single steps (Arm ARM D2). Points are EL0's alone; MDSCR_EL1.KDE is off.

#define MDSCR_SS BIT(0)
#define MDSCR_TDCC BIT(12) // no debug channel for programs
#define MDSCR_MDE BIT(15)
#define EACH(op) op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13) op(14) op(15)

static void debug_init(void) { // what the firmware left is off, also where no point of ours will be
  uint64_t features = sysreg_read("id_aa64dfr0_el1"), breakpoints = field4(features, 12),
           watchpoints = field4(features, 20);
  sysreg_write("mdscr_el1", MDSCR_TDCC);
  sysreg_write("oslar_el1", 0);
#define CLEAR(n)                                                                                                       \
  if (n <= breakpoints) sysreg_write("dbgbcr" #n "_el1", 0);                                                           \
  if (n <= watchpoints) sysreg_write("dbgwcr" #n "_el1", 0);
  EACH(CLEAR)
#undef CLEAR
}

static uint64_t breakpoint(uint64_t control) { // DBGBCR: all of a 32-bit instruction
  return control & EXO_EXEC ? 1 | 2 << 1 | 15 << 5 : 0;
}
static uint64_t watchpoint(uint64_t address, uint64_t control) { // DBGWCR: those of eight bytes that are watched
  if (!control || control & EXO_EXEC) return 0;
  uint64_t bytes = ((1ull << (control >> 8)) - 1) << (address & 7) & 0xFF;
  return 1 | 2 << 1 | (control & EXO_READ ? 3 : 2) << 3 | bytes << 5;
}

void arch_debug_load(const struct arch_debug *points) {
  static const struct arch_debug none;
  const struct arch_debug *p = points ? points : &none;
#define POINT(n)                                                                                                       \
  sysreg_write("dbgbvr" #n "_el1", p->address[n] & ~3ull);                                                             \
  sysreg_write("dbgbcr" #n "_el1", breakpoint(p->control[n]));                                                         \
  sysreg_write("dbgwvr" #n "_el1", p->address[n] & ~7ull);                                                             \
  sysreg_write("dbgwcr" #n "_el1", watchpoint(p->address[n], p->control[n]));
  static_assert(ARCH_DEBUG_POINTS == 2);
  POINT(0)
  POINT(1)
#undef POINT
  if (!points) step_end(nullptr);
  sysreg_write("mdscr_el1", (sysreg_read("mdscr_el1") & MDSCR_SS) | MDSCR_TDCC | (points ? MDSCR_MDE : 0));
}

// While MDSCR_EL1.SS is set a program runs one instruction if PSTATE.SS is, and else traps before the first. So it must
// be off whenever the program is entered anew: entry.S finds no address a program's meanwhile, and leaves all to C. A
// call goes its way, and traps when it has returned.
bool arch_debug_step(const struct arch_frame *f) {
  if (!(f->pstate >> PSTATE_STEP_BIT & 1)) return false;
  sysreg_write("mdscr_el1", sysreg_read("mdscr_el1") | MDSCR_SS);
  ((struct arch_cpu *)arch_self())->user_limit = 0;
  return true;
}

bool step_end(const struct arch_frame *f) {
  uint64_t mdscr = sysreg_read("mdscr_el1");
  if (!(mdscr & MDSCR_SS)) return false;
  sysreg_write("mdscr_el1", mdscr & ~MDSCR_SS);
  ((struct arch_cpu *)arch_self())->user_limit = ARCH_USER_LIMIT;
  return f && !(f->pstate >> PSTATE_STEP_BIT & 1);
}

void arch_cpu_init(const struct exo_boot *boot, unsigned index) {
  if ((sysreg_read("currentel") & 12) != 4) panic("CPU %u is not at exception level 1", index);
  uint64_t features = sysreg_read("id_aa64pfr0_el1"), memory = sysreg_read("id_aa64mmfr1_el1");
  if (field4(features, 16) == 15 || field4(features, 20) == 15) panic("CPU %u has no floating-point unit", index);
  conduit = boot->power_base;
  sysreg_write("sctlr_el1", SCTLR_ON);
  sysreg_write("cpacr_el1", CPACR_TRACE);
  sysreg_write("cntkctl_el1", BIT(1)); // EL0VCTEN: programs read the virtual counter, and no timer
  debug_init();
  sysreg_write("contextidr_el1", 0);
  sysreg_write("tpidr_el0", 0);
  sysreg_write("tpidrro_el0", 0);
  if (field4(sysreg_read("id_aa64dfr0_el1"), 8) - 1 < 14) sysreg_write("pmuserenr_el0", 0); // there is a PMUv3
  isb();
  if (field4(memory, 20)) __asm__ volatile(".arch_extension pan\n\tmsr pan, #1"); // programs' memory is out of reach
  mmu_init();
  irq_init(boot, index);
}

bool arch_cpu_start(const struct exo_boot *boot, unsigned index) {
  arch_starting = index; // read by entry.S with caches on
  __asm__ volatile("dsb sy" ::: "memory");
  return psci(PSCI_CPU_ON, boot->cpu_hardware_id[index], boot->trampoline_physical, index) == 0;
}

void arch_halt(void) {
  for (;;) __asm__ volatile("msr daifset, #15\n\twfi");
}

void power_off_firmware(void) {
  if (conduit) psci(PSCI_OFF, 0, 0, 0);
  arch_halt();
}

// Semihosting's SYS_EXIT carries a status to whoever runs the machine. Where nobody listens the instruction is
// undefined, which trap.c recognises by its address.
void arch_power_off(enum arch_exit exit) {
  const uint64_t block[] = {0x20026 /* ADP_Stopped_ApplicationExit */, exit};
  register uint64_t x0 __asm__("x0") = 0x18;
  register const uint64_t *x1 __asm__("x1") = block;
  __asm__ volatile(".globl semihosting_call\nsemihosting_call: hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
  power_off_firmware();
}

// --- Floating point: q0 to q31, FPSR, FPCR. The kernel itself is compiled without.

static_assert(32 * 16 + 2 * 8 <= ARCH_FP_SIZE);
#define EACH_PAIR(op)                                                                                                  \
  ".arch_extension simd\n\t" op(0, 1, 0) op(2, 3, 32) op(4, 5, 64) op(6, 7, 96) op(8, 9, 128) op(10, 11, 160)          \
      op(12, 13, 192) op(14, 15, 224) op(16, 17, 256) op(18, 19, 288) op(20, 21, 320) op(22, 23, 352) op(24, 25, 384)  \
          op(26, 27, 416) op(28, 29, 448) op(30, 31, 480)
#define STORE(a, b, at) "stp q" #a ", q" #b ", [%0, #" #at "]\n\t"
#define LOAD(a, b, at) "ldp q" #a ", q" #b ", [%0, #" #at "]\n\t"

void arch_fp_off(void) { sysreg_write("cpacr_el1", CPACR_TRACE); } // eret synchronises

// What stays in the registers is out of reach until the next load overwrites all of it.
void arch_fp_save(void *area) {
  uint64_t status, control;
  __asm__ volatile(EACH_PAIR(STORE) "mrs %1, fpsr\n\tmrs %2, fpcr"
                   : "+r"(area), "=&r"(status), "=&r"(control)
                   :
                   : "memory");
  ((uint64_t *)area)[64] = status;
  ((uint64_t *)area)[65] = control;
  arch_fp_off();
}

void arch_fp_load(const void *area) {
  const uint64_t *words = area;
  sysreg_write("cpacr_el1", CPACR_TRACE | CPACR_FP);
  isb();
  __asm__ volatile(EACH_PAIR(LOAD) "msr fpsr, %1\n\tmsr fpcr, %2" ::"r"(area), "r"(words[64]), "r"(words[65])
                   : "memory");
}

// The kernel's stack begins at its top again with the next entry.
void arch_enter_words(uint64_t pc, uint64_t sp, const uint64_t words[6]) {
  register const uint64_t *x6 __asm__("x6") = words;
  __asm__ volatile(
      "msr elr_el1, %0\n\tmsr sp_el0, %1\n\tmsr spsr_el1, xzr\n\tmov sp, %2\n\t"
      "ldp x0, x1, [x6]\n\tldp x2, x3, [x6, #16]\n\tldp x4, x5, [x6, #32]\n\t"
      ".irp n, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, "
      "30\n\tmov x\\n, #0\n\t.endr\n\teret" ::"r"(pc),
      "r"(sp), "r"(((const struct arch_cpu *)arch_self())->stack), "r"(x6));
  __builtin_unreachable();
}

void arch_thread_save(uint64_t words[ARCH_THREAD_WORDS]) { words[0] = sysreg_read("tpidr_el0"); }
void arch_thread_load(const uint64_t words[ARCH_THREAD_WORDS], uint64_t uarea_va) {
  sysreg_write("tpidr_el0", words[0]);
  sysreg_write("tpidrro_el0", uarea_va);
}

// --- There are no ports
uint8_t arch_port_read(uint16_t port) {
  (void)port;
  return 0xFF;
}
void arch_port_write(uint16_t port, uint8_t value) {
  (void)port;
  (void)value;
}
