// doors.S: where the kernel enters a library, and how the library gives the CPU away.
#include <arch/frame.h>
#include <exo/uarea.h>

#define CALL_RESUME 2
#define CALL_YIELD 3

// The library's first words of the u-area: where os_yield_raw left off: x19 to x30, sp, masked.
#define YIELD EXO_UAREA_LIBRARY

  .text
  .globl _start, os_fault_door, os_event_door, os_yield_raw, os_fault_resume_start, os_fault_resume_end
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

// void os_yield_raw(uint64_t to, uint64_t deadline_ns): returns when the event door is entered with nobody's registers.
// Masked from before the first store, so that no event comes between saving and giving away.
os_yield_raw:
  mrs x9, tpidrro_el0                   // the u-area
  ldr x10, [x9, #EXO_UAREA_MASKED]
  mov x11, #1
  str x11, [x9, #EXO_UAREA_MASKED]
  mov x11, sp
  add x12, x9, #YIELD
  stp x19, x20, [x12]
  stp x21, x22, [x12, #16]
  stp x23, x24, [x12, #32]
  stp x25, x26, [x12, #48]
  stp x27, x28, [x12, #64]
  stp x29, x30, [x12, #80]
  stp x11, x10, [x12, #96]              // sp and masked
  mov x8, #CALL_YIELD
  svc #0xE0
  brk #0                                // never refused

yielded:                                // the event door returns for os_yield_raw
  mov x9, x19
  add x12, x9, #YIELD
  ldp x11, x10, [x12, #96]
  ldp x19, x20, [x12]
  ldp x21, x22, [x12, #16]
  ldp x23, x24, [x12, #32]
  ldp x25, x26, [x12, #48]
  ldp x27, x28, [x12, #64]
  ldp x29, x30, [x12, #80]
  mov sp, x11
  str x10, [x9, #EXO_UAREA_MASKED]      // last: an event may use those words from here on
  ret
