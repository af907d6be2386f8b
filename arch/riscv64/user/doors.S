// doors.S: where a program begins, and where the kernel enters its library (uarea.h).
#include <arch/frame.h>
#include <exo/uarea.h>

#define CALL_RESUME 0xE0000002
#define CALL_YIELD 0xE0000003

// The library's bytes of the u-area: what os_yield_raw leaves there. An offset reaches to 2047 only: these are from
// YIELD_BASE bytes behind the u-area's start.
#define YIELD_BASE 1984
#define YIELD_RA (EXO_UAREA_LIBRARY - YIELD_BASE)
#define YIELD_SP (YIELD_RA + 8)
#define YIELD_MASKED (YIELD_RA + 16)
#define YIELD_TP (YIELD_RA + 24) // the program's thread, here a general register
#define YIELD_S(n) (YIELD_RA + 32 + 8 * (n)) // s0 to s11

  .text
  .globl _start, os_fault_door, os_event_door, os_yield_raw, os_fault_resume_start, os_fault_resume_end
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

  // void os_yield_raw(uint64_t to, uint64_t deadline_ns): gives the CPU away; returns when the event door is entered
  // without a context. Masked meanwhile, so that no event comes between saving and giving; then as it was.
os_yield_raw:
  lla t0, os_self                       // its first word: the u-area
  ld t0, (t0)
  ld t1, EXO_UAREA_MASKED(t0)
  li t2, 1
  sd t2, EXO_UAREA_MASKED(t0)
  addi t0, t0, YIELD_BASE
  sd t1, YIELD_MASKED(t0)
  sd ra, YIELD_RA(t0)
  sd sp, YIELD_SP(t0)
  sd tp, YIELD_TP(t0)
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
  sd s\n, YIELD_S(\n)(t0)
  .endr
  li a7, CALL_YIELD
  ecall                                 // (to, deadline_ns)
  unimp

yield_return:                           // s1: u-area
  mv t0, s1
  addi t1, s1, YIELD_BASE
  ld t2, YIELD_MASKED(t1)
  ld ra, YIELD_RA(t1)
  ld sp, YIELD_SP(t1)
  ld tp, YIELD_TP(t1)
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
  ld s\n, YIELD_S(\n)(t1)
  .endr
  sd t2, EXO_UAREA_MASKED(t0)
  ret
