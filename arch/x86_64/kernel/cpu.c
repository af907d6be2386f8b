// cpu.c: tables and modes of one processor, starting others, floating point, power off. (SDM = Intel Software
// Developer's Manual, volume 3A.)
#include "machine.h"

enum : uint32_t {
  MSR_EFER = 0xC0000080,
  MSR_STAR,
  MSR_LSTAR,
  MSR_CSTAR,
  MSR_FMASK,
  MSR_GS_BASE = 0xC0000101,
  MSR_KERNEL_GS
};
enum : uint32_t { MSR_SYSENTER_CS = 0x174 };
enum : uint64_t { EFER_SCE = 1, EFER_NXE = 1 << 11 };
enum : uint64_t {
  CR0_MP = 1 << 1,
  CR0_EM = 1 << 2,
  CR0_TS = 1 << 3,
  CR0_NE = 1 << 5,
  CR0_WP = 1 << 16,
  CR0_AM = 1 << 18
};
enum : uint64_t {
  CR4_DE = 1 << 3,
  CR4_PAE = 1 << 5,
  CR4_MCE = 1 << 6,
  CR4_PGE = 1 << 7,
  CR4_OSFXSR = 1 << 9,
  CR4_OSXMMEXCPT = 1 << 10,
  CR4_UMIP = 1 << 11,
  CR4_LA57 = 1 << 12,
  CR4_FSGSBASE = 1 << 16,
  CR4_OSXSAVE = 1 << 18,
  CR4_SMEP = 1 << 20,
  CR4_SMAP = 1 << 21,
};
enum : uint32_t { XCR0_X87 = 1, XCR0_SSE = 2, XCR0_AVX = 4 };
enum : uint64_t { DR7_OFF = 0x400 };
enum : uint64_t { FMASK = 0x47700 }; // TF IF DF NT AC, IOPL

uint32_t arch_starting; // index of the CPU that is being started; read by entry.S
static uint64_t clock_zero, clock_hz;
static uint32_t xcr0;

static uint64_t cr4_read(void) {
  uint64_t v;
  __asm__ volatile("mov %%cr4, %0" : "=r"(v));
  return v;
}

// --- Descriptor tables

struct [[gnu::packed]] table_register {
  uint16_t limit;
  uint64_t base;
};
struct gate {
  uint16_t offset0, selector;
  uint8_t ist, type;
  uint16_t offset1;
  uint32_t offset2, reserved;
};
static struct gate idt[256];

enum { GATE_INTERRUPT = 0x8E, GATE_USER = 0xEE }; // GATE_USER: a program may raise it itself (int3, into)

static void gate_set(unsigned n, const void *handler, unsigned ist, uint8_t type) {
  uint64_t at = (uint64_t)handler;
  idt[n] = (struct gate){(uint16_t)at, KERNEL_CS, (uint8_t)ist, type, (uint16_t)(at >> 16), (uint32_t)(at >> 32), 0};
}

static void idt_fill(void) {
  extern const char vector_table[], trap_page[], trap_divide[], trap_breakpoint[], trap_overflow[], trap_bound[],
      trap_illegal[], trap_fpu[], trap_simd[], trap_segment[], trap_stack[], trap_protection[], trap_alignment[],
      trap_nmi[], trap_double_fault[], trap_machine_check[], trap_debug[];
  for (size_t i = 0; i < 256; i++) gate_set((unsigned)i, vector_table + 16 * i, 0, GATE_INTERRUPT);
  gate_set(0, trap_divide, 0, GATE_INTERRUPT);
  gate_set(1, trap_debug, STACK_DEBUG + 1, GATE_INTERRUPT);
  gate_set(2, trap_nmi, STACK_NMI + 1, GATE_INTERRUPT);
  gate_set(3, trap_breakpoint, 0, GATE_USER);
  gate_set(4, trap_overflow, 0, GATE_USER);
  gate_set(5, trap_bound, 0, GATE_INTERRUPT);
  gate_set(6, trap_illegal, 0, GATE_INTERRUPT);
  gate_set(8, trap_double_fault, STACK_DOUBLE_FAULT + 1, GATE_INTERRUPT);
  gate_set(11, trap_segment, 0, GATE_INTERRUPT);
  gate_set(12, trap_stack, 0, GATE_INTERRUPT);
  gate_set(13, trap_protection, 0, GATE_INTERRUPT);
  gate_set(14, trap_page, 0, GATE_INTERRUPT);
  gate_set(16, trap_fpu, 0, GATE_INTERRUPT);
  gate_set(17, trap_alignment, 0, GATE_INTERRUPT);
  gate_set(18, trap_machine_check, STACK_MACHINE_CHECK + 1, GATE_INTERRUPT);
  gate_set(19, trap_simd, 0, GATE_INTERRUPT);
}

