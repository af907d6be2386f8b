// entry.S: every way into the kernel and the one way out.
//
// In user mode sscratch holds the address of the CPU's record; in the kernel tp holds it and sscratch is 0, so that a
// trap that finds 0 there came from the kernel itself. sepc of a call stays in its register: the kernel takes no traps.
#include "machine.h"

#define EXO_CALL(number, ...) .set call_count, number + 1
#include <exo/call.def>

// Does something with each of f0 to f31; \operand may name the number as \n.
.macro fp_registers op, operand:vararg
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  \op f\n, \operand
  .endr
  .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  \op f\n, \operand
  .endr
.endm
// All registers but t0, t1, t2 and tp, which a path has moved already, to or from \base + \offset.
.macro registers op, base, offset
  .irp n, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  \op x\n, \offset + FRAME_X(\n)(\base)
  .endr
.endm
// One register from \from to \to, by way of \by, whose own value is safe.
.macro move from, to, by
  ld \by, \from
  sd \by, \to
.endm

  .section .text.entry, "ax"
  .globl entry
entry:                                  // a0: struct exo_boot, or 0 on a CPU that another one has started
  rdtime s1
  csrw sie, zero                        // nothing interrupts before arch_cpu_init says so
  li s2, 0                              // the CPU's index
  bnez a0, 1f
  lla t0, arch_starting
  lwu s2, (t0)
1:
  li tp, EXO_PERCPU_BASE + EXO_PERCPU_RECORD
  slli t0, s2, 17                       // EXO_PERCPU_STRIDE
  add tp, tp, t0
  li t0, EXO_PERCPU_RECORD - EXO_PERCPU_STACK_TOP
  sub sp, tp, t0
  sd tp, CPU_SELF(tp)
  sd sp, CPU_STACK(tp)
  addi t0, sp, -64
  sd t0, MACHINE_CALL_STACK(tp)
  li t0, ARCH_USER_LIMIT
  sd t0, CPU_USER_LIMIT(tp)
  sd s1, MACHINE_ENTERED(tp)
  csrw sscratch, zero                   // in the kernel
  lla t0, trap
  csrw stvec, t0                        // direct mode: its low bits are 0
  li s0, 0                              // backtraces end here
  beqz a0, 2f
  lla t0, machine_boot                  // first of all: it says how to end the machine
  sd a0, (t0)
  jal core_main
2:
  mv a0, s2
  jal core_secondary

  .text
  .balign 64
  .globl trap
trap:
  csrrw tp, sscratch, tp
  beqz tp, trap_nested
  sd t0, CPU_SCRATCH(tp)
  csrr t0, scause
  xori t0, t0, SCAUSE_CALL
  bnez t0, trap_fault

  // A call. C keeps s0-s11; gp is the program's and the kernel has no use for it.
  ld t0, MACHINE_CALL_BASE(tp)
  sub t0, a7, t0
  sltiu t0, t0, call_count
  beqz t0, trap_foreign
  sd sp, CPU_SCRATCH + 8(tp)            // calls do not nest
  ld sp, MACHINE_CALL_STACK(tp)
  csrrw t0, sscratch, zero
  sd t0, CPU_SCRATCH + 16(tp)           // the program's tp
  sd ra, 48(sp)
  .irp n, 0, 1, 2, 3, 4, 5
  sd a\n, 8 * \n(sp)
  .endr
  andi a1, a7, 0x7ff                    // EXO_CALL_BASE has zeros there
  addi t0, a1, -CALL_RESUME
  UNTRACED(beqz t0, call_resume)
call_c:
  mv a0, sp
  jal core_call
  ld ra, 48(sp)
  ld sp, CPU_SCRATCH + 8(tp)
  csrw sscratch, tp
  ld tp, CPU_SCRATCH + 16(tp)
  csrr t0, sepc
  addi t0, t0, 4                        // behind the ecall, which has no short form
  csrw sepc, t0
  .irp r, t1, t2, t3, t4, t5, t6, a1, a2, a3, a4, a5, a6, a7
  li \r, 0                              // nothing of the kernel's leaves it
  .endr
  sret

  // resume, if nothing waits to be delivered and pc is a program's; else it is C's. pc is read once.
