// trap.S: the counter before a trap, at the door's first instruction, and after the return.
#include <arch/frame.h>
#include <exo/uarea.h>

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
  mov x8, #0
  NOW bench_before
  \trap
  NOW bench_after
  ret
  .endm
  NULL bench_null, svc #0xE0
  NULL bench_null_empty

// A door that reads the counter, then goes on at bench_continue.
  .globl bench_door
bench_door:
  NOW bench_at_door
  adrp x9, bench_continue
  ldr x9, [x9, :lo12:bench_continue]
  str x9, [x1, #FRAME_PC]
  mov x0, #0
  mov x8, #2
  svc #0xE0
  brk #0
