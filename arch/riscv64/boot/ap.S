// ap.S: the trampoline page. Another hart arrives at its first byte by SBI hart_start, translation off; the boot hart at
// trampoline_enter. Both leave with the kernel's tables and their hart id in a1.
  .section .rodata.trampoline, "a"
  .globl trampoline_begin, trampoline_end, trampoline_enter, trampoline_satp, trampoline_kernel
  .balign 16
trampoline_begin:           // a0: hart id, a1: what the caller of hart_start gave
  mv a1, a0
  li a0, 0                  // another CPU: no struct exo_boot
trampoline_enter:           // a0: struct exo_boot, a1: hart id
  csrci sstatus, 2          // SIE
  csrw sie, zero
  fence.i                   // the kernel's code was written as data
  lla t0, trampoline_satp
  ld t1, (t0)
  lla t0, trampoline_kernel
  ld t2, (t0)
  sfence.vma
  csrw satp, t1             // this page stays where it is
  sfence.vma
  jr t2

  .balign 8
trampoline_satp:
  .quad 0
trampoline_kernel:
  .quad 0
trampoline_end:
