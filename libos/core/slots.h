// slots.h: start.c's view of slots.c.
#pragma once
#include <os/start.h>

void os_slots_first(void); // the first program's slots, from the empty name
void os_slots_close(void); // closes every empty slot to grants
