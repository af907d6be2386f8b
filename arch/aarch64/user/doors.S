// doors.S: where the kernel enters a library, and how the library gives the CPU away.
#include <arch/frame.h>
#include <exo/uarea.h>

#define CALL_RESUME 2
// struct os_switch (os/os.h), in bytes
#define SWITCH_ARGUMENT 8
#define SWITCH_HOW 56                   // and the result behind it

  .text
  .globl _start, os_fault_door, os_event_door, os_gate_door, os_reply_door, os_switch, os_fault_resume_start, os_fault_resume_end
_start:                                 // x0, x1, x2: as the creator left them
  mov x9, sp
  and sp, x9, #~15
  mov x29, #0                           // backtraces end here
  mov x30, #0
  bl os_start
  brk #0

os_fault_door:                          // x0: u-area, x1: record; every register of the program is in it
  mov x29, #0
  mov x30, #0
  bl os_fault
os_fault_resume_start:                  // the kernel resumes in one act: nothing here needs to be restarted
os_fault_resume_end:
  mov x0, #0                            // the fault record
  b resume

os_event_door:                          // x0: u-area, x1: record; the registers are in it, or nobody's
  mov x19, x0
  mov x29, #0
  mov x30, #0
  bl os_event
  ldr x9, [x19, #(EXO_RECORD_EVENT + EXO_RECORD_BUSY)]
  cbz x9, yielded
  mov x0, #1                            // the event record
resume:
  mov x8, #CALL_RESUME
  svc #0xE0
  brk #0                                // only a record that does not exist comes back

// void os_switch(struct os_switch *): makes a call that may give the CPU away. What must be kept is on the stack, which
// the u-area remembers, masked from before.
os_switch:
  mrs x9, tpidrro_el0                   // the u-area
  ldr x10, [x9, #EXO_UAREA_MASKED]
  mov x11, #1
  str x11, [x9, #EXO_UAREA_MASKED]
  stp x19, x20, [sp, #-112]!
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp x0, x10, [sp, #96]                // and masked as it was
  mov x11, sp
  str x11, [x9, #EXO_UAREA_REPLY_STACK]
  mov x12, x0
  ldp x8, x0, [x12]
  ldp x1, x2, [x12, #SWITCH_ARGUMENT + 8]
  ldp x3, x4, [x12, #SWITCH_ARGUMENT + 24]
  ldr x5, [x12, #SWITCH_ARGUMENT + 40]
  and x8, x8, #0xff
  svc #0xE0
  mov x6, #0                            // it came back at once
  b answered
os_reply_door:                          // the reply to a gate: x1 to x4
  mov x6, #1
answered:
  mrs x9, tpidrro_el0
  ldp x12, x10, [sp, #96]
  stp x1, x2, [x12, #SWITCH_ARGUMENT]
  stp x3, x4, [x12, #SWITCH_ARGUMENT + 16]
  stp x6, x0, [x12, #SWITCH_HOW]
  b switched
yielded:                                // the event door returns for os_switch
  mov x9, x19
  ldr x11, [x9, #EXO_UAREA_REPLY_STACK]
  mov sp, x11
  ldp x12, x10, [sp, #96]
  mov x6, #2
  str x6, [x12, #SWITCH_HOW]
switched:
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp x19, x20, [sp], #112
  str x10, [x9, #EXO_UAREA_MASKED]
  ret

os_gate_door:                           // another environment at our gate: x0: u-area, x1: who, x2 to x5: its words
  mov x29, #0
  mov x30, #0
  bl os_gate_entered
  brk #0
