// debug.h: a program that watches itself: watched words, breakpoints, single steps. The machines differ (exo/uarea.h);
// here they do not: a watch is told behind the access, a breakpoint before its instruction, a step behind one. Points
// are of the CPU that sets them. A debugger in another environment sets points by the call debug_set, and agrees with
// its program's library on who hears of a hit.
#pragma once
#include <os/os.h>

enum os_stop : uint64_t {
  OS_STOP_CALLED, // os_stop was called
  OS_STOP_WATCH,  // `address`: what was touched
  OS_STOP_BREAK,  // `address`: the instruction that comes
  OS_STOP_STEP,   // one instruction was made
};
// The program has stopped, and its registers are in the record, where they may be changed. True: it makes one
// instruction more and stops again. Runs on the fault stack, events masked, and must not fault itself.
extern bool (*os_debug_hook)(struct exo_record *r, enum os_stop why, uint64_t address);

// Watches the 1, 2, 4 or 8 bytes at `address` for writes (EXO_WRITE) or any access (EXO_READ | EXO_WRITE), or sets a
// breakpoint (EXO_EXEC, length 1). EXO_BUSY: no point is left; EXO_RANGE as for debug_set; EXO_NO_CALL: this machine
// has none of that kind. RISC-V has no points at all: there the page is protected, so that it must be the program's own
// memory (os_pages), not what library and stacks live in (EXO_RANGE), and there are no breakpoints: write `ebreak`.
exo_result os_watch(const volatile void *address, uint64_t length, uint64_t kind);
exo_result os_unwatch(const volatile void *address); // EXO_EMPTY: is not watched
// On x86_64, while all is stepped, a watch is told of accesses that change what it watches.
// Stops here. On RISC-V, which has no steps, the library makes the instruction elsewhere (core/riscv64/step.c); one
// that waits for its own reservation (lr, sc; ldxr, stxr) never succeeds while it is stepped, on any machine.
void os_stop(void);