static void tables_load(unsigned index) {
  struct machine *m = machine_of(index);
  uint64_t area = EXO_PERCPU_BASE + index * EXO_PERCPU_STRIDE, tss = (uint64_t)&m->tss;
  m->tss.rsp[0] = area + EXO_PERCPU_STACK_TOP;
  for (int i = 0; i < 4; i++) m->tss.ist[i] = area + EXO_PERCPU_EMERGENCY_TOP(i);
  m->tss.io_map = sizeof m->tss; // no ports for programs
  // SDM 3.4.5: code 64-bit, data; ring 3 twins in the order that SYSRET wants; the TSS takes two.
  const uint64_t gdt[7] = {0,
                           0x00AF9B000000FFFF,
                           0x00CF93000000FFFF,
                           0x00CFF3000000FFFF,
                           0x00AFFB000000FFFF,
                           (sizeof m->tss - 1) | (tss & 0xFFFFFF) << 16 | 0x89ull << 40 | (tss >> 24 & 0xFF) << 56,
                           tss >> 32};
  memcpy(m->gdt, gdt, sizeof gdt);
  struct table_register gdtr = {sizeof m->gdt - 1, (uint64_t)m->gdt}, idtr = {sizeof idt - 1, (uint64_t)idt};
  __asm__ volatile("lgdt %0; lidt %1; ltr %w2" ::"m"(gdtr), "m"(idtr), "r"(TSS_SELECTOR) : "memory");
  __asm__ volatile("lldt %w0; mov %1, %%dr7" ::"r"(0),
                   "r"(DR7_OFF)); // no local table, no breakpoints of the firmware's
  // Reload the segment registers; gs keeps its base in an MSR but a load would clear it: left alone.
  __asm__ volatile("mov %w0, %%ss; mov %w1, %%ds; mov %w1, %%es; mov %w1, %%fs\n"
                   "push %q2; lea 1f(%%rip), %%rax; push %%rax; lretq; 1:" ::"r"(KERNEL_SS),
                   "r"(0), "r"((uint64_t)KERNEL_CS)
                   : "rax", "memory");
}

// --- Modes

static void need(bool has, const char *what) {
  if (!has) panic("this CPU has no %s, which Veridian needs", what);
}

static void modes_set(void) {
  struct cpuid c1 = cpuid(1, 0), c7 = cpuid(7, 0), e1 = cpuid(0x80000001, 0);
  need(e1.d >> 20 & 1, "no-execute pages (NX)");
  need(e1.d >> 11 & 1, "SYSCALL");
  need(c7.b & 1, "FSGSBASE");
  need(c1.c >> 26 & 1, "XSAVE");
  need(!(cr4_read() & CR4_LA57), "4-level paging in use (5-level is on)");
  uint64_t cr0;
  __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
  cr0 = (cr0 & ~CR0_EM) | CR0_MP | CR0_NE | CR0_WP | CR0_AM | CR0_TS;
  __asm__ volatile("mov %0, %%cr0" ::"r"(cr0));
  uint64_t cr4 = CR4_DE | CR4_PAE | CR4_MCE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE | CR4_FSGSBASE;
  if (c7.b >> 7 & 1) cr4 |= CR4_SMEP;
  if (c7.b >> 20 & 1) cr4 |= CR4_SMAP;
  if (c7.c >> 2 & 1) cr4 |= CR4_UMIP;
  __asm__ volatile("mov %0, %%cr4" ::"r"(cr4));
  xcr0 = XCR0_X87 | XCR0_SSE | (c1.c >> 28 & 1 ? XCR0_AVX : 0);
  __asm__ volatile("xsetbv" ::"c"(0), "a"(xcr0), "d"(0));
  need(cpuid(0xD, 0).b <= ARCH_FP_SIZE, "small floating-point state");
}

