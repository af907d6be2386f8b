// probe.S: single accesses, all registers across a trap, and every instruction a program must not have (machine.h).
#include <arch/frame.h>

  .macro FUNCTION name
  .globl \name
  .p2align 4
\name:
  .endm

  .text
FUNCTION probe_load
  ld a0, (a0)
  ret
FUNCTION probe_store
  sd a1, (a0)
  .globl probe_stored
probe_stored:
  ret
FUNCTION probe_steps
  li a1, 5
1:
  addi a1, a1, -1
  bnez a1, 1b
  li a0, 0
  .globl probe_steps_end
probe_steps_end:
  ret
FUNCTION probe_odd
  ld a0, (a0)
  ret
FUNCTION probe_call
  mv t0, a0
  mv a0, a1
  jr t0
FUNCTION probe_fault
  li a0, 0xFA017FA017FA017F
  ret
FUNCTION probe_flags
  li a0, 0                              // a program's record holds no status
  ret
  .globl probe_code, probe_code_end
  .option push
  .option norvc
  .p2align 2
probe_code:
  addi a0, a0, 7
  ret
probe_code_end:
  .option pop

  .macro TRIP name, instruction:vararg
FUNCTION \name
  addi sp, sp, -144
  sd a1, (sp)
  sd ra, 8(sp)
  sd gp, 16(sp)
  sd tp, 24(sp)
  sd s0, 32(sp)
  sd s1, 40(sp)
  sd s2, 48(sp)
  sd s3, 56(sp)
  sd s4, 64(sp)
  sd s5, 72(sp)
  sd s6, 80(sp)
  sd s7, 88(sp)
  sd s8, 96(sp)
  sd s9, 104(sp)
  sd s10, 112(sp)
  sd s11, 120(sp)
  .irp n, 1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, \
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 10
  ld x\n, FRAME_X(\n)(a0)
  .endr
  .globl \name\()_at, \name\()_after
\name\()_at:
  \instruction
\name\()_after:
  sd a0, 128(sp)
  ld a0, (sp)
  .irp n, 1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, \
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  sd x\n, FRAME_X(\n)(a0)
  .endr
  ld t0, 128(sp)
  sd t0, FRAME_X(10)(a0)
  ld ra, 8(sp)
  ld gp, 16(sp)
  ld tp, 24(sp)
  ld s0, 32(sp)
  ld s1, 40(sp)
  ld s2, 48(sp)
  ld s3, 56(sp)
  ld s4, 64(sp)
  ld s5, 72(sp)
  ld s6, 80(sp)
  ld s7, 88(sp)
  ld s8, 96(sp)
  ld s9, 104(sp)
  ld s10, 112(sp)
  ld s11, 120(sp)
  addi sp, sp, 144
  ret
  .endm
  TRIP registers_illegal, .word 0
  TRIP registers_foreign, ecall

FUNCTION fp_word_count
  li a0, 32
  ret
FUNCTION fp_fill
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, \
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  fld f\n, \n * 8(a0)
  .endr
  ret
FUNCTION fp_read
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, \
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  fsd f\n, \n * 8(a0)
  .endr
  ret

// --- Instructions. The lists lie in read-only data, a nameless entry at the end.
  .macro INSTRUCTION list, name, causes, code
  .section .rodata.strings, "a"
1:.asciz "\name"
  .text
  .p2align 2
2:\code
  ret
  .section .rodata.\list, "a"
  .quad 1b, 2b, \causes
  .text
  .endm
  .macro LIST name
  .section .rodata.\name, "a"
  .p2align 3
  .globl \name
\name:
  .endm
  .macro END_LIST name
  .section .rodata.\name, "a"
  .quad 0, 0, 0
  .endm
#define PASS 1
#define ILLEGAL (1 << 4)
#define BREAK (1 << 5)
#define ALIGN (1 << 6)
#define NO (ILLEGAL | 1 << 8)

  LIST privileged
  INSTRUCTION privileged, "read sstatus", NO, "csrr a0, sstatus"
  INSTRUCTION privileged, "write sstatus", NO, "csrw sstatus, a0"
  INSTRUCTION privileged, "read satp", NO, "csrr a0, satp"
  INSTRUCTION privileged, "write satp", NO, "csrw satp, zero"
  INSTRUCTION privileged, "write stvec", NO, "csrw stvec, a0"
  INSTRUCTION privileged, "read sscratch", NO, "csrr a0, sscratch"
  INSTRUCTION privileged, "write sscratch", NO, "csrw sscratch, a0"
  INSTRUCTION privileged, "read sepc", NO, "csrr a0, sepc"
  INSTRUCTION privileged, "write sepc", NO, "csrw sepc, a0"
  INSTRUCTION privileged, "read stval", NO, "csrr a0, stval"
  INSTRUCTION privileged, "read scause", NO, "csrr a0, scause"
  INSTRUCTION privileged, "write sie", NO, "csrw sie, zero"
  INSTRUCTION privileged, "write sip", NO, "csrw sip, a0"
  INSTRUCTION privileged, "write scounteren", NO, "csrw scounteren, a0"
  INSTRUCTION privileged, "write senvcfg", NO, "csrw 0x10a, a0"
  INSTRUCTION privileged, "write stimecmp", NO, "csrw 0x14d, a0"
  INSTRUCTION privileged, "read mstatus", NO, "csrr a0, mstatus"
  INSTRUCTION privileged, "write mtvec", NO, "csrw mtvec, a0"
  INSTRUCTION privileged, "read mhartid", NO, "csrr a0, mhartid"
  INSTRUCTION privileged, "write medeleg", NO, "csrw medeleg, a0"
  INSTRUCTION privileged, "write pmpcfg0", NO, "csrw pmpcfg0, a0"
  INSTRUCTION privileged, "write time", NO, ".insn i 0x73, 1, x0, a0, -1023"
  INSTRUCTION privileged, "undefined register", NO, "csrr a0, 0xfff"
  INSTRUCTION privileged, "sret", NO, "sret"
  INSTRUCTION privileged, "mret", NO, "mret"
  INSTRUCTION privileged, "sfence.vma", NO, "sfence.vma"
  INSTRUCTION privileged, "wfi", NO | PASS, "wfi"
  END_LIST privileged

  LIST trapping
  INSTRUCTION trapping, "all zeros", ILLEGAL, ".word 0"
  INSTRUCTION trapping, "all ones", ILLEGAL, ".word 0xFFFFFFFF"
  INSTRUCTION trapping, "ebreak", BREAK, "ebreak"
  INSTRUCTION trapping, "misaligned atomic", ALIGN, "addi a1, sp, 1; amoadd.d a0, a0, (a1)"
  END_LIST trapping
