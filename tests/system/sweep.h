// sweep.h: instructions by the thousand, each run once by a program that must not have most of them.
#pragma once
#include <stdint.h>

enum { SWEEP_BYTES = 16 };
// Instruction `i` and a return, as bytes to execute. False: there are no more.
bool sweep_code(uint64_t i, uint8_t to[SWEEP_BYTES]);
bool sweep_must_fault(uint64_t i); // it would be a hole if it passed
void sweep_call(const volatile void *code, volatile void *argument);
uint64_t sweep_back(void); // where a fault in it goes on
