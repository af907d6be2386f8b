// calls_cap.c: null, batch, resume, yield, and the calls about capabilities: success, and each error of the manual.
#include "system.h"
#include "machine.h"

void call_null(void), call_batch(void), call_resume(void), call_yield(void), call_cap_grant(void), call_cap_drop(void),
    call_cap_open(void);

void call_null(void) {
  EXPECT_IS(exo_null((struct exo_null){42}), 42);
  EXPECT_IS(exo_null((struct exo_null){~0ull}), ~0ull >> 1);
}

void call_batch(void) {
  struct exo_batch_entry *e = os_self.uarea->batch;
  EXPECT_IS(exo_batch((struct exo_batch){EXO_BATCH + 1}), EXO_RANGE);
  EXPECT_IS(exo_batch((struct exo_batch){~0ull}), EXO_RANGE);
  EXPECT_IS(exo_batch((struct exo_batch){0}), 0);
  struct exo_batch_entry all[EXO_BATCH];
  for (unsigned i = 0; i < EXO_BATCH; i++) all[i] = os_entry_null((struct exo_null){1000 + i});
  EXPECT_IS(os_batch(all, EXO_BATCH), EXO_BATCH);
  for (unsigned i = 0; i < EXO_BATCH; i++) EXPECT_IS(all[i].result, 1000 + i);
  static const uint64_t alone[] = {
      EXO_CALL_batch, EXO_CALL_resume,     EXO_CALL_yield, EXO_CALL_env_stop, EXO_CALL_machine_exit,
      EXO_CALL_gate,  EXO_CALL_gate_reply, EXO_CALL_wait,  EXO_CALL_COUNT,    0xE0000000ull,
      ~0ull};
  for (unsigned i = 0; i < sizeof alone / sizeof *alone; i++) {
    all[0] = os_entry_null((struct exo_null){1});
    all[1] = (struct exo_batch_entry){.number = alone[i]};
    all[2] = os_entry_null((struct exo_null){2});
    all[2].result = 77;
    EXPECT_IS(os_batch(all, 3), 1); // one succeeded, the second stopped it
    EXPECT_IS(all[1].result, EXO_NOT_IN_BATCH);
    EXPECT_IS(all[2].result, 77);
  }
  e[0] = os_entry_frame_drop((struct exo_frame_drop){60, os_self.machine_frame});
  EXPECT_IS(exo_batch((struct exo_batch){1}), 1);
  EXPECT_IS(e[0].result, EXO_NO_SLOT);
}

void call_resume(void) {
  EXPECT_IS(exo_resume((struct exo_resume){2}), EXO_RANGE);
  EXPECT_IS(exo_resume((struct exo_resume){~0ull}), EXO_RANGE);
  seen_begin(nullptr); // the fault record by the call, as a whole
  EXPECT_IS(probe_load(place(3)), PROBE_FAULT);
  EXPECT_IS(os_self.uarea->fault.busy, 0);
  EXPECT_IS(os_self.uarea->masked, 0);
  seen_end();
}

void call_yield(void) {
  uint64_t entered = os_self.uarea->entered;
  os_yield(0, 0);
  EXPECT(os_self.uarea->entered > entered);
  os_yield(os_self.env, 0); // to itself: the next in turn
  os_yield(12345, 0);       // to nobody
  uint64_t begun = os_now_ns();
  os_sleep_until(begun + MS(3));
  EXPECT(os_now_ns() - begun >= MS(3));
  EXPECT_IS(os_self.uarea->masked, 0);
}

static exo_result grant_by(exo_slot s) {
  return exo_cap_grant((struct exo_cap_grant){s, os_self.env, 20, os_self.name, EXO_READ});
}

