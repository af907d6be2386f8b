// upcall.h: what the files behind the doors share.
#pragma once
#include <os/os.h>

// Takes all pending events and tells the program of them.
uint64_t os_events_take(struct exo_uarea *u);
// Serves a page fault by the region it lies in; anything else is the program's end.
void os_fault_serve(struct exo_record *r);
// How many callees of gates have ended with a reply owed.
extern volatile uint64_t os_gates_ended;
