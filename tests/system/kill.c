// kill.c: a child killed at any point, on this CPU or another, leaves nothing behind: no frame, no slice, no trace.
#include "system.h"
#include "machine.h"

enum { COUNT = 1 };

// Roles of hostile.c, time.c and stale.c that are never done; word 1 of the shared page says that they are at it.
static void kill_many(const char *role, uint64_t cpu, uint64_t rounds, uint64_t a) {
  uint64_t seed = os_now_ns() | 1, before = frame_account(), told = os_obituaries;
  for (uint64_t i = 0; i < rounds; i++) {
    struct kid k;
    if (!kid_start(&k, (struct kid_how){.cpu = cpu}, role, a, i + 1)) return;
    EXPECT(kid_until(&k, COUNT, 1, MS(5000)));
    uint64_t wait = os_random(&seed) % 400'000, begun = os_now_ns();
    if (i % 2)
      os_sleep_until(begun + wait); // it runs meanwhile even on our own CPU
    else
      while (os_now_ns() < begun + wait) arch_pause();
    EXPECT(os_child_alive(&k.child));
    EXPECT_IS(os_child_stop(&k.child, 9), EXO_OK);
    EXPECT(!os_child_alive(&k.child));
    const struct exo_obituary *o = os_child_obituary(&k.child);
    EXPECT_IS(o->cause, EXO_CAUSE_STOPPED);
    EXPECT_IS(o->address, 9);
    EXPECT_IS(o->by, os_self.env);
    uint64_t stands = k.shared[COUNT];
    os_sleep_until(os_now_ns() + 300'000);
    EXPECT_IS(k.shared[COUNT], stands); // it is really off
    EXPECT_IS(os_child_stop(&k.child, 9), EXO_NO_ENV);
    EXPECT_IS(exo_env_start((struct exo_env_start){OS_SLOT_SELF, k.child.env, cpu}), EXO_NO_ENV);
    kid_end(&k);
  }
  EXPECT_IS(frame_account(), before);
  EXPECT(os_obituaries > told);
  note("%lu kills; %lu frames before and after", rounds, before);
}

static void kill_spinning(void) { kill_many("spin", second_cpu(), 10, 0); }
static void kill_near(void) { kill_many("spin", 0, 6, 0); }
static void kill_calling(void) { kill_many("caller", second_cpu(), 16, 0); }
static void kill_faulting(void) { kill_many("faulter", second_cpu(), 10, 0); }
static void kill_in_door(void) { kill_many("in-door", second_cpu(), 6, 0); }
static void kill_in_batch(void) { kill_many("caller", second_cpu(), 10, 1); }
static void kill_on_both(void) {
  if (second_cpu())
    kill_many("both", 0, 10, 0);
  else
    EXPECT(true);
}

const struct test kill_tests[] = {
    {"kill-spinning", kill_spinning},   {"kill-same-cpu", kill_near},
    {"kill-calling", kill_calling},     {"kill-in-batch", kill_in_batch},
    {"kill-faulting", kill_faulting},   {"kill-in-door", kill_in_door},
    {"kill-on-two-cpus", kill_on_both}, {},
};
