// fake.h: the fake machine, as the tests that drive it see it.
//
// Every CPU is a fiber or a thread (turns.h). It is in user mode, idle, or somewhere in the kernel; the tests post a
// trap to a CPU and let the machine run until no CPU is in the kernel. A fiber in the kernel gives the turn to another
// one where it waits (arch_pause) and, with fake.mingle, at some calls of the seam as well: as if the others were as
// fast.
#pragma once
#include <setjmp.h>
#include "arch.h"

enum fake_state { FAKE_ABSENT, FAKE_USER, FAKE_IDLE, FAKE_KERNEL };
enum fake_job { JOB_NONE, JOB_START, JOB_CALL, JOB_FAULT, JOB_FP, JOB_TICK, JOB_CROSS };
enum { FAKE_TLB = 16 };

// A translation that a CPU remembers: a page (level 0), or the table that a higher level led to.
struct fake_translation {
  uint64_t root, asid, va, prot; // root 0: none
  uint64_t physical;
  int level;
};

struct fake_cpu {
  _Atomic enum fake_state state;
  _Atomic enum fake_job job;
  struct arch_frame frame;                      // of the program, in user mode
  uint64_t number, argument[6], cause, address; // of the job
  int64_t result;
  bool returned;       // the call came back to its caller
  uint64_t entered;    // how often a program was entered with a whole frame
  bool interrupt;      // a device's, for arch_interrupt_pending only
  uint64_t interrupts; // how often arch_interrupt_pending said yes
  _Atomic bool cross_pending;
  _Atomic uint64_t timer_ns;
  _Atomic uint64_t turns;  // how often it found something to do
  uint64_t idle_ns, idled; // how often it idled at one and the same time
  uint64_t root, asid;     // loaded, physical
  bool fp_on, step;        // step: a register of the machine's own
  struct arch_debug debug; // loaded
  uint64_t fp, thread;     // the registers themselves
  uint64_t deepest;        // stack bytes used at the deepest entry of a program or idling
  unsigned flushes, next;
  struct fake_translation tlb[FAKE_TLB];
  jmp_buf top;
};
extern struct fake_cpu fake_cpu[EXO_MAX_CPUS];

extern struct fake {
  _Atomic uint64_t now;
  _Atomic bool off;          // power off or halt
  _Atomic uint64_t steps;    // what programs do of their own accord, so many times:
  void (*program)(unsigned); // posts what its CPU does next, or nothing
  uint32_t exit;             // enum arch_exit, 0: halted
  uint64_t mingle;           // seed: give turns away at the seam; 0: only where a CPU waits
  bool refuse_start;
  char text[2][16384]; // what came out of console and results
  _Atomic unsigned length[2];
  const char *input;
  void (*at_pause)(void);                           // in the middle of a waiting loop, on the waiting CPU
  void (*at_look)(void);                            // while a long call looks for interrupts
  void (*before_root)(uint64_t old, uint64_t root); // before another root is loaded
} fake;

[[noreturn]] void fake_broken(const char *what); // the tests' end of a machine that can not go on
void fake_reset(void);                           // power on: nothing but RAM
void fake_boot(const struct exo_boot *boot);     // runs core_main until all is quiet
void fake_post(unsigned cpu, enum fake_job job); // what the CPU does when it is its turn
void fake_run(void);                             // until no CPU is in the kernel
void fake_time(uint64_t ns);                     // lets time go by, timers fire on the way
// The address `va` as a program on `cpu` sees it: through what the CPU remembers, then through the tables.
void *fake_reach(unsigned cpu, uint64_t va, uint64_t prot);
pte_t fake_walk(uint64_t root, uint64_t va, int level); // the live entry at `level`; 0: none