call_resume:
  ld t1, CPU_UAREA(tp)
  ld t0, EXO_UAREA_PENDING(t1)
  bnez t0, call_c
  sltiu t0, a0, 2
  beqz t0, call_c                       // no such record
  slli a0, a0, 9                        // EXO_RECORD_SIZE
  add a0, a0, t1
  ld t0, EXO_RECORD_FAULT + FRAME_PC(a0)
  ld t2, CPU_USER_LIMIT(tp)
  bgeu t0, t2, call_c
  ld t2, EXO_RECORD_FAULT + EXO_RECORD_WAS_MASKED(a0)
  sd t2, EXO_UAREA_MASKED(t1)
  sd zero, EXO_RECORD_FAULT + EXO_RECORD_BUSY(a0)
  addi t1, a0, EXO_RECORD_FAULT
  j enter

  // Not Veridian's call: the program is behind it when the library hears of it.
trap_foreign:
  sd t1, CPU_SCRATCH + 8(tp)
  csrr t1, sepc
  addi t1, t1, 4
  csrw sepc, t1
  li t0, EXO_CAUSE_FOREIGN
  j deliver

  // The program's own faults go to its fault door from here. Anything unusual is C's (trap_slow): an interrupt, a cause
  // that is not the program's, no door, a door beyond the user half, a fault record in use.
trap_fault:                             // t0: scause ^ 8
  bltz t0, trap_slow
  sd t1, CPU_SCRATCH + 8(tp)
  add t0, t0, tp                        // at most 63 (Privileged Architecture, "Supervisor Cause Register")
  lbu t0, MACHINE_CAUSE(t0)
  beqz t0, trap_slow_t1
deliver:                                // t0: EXO_CAUSE_*
  TRACED(j trap_slow_t1)
  ld t1, CPU_UAREA(tp)
  beqz t1, trap_slow_t1
  sd t2, CPU_SCRATCH + 16(tp)
  ld t2, EXO_RECORD_FAULT + EXO_RECORD_BUSY(t1)
  bnez t2, trap_slow_t2
  sd t0, EXO_RECORD_FAULT + EXO_RECORD_CAUSE(t1)
  ld t0, EXO_UAREA_FAULT_DOOR(t1)       // read once: checked and used
  beqz t0, trap_slow_t2
  ld t2, CPU_USER_LIMIT(tp)
  bgeu t0, t2, trap_slow_t2
  csrrw t2, sepc, t0
  sd t2, EXO_RECORD_FAULT + FRAME_PC(t1)
  registers sd, t1, EXO_RECORD_FAULT
  csrr a0, stval
  sd a0, EXO_RECORD_FAULT + EXO_RECORD_ADDRESS(t1)
  csrr a0, sscratch
  sd a0, EXO_RECORD_FAULT + FRAME_TP(t1)
  move CPU_SCRATCH(tp), EXO_RECORD_FAULT + FRAME_T0(t1), t0
  move CPU_SCRATCH + 8(tp), EXO_RECORD_FAULT + FRAME_T1(t1), a0
  move CPU_SCRATCH + 16(tp), EXO_RECORD_FAULT + FRAME_T2(t1), t2
  li a1, 1
  move EXO_UAREA_MASKED(t1), EXO_RECORD_FAULT + EXO_RECORD_WAS_MASKED(t1), a0
  sd a1, EXO_RECORD_FAULT + EXO_RECORD_BUSY(t1)
  sd a1, EXO_UAREA_MASKED(t1)
  ld sp, EXO_UAREA_FAULT_STACK(t1)
  ld a0, EXO_UAREA_SELF(t1)
  addi a1, a0, EXO_RECORD_FAULT
  ld t1, CPU_SCRATCH + 8(tp)            // all but pc, sp, a0, a1 is as the program left it
  csrrw tp, sscratch, tp
  sret

  // Everything else: a whole frame for C, in the place where every entry's stack begins.
