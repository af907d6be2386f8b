// doors.S: where a program begins, and where the kernel enters its library (uarea.h).
#include <arch/frame.h>
#include <exo/uarea.h>

#define CALL_RESUME 0xE0000002

// struct os_switch (os/os.h), in bytes
#define SWITCH_ARGUMENT 8
#define SWITCH_HOW 56
#define SWITCH_RESULT 64

  .text
  .globl _start, os_fault_door, os_event_door, os_gate_door, os_reply_door, os_switch, os_fault_resume_start, os_fault_resume_end
_start:                                 // a0, a1, a2: what the creator gave
  andi sp, sp, -16
  li s0, 0                              // backtraces end here
  call os_start                         // (a0, a1, a2)
  unimp

  // The program's registers are in the fault record; sp is the fault stack.
os_fault_door:                          // a0: u-area, a1: fault record
  andi sp, sp, -16
  li s0, 0
  call os_fault                         // (struct exo_uarea *, struct exo_record *)
os_fault_resume_start:                  // a resume sequence in user mode, which only x86_64 has
os_fault_resume_end:
  li a0, 0                              // the fault record
  li a7, CALL_RESUME
  ecall
  unimp

os_event_door:                          // a0: u-area, a1: event record, busy if a context was interrupted
  andi sp, sp, -16
  mv s1, a0
  li s0, 0
  call os_event                         // (struct exo_uarea *, struct exo_record *)
  ld t0, EXO_RECORD_EVENT + EXO_RECORD_BUSY(s1)
  beqz t0, yield_return
  li a0, 1                              // the event record
  li a7, CALL_RESUME
  ecall
  unimp

  // void os_switch(struct os_switch *): makes a call that may give the CPU away. What must be kept is on the stack,
  // which the u-area remembers, masked from before. tp is the program's thread, here a general register.
os_switch:
  lla t0, os_self                       // its first word: the u-area
  ld t0, (t0)
  ld t1, EXO_UAREA_MASKED(t0)
  li t2, 1
  sd t2, EXO_UAREA_MASKED(t0)
  addi sp, sp, -128
  sd ra, 0(sp)
  sd tp, 8(sp)
  sd t1, 16(sp)
  sd a0, 24(sp)
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
  sd s\n, 32 + 8 * \n(sp)
  .endr
  sd sp, EXO_UAREA_REPLY_STACK(t0)
  mv t1, a0
  ld a7, 0(t1)
  .irp n, 0, 1, 2, 3, 4, 5
  ld a\n, SWITCH_ARGUMENT + 8 * \n(t1)
  .endr
  ecall
  li a6, 0                              // it came back at once
  j answered
os_reply_door:                          // the reply to a gate: a1 to a4
  li a6, 1
answered:
  lla t0, os_self
  ld t0, (t0)
  ld t1, 24(sp)
  .irp n, 1, 2, 3, 4
  sd a\n, 8 * \n(t1)
  .endr
  sd a6, SWITCH_HOW(t1)
  sd a0, SWITCH_RESULT(t1)
  j switched
yield_return:                           // the event door returns for os_switch; s1: u-area
  mv t0, s1
  ld sp, EXO_UAREA_REPLY_STACK(t0)
  ld t1, 24(sp)
  li t2, 2
  sd t2, SWITCH_HOW(t1)
switched:
  ld ra, 0(sp)
  ld tp, 8(sp)
  ld t2, 16(sp)
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
  ld s\n, 32 + 8 * \n(sp)
  .endr
  addi sp, sp, 128
  sd t2, EXO_UAREA_MASKED(t0)
  ret

os_gate_door:                           // another environment at our gate: a0: u-area, a1: who, a2 to a5: its words
  andi sp, sp, -16
  li s0, 0
  call os_gate_entered
  unimp
