// cpu.c: a CPU wakes up, starts another, and ends the machine; a program's registers made safe.
#include "machine.h"
#include <exo/call.h>

// What entry.S takes for granted of a call's number.
static_assert(EXO_CALL_COUNT <= 0x800 && EXO_CALL_BASE % 0x800 == 0 && EXO_CALL_resume == CALL_RESUME);

const struct exo_boot *machine_boot; // set by entry.S
uint32_t arch_starting;              // index of the CPU being started, for entry.S

static void require(uint64_t extension, const char *name) {
  struct sbi_result r = sbi(SBI_BASE, SBI_BASE_PROBE, extension, 0, 0);
  if (r.error || !r.value) panic("riscv64: the firmware has no SBI extension %s", name);
}

// The faults that entry.S delivers by itself. Illegal instructions join them while the floating-point unit is on.
static void causes_init(struct machine *m) {
  machine_cause(m, SCAUSE_BREAKPOINT, EXO_CAUSE_BREAKPOINT);
  machine_cause(m, SCAUSE_LOAD_ALIGN, EXO_CAUSE_ALIGN);
  machine_cause(m, SCAUSE_STORE_ALIGN, EXO_CAUSE_ALIGN);
  machine_cause(m, SCAUSE_FETCH_PAGE, EXO_CAUSE_EXEC);
  machine_cause(m, SCAUSE_LOAD_PAGE, EXO_CAUSE_READ);
  machine_cause(m, SCAUSE_STORE_PAGE, EXO_CAUSE_WRITE);
}

void arch_cpu_init(const struct exo_boot *boot, unsigned index) {
  struct machine *m = machine_of(arch_self());
  m->call_base = EXO_CALL_BASE;
  causes_init(m);
  if (csr_read(satp) >> 60 != SATP_MODE >> 60)
    panic("riscv64: CPU %u is not in Sv%u (satp %lx)", index, EXO_ADDRESS_BITS, csr_read(satp));
  mmu_init();
  // sstatus: traps return to user mode; the kernel never touches user pages (SUM) nor reads what is only executable
  // (MXR); floating point and vectors are off (Privileged Architecture, "Supervisor Status Register").
  csr_clear(sstatus, SSTATUS_SIE | SSTATUS_SPP | SSTATUS_SUM | SSTATUS_MXR | SSTATUS_FS | SSTATUS_VS);
  csr_write(scounteren, 7); // programs read cycle, time, instret
  require(SBI_TIME, "TIME");
  require(SBI_IPI, "sPI");
  require(SBI_HSM, "HSM");
  irq_init(boot);
}

// SBI hart_start(hart, physical address, opaque): the hart begins there in supervisor mode with paging off.
bool arch_cpu_start(const struct exo_boot *boot, unsigned index) {
  __atomic_store_n(&arch_starting, index, __ATOMIC_SEQ_CST);
  __asm__ volatile("fence rw, rw" ::: "memory");
  return sbi(SBI_HSM, 0, boot->cpu_hardware_id[index], boot->trampoline_physical, 0).error == 0;
}

void arch_halt(void) {
  csr_write(sie, 0);
  for (;;) __asm__ volatile("wfi" ::: "memory");
}

// SiFive's test device: 0x3333 in the low half ends the machine with the high half as the status. Where there is none
// the firmware powers off (SBI system_reset: shutdown; reason 1 is a failure), and no status leaves the machine.
void arch_power_off(enum arch_exit exit) {
  if (machine_boot && machine_boot->power_base)
    *(volatile uint32_t *)device(machine_boot->power_base) = 0x3333 | (uint32_t)exit << 16;
  sbi(SBI_RESET, 0, 0, exit != ARCH_EXIT_CLEAN, 0);
  arch_halt();
}

void arch_fp_off(void) {
  machine_cause(machine_of(arch_self()), SCAUSE_ILLEGAL, 0); // the next one may be a first use: C looks
  csr_clear(sstatus, SSTATUS_FS);
}

void arch_enter_words(uint64_t pc, uint64_t sp, const uint64_t words[6]) {
  register const uint64_t *a6 __asm__("a6") = words;
  csr_write(sepc, pc);
  csr_clear(sstatus, SSTATUS_SPP | SSTATUS_SUM | SSTATUS_MXR);
  __asm__ volatile(
      "csrw sscratch, tp\n\tmv sp, %0\n\t"
      "ld a0, 0(a6)\n\tld a1, 8(a6)\n\tld a2, 16(a6)\n\tld a3, 24(a6)\n\tld a4, 32(a6)\n\tld a5, 40(a6)\n\t"
      ".irp r, ra, gp, tp, t0, t1, t2, t3, t4, t5, t6, a6, a7, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, "
      "s11\n\tli \\r, 0\n\t.endr\n\tsret" ::"r"(sp),
      "r"(a6)
      : "memory");
  __builtin_unreachable();
}

// tp, the program's thread word, is in the frame.
void arch_thread_save(uint64_t words[ARCH_THREAD_WORDS]) {
  for (int i = 0; i < ARCH_THREAD_WORDS; i++) words[i] = 0;
}
void arch_thread_load(const uint64_t words[ARCH_THREAD_WORDS], uint64_t uarea_va) {
  (void)words;
  (void)uarea_va;
}

// No debug registers in supervisor mode: the core sets none.
void arch_debug_load(const struct arch_debug *points) { (void)points; }

// No privileged state is in a frame: sret's target mode is arch_enter's.
bool arch_frame_sane(struct arch_frame *f) { return f->pc < ARCH_USER_LIMIT; }

void arch_frame_door(struct arch_frame *f, uint64_t pc, uint64_t sp, uint64_t a0, uint64_t a1) {
  *f = (struct arch_frame){.pc = pc, .sp = sp, .a0 = a0, .a1 = a1};
}

// {fp, pc} of the caller lie below where the frame pointer points (RISC-V ELF psABI, "Frame Pointer Convention").
const uint64_t *arch_backtrace_slot(uint64_t fp) {
  uint64_t page = (fp - 16 - EXO_PERCPU_BASE) % EXO_PERCPU_STRIDE / 4096;
  bool stack = page == 1 || page == 2 || page == 4 || page == 6 || page == 8 || page == 10;
  return stack ? (const uint64_t *)(fp - 16) : nullptr;
}

// No ports on this machine.
uint8_t arch_port_read(uint16_t port) {
  (void)port;
  return 0xFF;
}
void arch_port_write(uint16_t port, uint8_t value) {
  (void)port;
  (void)value;
}
