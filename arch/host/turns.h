// turns.h: how the CPUs of the fake machine come to run: as fibers, one at a time and the same way for the same seed
// (fibers.c), or as threads, truly at once (threads.c). A program is linked with one of the two.
#pragma once
#include "fake.h"

// Given by both.
void turn_reset(void);           // there are no CPUs any more
void turn_begin(unsigned i);     // CPU i begins its life
void turn_pass(void);            // called on a CPU: the others may go on
uint64_t turn_depth(void);       // bytes of this CPU's stack in use
uint64_t turn_stack(unsigned i); // top of CPU i's stack, for its record

// Given to both by fake.c.
void fake_life(unsigned i);               // a CPU's life: in user mode until there is something to do
bool fake_busy(const struct fake_cpu *c); // has something to do
void fake_become(unsigned i);             // the caller runs as CPU i from here on