trap_slow:
  sd t1, CPU_SCRATCH + 8(tp)
trap_slow_t1:
  sd t2, CPU_SCRATCH + 16(tp)
trap_slow_t2:
  ld t1, CPU_STACK(tp)
  addi t1, t1, -FRAME_SIZE
  registers sd, t1, 0
  move CPU_SCRATCH(tp), FRAME_T0(t1), a0
  move CPU_SCRATCH + 8(tp), FRAME_T1(t1), a0
  move CPU_SCRATCH + 16(tp), FRAME_T2(t1), a0
  csrrw a0, sscratch, zero              // in the kernel
  sd a0, FRAME_TP(t1)
  csrr a0, sepc
  sd a0, FRAME_PC(t1)
  mv sp, t1
  mv a0, t1
  csrr a1, scause
  csrr a2, stval
  li s0, 0
  jal trap_user
  mv a0, sp

  // The way out: [[noreturn]] void arch_enter(const struct arch_frame *f). Every word is read once, and none can do
  // harm: sret leaves for user mode whatever the registers hold, and the next entry begins at the top of the stack.
  .globl arch_enter
arch_enter:
  mv t1, a0
  ld t0, FRAME_PC(t1)
enter:                                  // t0: pc, t1: frame
  csrw sepc, t0
  li t0, SSTATUS_SPP | SSTATUS_SUM | SSTATUS_MXR
  csrc sstatus, t0                      // to user mode; kernel and program do not reach each other's pages
  registers ld, t1, 0
  csrw sscratch, tp                     // in user mode, as far as a trap can tell
  ld t0, FRAME_T0(t1)
  ld t2, FRAME_T2(t1)
  ld tp, FRAME_TP(t1)
  ld t1, FRAME_T1(t1)
  sret

  // A trap in the kernel is a bug: say so on the emergency stack. A fault on the way there ends in wfi.
  .balign 4
trap_broken:
  wfi
  j trap_broken
trap_nested:
  lla tp, trap_broken
  csrw stvec, tp
  csrrw tp, sscratch, zero
  sd t0, CPU_SCRATCH(tp)
  sd t1, CPU_SCRATCH + 8(tp)
  li t0, EXO_PERCPU_RECORD - EXO_PERCPU_EMERGENCY_TOP(0) + FRAME_SIZE
  sub t1, tp, t0
  registers sd, t1, 0
  sd t2, FRAME_T2(t1)
  sd tp, FRAME_TP(t1)
  move CPU_SCRATCH(tp), FRAME_T0(t1), a0
  move CPU_SCRATCH + 8(tp), FRAME_T1(t1), a0
  csrr a0, sepc
  sd a0, FRAME_PC(t1)
  lla a0, trap
  csrw stvec, a0
  mv sp, t1
  mv a0, t1
  csrr a1, scause
  csrr a2, stval
  jal trap_kernel

  // Floating point, f0-f31 and fcsr. The kernel itself is built without; loading says to `trap` that an illegal
  // instruction is now the program's fault, and not the first use of the unit.
  .option arch, +d
  .globl arch_fp_save
arch_fp_save:                           // (void *area)
  li t0, SSTATUS_FS
  csrs sstatus, t0
  fp_registers fsd, 8 * \n(a0)
  fp_registers fmv.d.x, zero
  csrrw t0, fcsr, zero
  sd t0, 256(a0)
  ret
  .globl arch_fp_load
arch_fp_load:                           // (const void *area)
  li t0, SSTATUS_FS
  csrs sstatus, t0
  fp_registers fld, 8 * \n(a0)
  ld t0, 256(a0)
  csrw fcsr, t0
  li t0, EXO_CAUSE_ILLEGAL
  sb t0, MACHINE_CAUSE_OF(SCAUSE_ILLEGAL)(tp)
  ret
