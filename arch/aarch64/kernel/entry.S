// entry.S: every way into the kernel and the one way out.
//
// While a program runs, SP_EL1 is the top of the CPU's stack. ELR, SPSR and SP_EL0 of a call stay in their registers:
// the kernel takes no traps and no interrupts.
#include "machine.h"

#define EXO_CALL(number, name, ...) .set call_##name, number; .set call_count, number + 1
#include <exo/call.def>

.macro pair op, a, b, base
  \op x\a, x\b, [\base, #FRAME_X(\a)]
.endm
.macro low op, base                     // x2 to x11
  pair \op, 2, 3, \base
  pair \op, 4, 5, \base
  pair \op, 6, 7, \base
  pair \op, 8, 9, \base
  pair \op, 10, 11, \base
.endm
.macro middle op, base                  // x12 to x17
  pair \op, 12, 13, \base
  pair \op, 14, 15, \base
  pair \op, 16, 17, \base
.endm
.macro high op, base                    // x18 to x29
  pair \op, 18, 19, \base
  pair \op, 20, 21, \base
  pair \op, 22, 23, \base
  pair \op, 24, 25, \base
  pair \op, 26, 27, \base
  pair \op, 28, 29, \base
.endm

.macro save                             // a whole struct arch_frame on the stack
  sub sp, sp, #FRAME_SIZE
  pair stp, 0, 1, sp
  low stp, sp
  middle stp, sp
  high stp, sp
  mrs x0, sp_el0
  mrs x1, elr_el1
  mrs x2, spsr_el1
  stp x30, x0, [sp, #FRAME_X(30)]
  stp x1, x2, [sp, #FRAME_PC]
.endm

  .section .text.entry, "ax"
  .globl entry
entry:                                  // x0: struct exo_boot, or 0 on a CPU that another one has started
  mrs x19, cntvct_el0
  msr daifset, #15                      // nothing interrupts the kernel, ever
  msr spsel, #1
  mov x21, #0                           // the CPU's index
  cbnz x0, 1f
  adrp x1, arch_starting
  ldr w21, [x1, #:lo12:arch_starting]
1:
  ldr x1, =AREA_BASE
  add x1, x1, x21, lsl #AREA_SHIFT
  add x2, x1, #AREA_RECORD
  add x3, x1, #AREA_STACK
  mov x4, #USER_LIMIT
  mov sp, x3
  msr tpidr_el1, x2                     // from here on this is the CPU's record
  str x2, [x2, #RECORD_SELF]
  str x3, [x2, #RECORD_STACK]
  str x4, [x2, #RECORD_USER_LIMIT]
  adr x5, vectors                       // a bug is reported from the first line of C on
  msr vbar_el1, x5
  isb
  mov x29, #0                           // backtraces end here
  mov x30, #0
  cbz x0, 2f
  adrp x1, arch_entry_count
  str x19, [x1, #:lo12:arch_entry_count]
  b core_main
2:
  mov w0, w21
  b core_secondary
  .ltorg

.macro bug kind                         // x0 and x1 survive in the program's thread registers: no program runs again
  msr tpidrro_el0, x0
  msr tpidr_el0, x1
  mov x0, #\kind
  b kernel_trap
.endm

  .balign 2048                          // VBAR_EL1 (Arm ARM D1.3.1): sync, IRQ, FIQ, SError from four places
  .globl vectors
vectors:
  .irp kind, BUG_SYNC, BUG_IRQ, BUG_FIQ, BUG_SERROR, BUG_SYNC, BUG_IRQ, BUG_FIQ, BUG_SERROR
  .balign 128                           // from EL1, on either stack pointer
  bug \kind
  .endr

  .balign 128                           // from EL0: calls and faults. 32 instructions fit
  stp x16, x17, [sp, #-80]!
  mrs x16, esr_el1
  mov w17, #CALL_IMMEDIATE
  movk w17, #(EC_SVC << 10 | ESR_IL >> 16), lsl #16
  cmp w16, w17
  b.ne program_trap
  UNTRACED(cmp x8, #call_resume)
  UNTRACED(b.eq resume)
  cmp x8, #call_count
  b.hs program_trap                     // foreign, too
call:
  stp x0, x1, [sp, #32]                 // the array of argument words
  stp x2, x3, [sp, #48]
  stp x4, x5, [sp, #64]
  str x30, [sp, #16]
  add x0, sp, #32
  mov x1, x8
  bl core_call
  ldr x30, [sp, #16]
  b called

  .balign 128                           // from EL0: IRQ
  save
  mov x0, sp
  bl irq_take
  b leave
  .balign 128                           // from EL0: FIQ is never enabled
  bug BUG_FIQ
  .balign 128                           // from EL0: SError, nobody knows whose
  bug BUG_SERROR
  .rept 4
  .balign 128                           // from AArch32, which no program is started in
  bug BUG_AARCH32
  .endr
  .balign 128

called:                                 // x0 is the answer; nothing of the kernel's leaves in the others
  ldr x1, [sp, #40]
  ldp x2, x3, [sp, #48]
  ldp x4, x5, [sp, #64]
  .irp n, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 18
  mov x\n, #0
  .endr
  ldp x16, x17, [sp], #80
  eret

resume:                                 // sys_resume without C, where nothing is wrong and nothing waits. x0: record
  cmp x0, #1
  b.hi call
  mrs x16, tpidr_el1
  ldr x16, [x16, #RECORD_UAREA]
  mov x17, #USER_LIMIT
  ldr x6, [x16, #EXO_UAREA_PENDING]
  add x7, x16, #EXO_RECORD_FAULT
  add x7, x7, x0, lsl #9                // EXO_RECORD_SIZE
  ldp x1, x2, [x7, #FRAME_PC]
  tbnz x2, #PSTATE_STEP_BIT, call_again
  cbnz x6, call_again
  cmp x1, x17
  b.hs call_again
  ldr x3, [x7, #EXO_RECORD_WAS_MASKED]
  str x3, [x16, #EXO_UAREA_MASKED]
  str xzr, [x7, #EXO_RECORD_BUSY]
  add sp, sp, #80
  and x2, x2, #PSTATE_USER              // all else of PSTATE is 0: EL0t, nothing masked
  mov x0, x7
  b restore_at
call_again:                             // C does it; of the arguments only x0 counts
  mov x1, #0
  mov x2, #0
  b call

// A program's trap, delivered at its fault door without C where all is plain. x16 = ESR, its own x16 and x17 at sp.
program_trap:
  stp x12, x13, [sp, #16]
  stp x14, x15, [sp, #32]
  mrs x12, tpidr_el1
  ldr x13, [x12, #RECORD_UAREA]
  cbz x13, slow
  TRACED(b slow)
  lsr w17, w16, #26                     // the exception class
  adr x14, causes
  ldrb w14, [x14, w17, uxtw]
  cbz w14, slow
  mov x15, #0                           // the address
  cmp w14, #EXO_CAUSE_EXEC
  b.hi 2f
  tbnz w16, #8, slow                    // cache maintenance calls itself a write
  ubfx w15, w16, #2, #4
  ldr w17, [x12, #RECORD_ABORTS]
  lsr w17, w17, w15
  tbz w17, #0, slow                     // not a page fault, or one to be looked at first
  tbnz w14, #1, 1f
  ubfx w15, w16, #6, #1                 // WnR makes a read a write
  add w14, w14, w15
1:
  mrs x15, far_el1
2:
  ldr x17, [x13, #EXO_UAREA_FAULT_DOOR]
  ldr x16, [x12, #RECORD_USER_LIMIT]
  cbz x17, slow
  cmp x17, x16
  b.hs slow
  ldr x16, [x13, #(EXO_RECORD_FAULT + EXO_RECORD_BUSY)]
  cbnz x16, slow
  add x16, x13, #EXO_RECORD_FAULT       // nothing was written so far; from here on it is delivered
  pair stp, 0, 1, x16
  low stp, x16
  ldp x0, x1, [sp, #16]                 // x12 to x17, by way of x0 and x1
  stp x0, x1, [x16, #FRAME_X(12)]
  ldp x0, x1, [sp, #32]
  stp x0, x1, [x16, #FRAME_X(14)]
  ldp x0, x1, [sp]
  stp x0, x1, [x16, #FRAME_X(16)]
  high stp, x16
  mrs x0, sp_el0
  stp x30, x0, [x16, #FRAME_X(30)]
  mrs x0, elr_el1
  mrs x1, spsr_el1
  stp x0, x1, [x16, #FRAME_PC]
  stp x14, x15, [x16, #EXO_RECORD_CAUSE]
  ldr x1, [x13, #EXO_UAREA_MASKED]
  mov x0, #1
  stp x0, x1, [x16, #EXO_RECORD_BUSY]   // and was_masked
  str x0, [x13, #EXO_UAREA_MASKED]
  ldr x0, [x13, #EXO_UAREA_FAULT_STACK]
  msr sp_el0, x0
  msr elr_el1, x17
  msr spsr_el1, xzr                     // EL0t, nothing masked, flags clear
  ldr x0, [x13, #EXO_UAREA_SELF]
  add x1, x0, #EXO_RECORD_FAULT
  ldp x12, x13, [sp, #16]
  ldp x14, x15, [sp, #32]
  ldp x16, x17, [sp], #80
  eret

slow:                                   // all other traps of a program: a frame, and C
  ldp x12, x13, [sp, #16]
  ldp x14, x15, [sp, #32]
  ldp x16, x17, [sp], #80
  save
  mov x0, sp
  bl trap_user
leave:                                  // the frame at sp is the program
  mov x0, sp
  add sp, sp, #FRAME_SIZE
restore:                                // the one way out: the frame at x0, a program's or made safe
  ldp x1, x2, [x0, #FRAME_PC]
restore_at:
  ldr x3, [x0, #FRAME_SP]
  msr elr_el1, x1
  msr spsr_el1, x2
  msr sp_el0, x3
  low ldp, x0
  middle ldp, x0
  high ldp, x0
  ldr x30, [x0, #FRAME_X(30)]
  pair ldp, 0, 1, x0
  eret

  .globl arch_enter
arch_enter:                             // x0: the frame
  mrs x1, tpidr_el1
  ldr x1, [x1, #RECORD_STACK]
  mov sp, x1
  b restore

kernel_trap:                            // x0: which bug. No stack is trusted: each such trap takes the next spare one
  mrs x1, tpidr_el1
  str x0, [x1, #RECORD_SCRATCH]
  mov x0, sp
  str x0, [x1, #RECORD_SCRATCH + 8]
  ldr x0, [x1, #RECORD_NESTED]
  cmp x0, #AREA_EMERGENCIES
  b.hs arch_halt
  add x0, x0, #1
  str x0, [x1, #RECORD_NESTED]
  sub x1, x1, #(AREA_RECORD - AREA_EMERGENCY + (1 << AREA_EMERGENCY_SHIFT))
  add x1, x1, x0, lsl #AREA_EMERGENCY_SHIFT
  mov sp, x1
  mrs x0, tpidrro_el0
  mrs x1, tpidr_el0
  save
  mov x0, sp
  mrs x2, tpidr_el1
  ldp x1, x2, [x2, #RECORD_SCRATCH]
  bl trap_kernel

// EXO_CAUSE_* of each exception class that a program may get without C; 0: C looks first.
causes:
  .byte 4, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 // unknown instruction; wfi
  .byte 0, 0, 0, 0, 0, 9, 0, 0, 4, 4, 0, 0, 0, 4, 0, 0 // svc; system register, SVE, SME
  .byte 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 // fetch abort, data abort
  .byte 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0 // brk

  .bss
  .balign 8
  .globl arch_entry_count, arch_starting
arch_entry_count:
  .quad 0
arch_starting:
  .word 0