void call_cap_grant(void) {
  enum { FROM = 20, TO = 21 };
  struct exo_cap_grant g = {OS_SLOT_SELF, os_self.env, TO, sub(1), EXO_READ | EXO_WRITE};
  EXPECT_IS(exo_cap_grant(g), EXO_BUSY); // closed
  EXPECT_IS(exo_cap_open((struct exo_cap_open){FROM, 1}), EXO_OK);
  refuses(grant_by, EXO_GRANT, EXO_NAME);
  EXPECT_IS(exo_cap_open((struct exo_cap_open){FROM, 0}), EXO_OK);
  EXPECT_IS(exo_cap_open((struct exo_cap_open){TO, 1}), EXO_OK);
  g.env = os_self.env + (1ull << 40);
  EXPECT_IS(exo_cap_grant(g), EXO_NO_ENV);
  g.env = os_self.machine_frame;
  EXPECT_IS(exo_cap_grant(g), EXO_NO_ENV);
  g.env = ~0ull;
  EXPECT_IS(exo_cap_grant(g), EXO_NO_ENV);
  g.env = os_self.env;
  g.index = EXO_SLOTS;
  EXPECT_IS(exo_cap_grant(g), EXO_RANGE);
  g.index = TO;
  g.rights = 0;
  EXPECT_IS(exo_cap_grant(g), EXO_RANGE);
  g.rights = 64;
  EXPECT_IS(exo_cap_grant(g), EXO_RANGE);
  g.rights = EXO_READ | EXO_WRITE;
  static const exo_name bad[] = {
      59, 63, 1ull << 63, (1ull << 63) | 2 | 1ull << 20, EXO_GUARD_SYSTEM, 0, EXO_NAME(0, 1)};
  for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
    g.name = bad[i];
    EXPECT_IS(exo_cap_grant(g), EXO_NAME); // malformed, or not below ours
  }
  g.name = sub(1);
  EXPECT_IS(exo_cap_grant(g), EXO_OK);
  const volatile struct exo_slot_window *w = &os_self.window->slot[TO];
  EXPECT_IS(w->name, sub(1));
  EXPECT_IS(w->mask, exo_name_mask(sub(1)));
  EXPECT_IS(w->rights & 0xFFFFFFFF, EXO_READ | EXO_WRITE);
  EXPECT_IS(w->open, 0);
  EXPECT_IS(exo_cap_grant(g), EXO_BUSY); // full
  slot_set(22, sub(1), EXO_READ | EXO_GRANT);
  EXPECT_IS(exo_cap_grant((struct exo_cap_grant){22, os_self.env, 23, sub(1), EXO_WRITE}),
            EXO_DENIED); // more than it has
  slot_end(22);
  slot_end(TO);
}

void call_cap_drop(void) {
  enum { MINE = 22, OTHER = 23 };
  EXPECT_IS(exo_cap_drop((struct exo_cap_drop){OS_SLOT_SELF, 0, EXO_SLOTS}), EXO_RANGE);
  EXPECT_IS(exo_cap_drop((struct exo_cap_drop){OS_SLOT_SELF, 0, MINE}), EXO_EMPTY);
  EXPECT_IS(exo_cap_drop((struct exo_cap_drop){OS_SLOT_SELF, 99, MINE}), EXO_NO_ENV);
  slot_set(MINE, sub(2), EXO_READ);
  slot_set(OTHER, sub(3), EXO_RIGHTS_ALL);
  EXPECT_IS(exo_cap_drop((struct exo_cap_drop){60, 0, MINE}), EXO_NO_SLOT);
  EXPECT_IS(exo_cap_drop((struct exo_cap_drop){64, 0, MINE}), EXO_NO_SLOT);
  EXPECT_IS(exo_cap_drop((struct exo_cap_drop){OTHER, 0, MINE}), EXO_DENIED);
  EXPECT_IS(exo_cap_drop((struct exo_cap_drop){MINE, 0, OS_SLOT_SELF}),
            EXO_DENIED);                                                 // a longer name drops no shorter one
  EXPECT_IS(exo_cap_drop((struct exo_cap_drop){MINE, 0, MINE}), EXO_OK); // by itself
  EXPECT_IS(exo_cap_drop((struct exo_cap_drop){OS_SLOT_SELF, os_self.env, OTHER}), EXO_OK);
  EXPECT_IS(os_self.window->slot[MINE].rights & 0xFFFFFFFF, 0);
}

void call_cap_open(void) {
  EXPECT_IS(exo_cap_open((struct exo_cap_open){EXO_SLOTS, 1}), EXO_RANGE);
  EXPECT_IS(exo_cap_open((struct exo_cap_open){22, 2}), EXO_RANGE);
  EXPECT_IS(exo_cap_open((struct exo_cap_open){OS_SLOT_SELF, 1}), EXO_BUSY);
  EXPECT_IS(exo_cap_open((struct exo_cap_open){22, 1}), EXO_OK);
  EXPECT_IS(os_self.window->slot[22].open, 1);
  EXPECT_IS(exo_cap_open((struct exo_cap_open){22, 0}), EXO_OK);
  EXPECT_IS(os_self.window->slot[22].open, 0);
}
