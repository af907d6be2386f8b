// door.S: a door of Veridian that reads the counter, then goes on at bench_continue.
#include <arch/frame.h>
#include <exo/uarea.h>

  .macro NOW to
  mrs x9, cntvct_el0
  adrp x10, \to
  str x9, [x10, :lo12:\to]
  .endm
  .text
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
