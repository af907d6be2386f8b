// probe.S: single accesses, all registers across a trap, and every instruction a program must not have (machine.h).
#include <arch/frame.h>
  .arch armv8.2-a
  .arch_extension fp
  .arch_extension simd
  .arch_extension pan

  .macro FUNCTION name
  .globl \name
  .p2align 4
\name:
  .endm

  .text
FUNCTION probe_load
  ldr x0, [x0]
  ret
FUNCTION probe_store
  str x1, [x0]
  .globl probe_stored
probe_stored:
  ret
FUNCTION probe_steps
  mov w1, #5
1:
  subs w1, w1, #1
  b.ne 1b
  mov x0, #0
  .globl probe_steps_end
probe_steps_end:
  ret
FUNCTION probe_odd
  ldr x0, [x0]
  ret
FUNCTION probe_call
  mov x9, x0
  mov x0, x1
  br x9
FUNCTION probe_fault
  ldr x0, =0xFA017FA017FA017F
  ret
FUNCTION probe_flags
  mov x0, #0                            // the rest can not be read at EL0: the privileged instructions show it
  ret
  .globl probe_code, probe_code_end
probe_code:
  add x0, x0, #7
  ret
probe_code_end:

  .macro TRIP name, instruction:vararg
FUNCTION \name
  sub sp, sp, #128
  stp x19, x20, [sp]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  str x1, [sp, #96]
  ldr x2, [x0, #FRAME_PSTATE]
  msr nzcv, x2
  .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, \
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 0
  ldr x\n, [x0, #FRAME_X(\n)]
  .endr
  .globl \name\()_at, \name\()_after
\name\()_at:
  \instruction
\name\()_after:
  str x0, [sp, #104]
  ldr x0, [sp, #96]
  .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, \
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
  str x\n, [x0, #FRAME_X(\n)]
  .endr
  ldr x1, [sp, #104]
  str x1, [x0, #FRAME_X(0)]
  mrs x1, nzcv
  str x1, [x0, #FRAME_PSTATE]
  ldp x19, x20, [sp]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  add sp, sp, #128
  ret
  .endm
  TRIP registers_illegal, .inst 0
  TRIP registers_foreign, svc #0

FUNCTION fp_word_count
  mov x0, #64
  ret
FUNCTION fp_fill
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, \
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  ldr q\n, [x0, #\n * 16]
  .endr
  ret
FUNCTION fp_read
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, \
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  str q\n, [x0, #\n * 16]
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
  INSTRUCTION privileged, "mask interrupts", NO, "msr daifset, #15"
  INSTRUCTION privileged, "unmask interrupts", NO, "msr daifclr, #15"
  INSTRUCTION privileged, "read daif", NO, "mrs x0, daif"
  INSTRUCTION privileged, "read currentel", NO, "mrs x0, currentel"
  INSTRUCTION privileged, "write spsel", NO, "msr spsel, #1"
  INSTRUCTION privileged, "write pan", NO, "msr pan, #0"
  INSTRUCTION privileged, "read sctlr", NO, "mrs x0, sctlr_el1"
  INSTRUCTION privileged, "write sctlr", NO, "msr sctlr_el1, x0"
  INSTRUCTION privileged, "read ttbr0", NO, "mrs x0, ttbr0_el1"
  INSTRUCTION privileged, "write ttbr0", NO, "msr ttbr0_el1, x0"
  INSTRUCTION privileged, "write ttbr1", NO, "msr ttbr1_el1, x0"
  INSTRUCTION privileged, "write tcr", NO, "msr tcr_el1, x0"
  INSTRUCTION privileged, "read vbar", NO, "mrs x0, vbar_el1"
  INSTRUCTION privileged, "write vbar", NO, "msr vbar_el1, x0"
  INSTRUCTION privileged, "read elr", NO, "mrs x0, elr_el1"
  INSTRUCTION privileged, "write spsr", NO, "msr spsr_el1, x0"
  INSTRUCTION privileged, "read tpidr_el1", NO, "mrs x0, tpidr_el1"
  INSTRUCTION privileged, "write tpidrro_el0", NO, "msr tpidrro_el0, x0"
  INSTRUCTION privileged, "write sp_el0", NO, "msr sp_el0, x0"
  INSTRUCTION privileged, "read far", NO, "mrs x0, far_el1"
  INSTRUCTION privileged, "write cpacr", NO, "msr cpacr_el1, x0"
  INSTRUCTION privileged, "read par", NO, "mrs x0, par_el1"
  INSTRUCTION privileged, "address translation", NO, "at s1e1r, x0"
  INSTRUCTION privileged, "tlbi", NO, "tlbi vmalle1"
  INSTRUCTION privileged, "ic iallu", NO, "ic iallu"
  INSTRUCTION privileged, "dc isw", NO, "dc isw, x0"
  INSTRUCTION privileged, "write timer", NO, "msr cntv_cval_el0, x0"
  INSTRUCTION privileged, "write timer control", NO, "msr cntv_ctl_el0, x0"
  INSTRUCTION privileged, "write cntkctl", NO, "msr cntkctl_el1, x0"
  INSTRUCTION privileged, "write pmu control", NO, "msr pmcr_el0, x0"
  INSTRUCTION privileged, "write debug control", NO, "msr mdscr_el1, x0"
  INSTRUCTION privileged, "interrupt acknowledge", NO, "mrs x0, s3_0_c12_c12_0"
  INSTRUCTION privileged, "send interrupt", NO, "msr s3_0_c12_c11_5, x0"
  INSTRUCTION privileged, "read sctlr_el2", NO, "mrs x0, sctlr_el2"
  INSTRUCTION privileged, "eret", NO, "eret"
  INSTRUCTION privileged, "hvc", NO, "hvc #0"
  INSTRUCTION privileged, "smc", NO, "smc #0"
  INSTRUCTION privileged, "halting breakpoint", NO, "hlt #0xf000"
  INSTRUCTION privileged, "wfi", NO | PASS, "wfi"
  INSTRUCTION privileged, "undefined register", NO, "mrs x0, s3_7_c15_c15_7"
  END_LIST privileged

  LIST trapping
  INSTRUCTION trapping, "undefined", ILLEGAL, ".inst 0"
  INSTRUCTION trapping, "brk", BREAK, "brk #7"
  INSTRUCTION trapping, "misaligned exclusive", ALIGN, "add x1, sp, #1; ldxr x0, [x1]"
  INSTRUCTION trapping, "misaligned pc", ALIGN | NO, "mov x1, x30; adr x0, 3f; add x0, x0, #2; 3: br x0"
  INSTRUCTION trapping, "misaligned sp", ALIGN | NO | PASS, "mov x2, sp; sub x1, x2, #8; mov sp, x1; 3: mov sp, x2"
  END_LIST trapping
