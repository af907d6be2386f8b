// trap.S: the counter before a trap and after the return. The null call is Veridian's, or Linux's getpid.
#ifdef LINUX
#define NUMBER 172
#define TRAP_NUMBER 0
#else
#define NUMBER 0
#define TRAP_NUMBER 0xE0
#endif

  .macro NOW to
  mrs x9, cntvct_el0
  adrp x10, \to
  str x9, [x10, :lo12:\to]
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
  TRAP bench_store, str x0, [x0]
  TRAP bench_illegal, .inst 0
  TRAP bench_foreign, svc #0
  TRAP bench_nothing, nop
// bench_null(word): a call, with its result left where it is; and the same without the trap.
  .macro NULL name, trap:vararg
  .globl \name
  .p2align 4
\name:
  mov x8, #NUMBER
  NOW bench_before
  \trap
  NOW bench_after
  ret
  .endm
  NULL bench_null, svc #TRAP_NUMBER
  NULL bench_null_empty
