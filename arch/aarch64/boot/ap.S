// ap.S: the trampoline page. Another CPU arrives at its first byte by PSCI CPU_ON, MMU off; the boot CPU at
// trampoline_enter, identity mapped by the firmware. Either may be at EL2. Both leave at EL1 with the kernel's tables.
// Sections are the Arm ARM's (DDI 0487).
#define SCTLR_OFF 0x30500800     /* RES1 bits without SPAN: exceptions set PAN (D19.2.126) */
#define SCTLR_ON (SCTLR_OFF | 0x1000 | 0x18 | 4 | 1) /* I, SA0 SA, C, M */
#define SCTLR_EL2_OFF 0x30c50830
/* 48-bit addresses and 4 KiB granules in both halves, tables in write-back inner shareable memory (D19.2.147). */
#define TCR_LOW 0x3510           /* SH0 ORGN0 IRGN0 T0SZ=16 */
#define TCR_HIGH 0xb510          /* TG1=4K SH1 ORGN1 IRGN1 T1SZ=16 */
#define ICC_SRE_EL2 S3_4_C12_C9_5

  .section .rodata.trampoline, "a"
  .globl trampoline_begin, trampoline_end, trampoline_enter, trampoline_root, trampoline_low_root, trampoline_kernel
  .balign 16
trampoline_begin:
  mov x20, x0                    // the context of CPU_ON
  mov x0, #0                     // another CPU: no struct exo_boot
trampoline_enter:                // x0: struct exo_boot
  msr daifset, #15
  mrs x1, CurrentEL
  cmp x1, #8
  b.ne trampoline_el1

  movz x1, #(SCTLR_EL2_OFF >> 16), lsl #16
  movk x1, #(SCTLR_EL2_OFF & 0xffff)
  msr sctlr_el2, x1              // MMU off: this page was cleaned to memory
  isb
  mov x1, #(1 << 31)             // RW: EL1 is AArch64; nothing is trapped
  msr hcr_el2, x1
  mov x1, #3                     // EL1 may read counters and set timers
  msr cnthctl_el2, x1
  msr cntvoff_el2, xzr
  mov x1, #0x33ff                // no traps of floating point; the other bits are RES1
  msr cptr_el2, x1
  msr hstr_el2, xzr
  mrs x1, pmcr_el0
  ubfx x1, x1, #11, #5           // all event counters belong to EL1
  msr mdcr_el2, x1
  mrs x1, midr_el1
  msr vpidr_el2, x1
  mrs x1, mpidr_el1
  msr vmpidr_el2, x1
  mrs x1, id_aa64pfr0_el1
  ubfx x1, x1, #24, #4           // GIC by system registers?
  cbz x1, 1f
  mrs x1, ICC_SRE_EL2
  mov x2, #9                     // on, and EL1 may use them
  orr x1, x1, x2
  msr ICC_SRE_EL2, x1
  isb
1:
  mov x1, #0x3c5                 // EL1 with its own stack pointer, everything masked
  msr spsr_el2, x1
  adr x1, trampoline_el1
  msr elr_el2, x1
  movz x1, #(SCTLR_OFF >> 16), lsl #16
  movk x1, #(SCTLR_OFF & 0xffff)
  msr sctlr_el1, x1
  eret

trampoline_el1:
  movz x1, #(SCTLR_OFF >> 16), lsl #16
  movk x1, #(SCTLR_OFF & 0xffff)
  msr sctlr_el1, x1              // MMU off: TCR and MAIR may not change under it (D8.17)
  isb
  mov x1, #0x04ff                // attribute 0: write-back, 1: device nGnRE
  msr mair_el1, x1
  mrs x1, id_aa64mmfr0_el1
  and x1, x1, #15                // physical address size
  mov x2, #5                     // 48 bits are enough
  cmp x1, x2
  csel x1, x1, x2, lo
  lsl x1, x1, #32
  movk x1, #TCR_HIGH, lsl #16
  movk x1, #TCR_LOW
  msr tcr_el1, x1
  ldr x1, trampoline_low_root
  msr ttbr0_el1, x1
  ldr x1, trampoline_root
  msr ttbr1_el1, x1
  isb
  tlbi vmalle1
  ic iallu
  dsb nsh
  isb
  movz x1, #(SCTLR_ON >> 16), lsl #16
  movk x1, #(SCTLR_ON & 0xffff)
  msr sctlr_el1, x1
  isb
  mov x1, x20
  ldr x2, trampoline_kernel
  br x2

  .balign 8
trampoline_root:
  .quad 0
trampoline_low_root:
  .quad 0
trampoline_kernel:
  .quad 0
trampoline_end:
