// slots.c: which capability slots are ours. Every program has the same ones in the same places (os.h); the first
// program, which starts with the empty name alone, gives them to itself; and slots that nobody should grant into are
// closed.
#include "slots.h"

static void slot_give(exo_slot index, exo_name name, uint64_t rights) {
  (void)exo_cap_open((struct exo_cap_open){.index = index, .open = 1});
  (void)exo_cap_grant(
      (struct exo_cap_grant){.slot = OS_SLOT_SELF, .env = os_self.env, .index = index, .name = name, .rights = rights});
}

void os_slots_first(void) {
  slot_give(OS_SLOT_WINDOW, EXO_GUARD_WINDOW, EXO_READ | EXO_GRANT);
  slot_give(OS_SLOT_OUT, EXO_GUARD_CONSOLE_OUT, EXO_WRITE | EXO_GRANT);
  slot_give(OS_SLOT_IN, EXO_GUARD_CONSOLE_IN, EXO_READ | EXO_GRANT);
  slot_give(OS_SLOT_SLICE, EXO_GUARD_SLICE, EXO_MANAGE | EXO_GRANT);
  slot_give(OS_SLOT_ARCHIVE, OS_GUARD_ARCHIVE, EXO_READ | EXO_EXEC | EXO_GRANT);
}

void os_slots_close(void) {
  struct exo_batch_entry entry[EXO_SLOTS];
  unsigned count = 0;
  for (exo_slot i = 0; i < EXO_SLOTS; i++) {
    const volatile struct exo_slot_window *s = &os_self.window->slot[i];
    if (s->open) entry[count++] = os_entry_cap_open((struct exo_cap_open){.index = i, .open = 0});
  }
  (void)os_batch(entry, count);
}
