// doors.S: where a program begins, and where the kernel enters its library (uarea.h).
#include <arch/frame.h>
#include <exo/uarea.h>

#define CALL_RESUME 0xE0000002
#define CALL_YIELD 0xE0000003

// What os_yield leaves in the library's bytes of the u-area: 16 words.
#define YIELD_RA (EXO_UAREA_LIBRARY + 0)
#define YIELD_SP (EXO_UAREA_LIBRARY + 8)
#define YIELD_MASKED (EXO_UAREA_LIBRARY + 16)
#define YIELD_S(n) (EXO_UAREA_LIBRARY + 24 + 8 * (n)) // s0 to s11

  .text
  .globl _start, os_fault_door, os_event_door, os_yield, os_fault_resume_start, os_fault_resume_end
_start:                                 // a0: what the creator gave, the u-area; a1, a2: more of it
  andi sp, sp, -16
  lla t0, doors_uarea
  sd a0, (t0)
  li s0, 0                              // backtraces end here
  li ra, 0
  jal os_start                          // (a0, a1, a2)
  unimp

  // The program's registers are in the fault record; sp is the fault stack.
os_fault_door:                          // a0: u-area, a1: fault record
  andi sp, sp, -16
  li s0, 0
  jal os_fault                          // (struct exo_uarea *, struct exo_record *)
os_fault_resume_start:                  // a resume sequence in user mode, which only x86_64 has
os_fault_resume_end:
  li a0, 0                              // the fault record
  li a7, CALL_RESUME
  ecall
  unimp

os_event_door:                          // a0: u-area, a1: event record, busy if a context was interrupted
  andi sp, sp, -16
  lla t0, doors_uarea
  sd a0, (t0)
  mv s1, a0
  li s0, 0
  jal os_event                          // (struct exo_uarea *, struct exo_record *)
  ld t0, EXO_RECORD_EVENT + EXO_RECORD_BUSY(s1)
  beqz t0, yield_return
  li a0, 1                              // the event record
  li a7, CALL_RESUME
  ecall
  unimp

  // void os_yield(uint64_t to, uint64_t deadline_ns): gives the CPU away; returns when the event door is entered without
  // a context. Masked meanwhile, so that no event comes between saving and giving.
os_yield:
  lla t0, doors_uarea
  ld t0, (t0)
  ld t1, EXO_UAREA_MASKED(t0)
  li t2, 1
  sd t2, EXO_UAREA_MASKED(t0)
  sd t1, YIELD_MASKED(t0)
  sd ra, YIELD_RA(t0)
  sd sp, YIELD_SP(t0)
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
  sd s\n, YIELD_S(\n)(t0)
  .endr
  li a7, CALL_YIELD
  ecall                                 // (to, deadline_ns)
  unimp

yield_return:                           // s1: u-area
  mv t0, s1
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
  ld s\n, YIELD_S(\n)(t0)
  .endr
  ld ra, YIELD_RA(t0)
  ld sp, YIELD_SP(t0)
  ld t1, YIELD_MASKED(t0)
  sd t1, EXO_UAREA_MASKED(t0)
  ret

  .bss
  .balign 8
doors_uarea:                            // no register is the library's own here: the u-area of the last entry
  .dword 0
