// step.h: single steps, as each machine can make them; in core/<machine>/step.c.
#pragma once
#include <os/os.h>

// Prepares a record so that the program makes one instruction when it is resumed by the call, and comes back.
void os_step_begin(struct exo_record *r);
// What a record that came to the fault door has to do with a step. It is left as if none had been asked for.
enum os_step {
  OS_STEP_NONE,   // nothing
  OS_STEP_BROKEN, // the instruction was not made, since something else came: the record's cause
  OS_STEP_MADE,
};
enum os_step os_step_look(struct exo_record *r);
// How many bytes the instruction that faulted wanted (asked where pages stand in for points).
uint64_t os_step_width(const struct exo_record *r);