static void syscall_set(void) {
  extern const char entry_call[];
  msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SCE | EFER_NXE);
  msr_write(MSR_STAR, (uint64_t)(USER_SS - 8) << 48 | (uint64_t)KERNEL_CS << 32);
  msr_write(MSR_LSTAR, (uint64_t)entry_call);
  msr_write(MSR_FMASK, FMASK);
  msr_write(MSR_KERNEL_GS, 0);
  msr_write(MSR_SYSENTER_CS, 0); // SYSENTER faults
}

void arch_cpu_init(const struct exo_boot *boot, unsigned index) {
  if (index == 0) {
    clock_zero = arch_counter();
    clock_hz = boot->timer_hz;
    need(clock_hz >= 1'000'000, "known TSC frequency");
    mmu_init(boot);
    idt_fill();
  }
  tables_load(index);
  trap_init(index);
  modes_set();
  syscall_set();
  irq_init(boot, index);
}

uint64_t arch_clock_hz(void) { return clock_hz; }
uint64_t arch_clock_zero(void) { return clock_zero; }
uint64_t arch_now_ns(void) { // 128-bit product by one instruction, the quotient fits for centuries
  uint64_t ticks = arch_counter() - clock_zero, high, low;
  __asm__("mulq %3" : "=a"(low), "=d"(high) : "a"(ticks), "rm"(1'000'000'000ull));
  __asm__("divq %2" : "+a"(low), "+d"(high) : "rm"(clock_hz));
  return low;
}

// --- Programs' registers

enum : uint64_t { FLAGS_USER = 0x40DD5, FLAGS_ALWAYS = 0x202 }; // CF PF AF ZF SF TF DF OF AC; IF and the reserved bit

bool arch_frame_sane(struct arch_frame *f) {
  f->rflags = (f->rflags & FLAGS_USER) | FLAGS_ALWAYS;
  f->cs = USER_CS;
  f->ss = USER_SS;
  return f->rip < ARCH_USER_LIMIT;
}

void arch_frame_door(struct arch_frame *f, uint64_t pc, uint64_t sp, uint64_t a0, uint64_t a1) {
  *f = (struct arch_frame){
      .rdi = a0, .rsi = a1, .rip = pc, .cs = USER_CS, .rflags = FLAGS_ALWAYS, .rsp = sp, .ss = USER_SS};
}

// sysret takes the pc from rcx and the flags from r11. The next entry begins at the top of the kernel's stack by
// itself.
void arch_enter_words(uint64_t pc, uint64_t sp, const uint64_t words[6]) {
  register uint64_t r10 __asm__("r10") = words[3];
  register uint64_t r8 __asm__("r8") = words[4];
  register uint64_t r9 __asm__("r9") = words[5];
  register uint64_t flags __asm__("r11") = FLAGS_ALWAYS;
  __asm__ volatile("mov %%rax, %%rsp\n\t"
                   ".irp r, eax, ebx, ebp, r12d, r13d, r14d, r15d\n\txor %%\\r, %%\\r\n\t.endr\n\t"
                   "swapgs\n\tsysretq" ::"a"(sp),
                   "c"(pc), "D"(words[0]), "S"(words[1]), "d"(words[2]), "r"(r10), "r"(r8), "r"(r9), "r"(flags));
  __builtin_unreachable();
}

// gs is the library's: the kernel's own copy of the base lies behind swapgs. What is loaded was saved here.
void arch_thread_save(uint64_t words[ARCH_THREAD_WORDS]) {
  __asm__ volatile("rdfsbase %0; swapgs; rdgsbase %1; swapgs" : "=r"(words[0]), "=r"(words[1]));
}

void arch_thread_load(const uint64_t words[ARCH_THREAD_WORDS], uint64_t uarea_va) {
  (void)uarea_va; // the library keeps it in gs itself
  // The selectors that ring 3 may load would tell the next program what this one chose.
  __asm__ volatile("mov %w0, %%ds; mov %w0, %%es; mov %w0, %%fs; wrfsbase %1\n\t"
                   "swapgs; mov %w0, %%gs; wrgsbase %2; swapgs" ::"r"(0),
                   "r"(words[0]), "r"(words[1]));
}

// --- Floating point: XSAVE area, standard format (SDM vol. 1, 13.4). In an area that nothing was saved to yet, even
// MXCSR_MASK is zero.

enum { MXCSR_DEFAULT = 0x1F80 };
struct fp_area {
  uint64_t x87[3];
  uint32_t mxcsr, mxcsr_mask;
  uint8_t rest[ARCH_FP_SIZE - 32];
};
static_assert(sizeof(struct fp_area) == ARCH_FP_SIZE);
// An all-zero header initialises every component; MXCSR is loaded all the same.
static _Alignas(ARCH_FP_ALIGN) const struct fp_area fp_fresh = {.mxcsr = MXCSR_DEFAULT};

static void fp_restore(const struct fp_area *area) {
  __asm__ volatile("xrstor64 (%0); ldmxcsr %1" ::"r"(area), "m"(area->mxcsr), "a"(xcr0), "d"(0) : "memory");
}

void arch_fp_off(void) {
  uint64_t cr0;
  __asm__ volatile("mov %%cr0, %0; or $8, %0; mov %0, %%cr0" : "=&r"(cr0));
}

void arch_fp_save(void *area) {
  __asm__ volatile("xsave64 (%0)" ::"r"(area), "a"(xcr0), "d"(0) : "memory");
  fp_restore(&fp_fresh); // what the unit is off for must not be in it
}

void arch_fp_load(const void *area) {
  const struct fp_area *saved = area;
  __asm__ volatile("clts");
  fp_restore(saved->mxcsr_mask ? saved : &fp_fresh);
}

// --- Debug registers (SDM vol. 3B, 18.2). The addresses are programs', so the kernel is never stopped; but see
// trap_debug. A step is TF, which is in the frame.

void arch_debug_load(const struct arch_debug *points) {
  static const struct arch_debug none;
  const struct arch_debug *p = points ? points : &none;
  uint64_t dr7 = DR7_OFF;
  for (int i = 0; i < ARCH_DEBUG_POINTS; i++) {
    uint64_t kind = p->control[i] & 7, length = p->control[i] >> 8;
    uint64_t access = kind == EXO_EXEC ? 0 : kind == EXO_WRITE ? 1 : 3, code = length == 8 ? 2 : length - 1;
    if (kind) dr7 |= 1ull << 2 * i | (access | code << 2) << (16 + 4 * i);
  }
  const uint64_t *at = p->address;
  __asm__ volatile("mov %0, %%db0; mov %1, %%db1; mov %2, %%db2; mov %3, %%db3; mov %4, %%db7" ::"r"(at[0]), "r"(at[1]),
                   "r"(at[2]), "r"(at[3]), "r"(dr7));
}

// --- Ports and power

uint8_t arch_port_read(uint16_t port) {
  uint8_t v;
  __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
  return v;
}
void arch_port_write(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }

void arch_halt(void) {
  for (;;) __asm__ volatile("cli; hlt");
}

void arch_power_off(enum arch_exit exit) {
  enum { ISA_DEBUG_EXIT = 0x501 };
  arch_port_write(ISA_DEBUG_EXIT, (uint8_t)exit);
  arch_halt();
}

const uint64_t *arch_backtrace_slot(uint64_t fp) { return (const uint64_t *)fp; }
