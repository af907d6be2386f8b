// trap.S: the counter before a trap and after the return. The null call is Veridian's, or Linux's getpid.
#ifdef LINUX
#define NUMBER 172
#else
#define NUMBER 0xE0000000
#endif

  .macro NOW to
  rdinstret t0
  lla t1, \to
  sd t0, (t1)
  .endm
  .macro TRAP name, instruction:vararg
  .globl \name, \name\()_after
  .p2align 4
\name:
  NOW bench_before
  \instruction
\name\()_after:
  NOW bench_after
  ret
  .endm
  .text
  TRAP bench_store, sd a0, (a0)
  TRAP bench_illegal, .word 0
  TRAP bench_foreign, ecall
  TRAP bench_nothing, nop
// bench_null(word): a call, with its result left where it is; and the same without the trap.
  .macro NULL name, trap:vararg
  .globl \name
  .p2align 4
\name:
  li a7, NUMBER
  NOW bench_before
  \trap
  NOW bench_after
  ret
  .endm
  NULL bench_null, ecall
  NULL bench_null_empty
