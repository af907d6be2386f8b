// hostile.c: children that make random and nearly right calls, with random u-areas, beside an innocent one. Nothing of
// anybody else's may change, and everything must come back.
#include "system.h"
#include "roles.h"

enum { VICTIM_COUNT = 1, VICTIM_STOP = 2, VICTIM_BAD = 3, CALLS = 220'000, EACH = 20'000 };
static uint64_t counts[EXO_CALL_COUNT][HOSTILE_RESULTS], total, wins, deaths;

static void collect(struct kid *k) {
  total += k->shared[HOSTILE_CALLS];
  wins += k->shared[HOSTILE_WINS];
  deaths += os_child_alive(&k->child) || os_child_obituary(&k->child)->cause != EXO_CAUSE_STOPPED;
  for (uint64_t n = 0; n < EXO_CALL_COUNT; n++)
    for (uint64_t r = 0; r < HOSTILE_RESULTS; r++) counts[n][r] += *hostile_count(k->shared, n, r);
}

static void print_counts(void) {
  static const char *const name[] = {
#define EXO_CALL(number, name, ...) #name,
#include <exo/call.def>
#undef EXO_CALL
  };
  static const char *const result[] = {
#define NAME(name, value, sentence) #name,
      EXO_RESULTS(NAME)
#undef NAME
  };
  for (uint64_t n = 0; n < EXO_CALL_COUNT; n++) {
    os_print("  %s:", name[n]);
    for (uint64_t r = 0; r < HOSTILE_RESULTS; r++)
      if (counts[n][r]) os_print(" %s %lu", result[r], counts[n][r]);
    os_print("\n");
  }
}

static void calls(void) {
  uint64_t before = frame_account(), seed = os_now_ns() | 1;
  struct kid v, k;
  os_print("  seed %lu\n", seed);
  if (!kid_start(&v, (struct kid_how){.slice_ns = MS(1)}, "victim", seed, 0)) return;
  EXPECT(kid_until(&v, VICTIM_COUNT, 1, MS(5000)));
  for (int i = 0; i < 60 && total < CALLS && !failures(); i++) {
    struct kid_how how = {.cpu = (uint64_t)i % 2 * second_cpu(), .give = OS_GIVE_ARCHIVE};
    if (!kid_start(&k, how, "hostile", os_random(&seed), EACH)) break;
    (void)kid_wait(&k, MS(30000));
    collect(&k);
    kid_end(&k);
  }
  uint64_t looked = v.shared[VICTIM_COUNT];
  EXPECT(kid_until(&v, VICTIM_COUNT, looked + 2, MS(5000)));
  EXPECT_IS(v.shared[VICTIM_BAD], 0);
  kid_end(&v);
  print_counts();
  EXPECT(total >= CALLS);
  EXPECT(wins * 100 >= total * 30);
  EXPECT_IS(frame_account(), before);
  note("%lu calls, %lu succeeded, %lu callers ended themselves", total, wins, deaths);
}

static void areas(const char *role, uint64_t rounds) {
  uint64_t before = frame_account(), seed = os_now_ns() | 1, ended = 0, did = 0;
  struct kid v, k;
  os_print("  seed %lu\n", seed);
  if (!kid_start(&v, (struct kid_how){.slice_ns = MS(1)}, "victim", seed, 0)) return;
  EXPECT(kid_until(&v, VICTIM_COUNT, 1, MS(5000)));
  for (uint64_t i = 0; i < rounds && !failures(); i++) {
    if (!kid_start(&k, (struct kid_how){.cpu = i % 2 * second_cpu(), .give = OS_GIVE_ARCHIVE | OS_GIVE_SLICES}, role,
                   os_random(&seed), 0))
      break;
    ended += kid_wait(&k, MS(60));
    did += k.shared[HOSTILE_CALLS];
    kid_end(&k);
  }
  uint64_t looked = v.shared[VICTIM_COUNT];
  EXPECT(kid_until(&v, VICTIM_COUNT, looked + 2, MS(5000)));
  EXPECT_IS(v.shared[VICTIM_BAD], 0);
  kid_end(&v);
  EXPECT_IS(frame_account(), before);
  note("%lu children, %lu ended by it, %lu rounds of theirs", rounds, ended, did);
}

static void areas_scribbled(void) { areas("scribble", 24); }
static void areas_flipped(void) {
  if (second_cpu())
    areas("flip", 6);
  else
    EXPECT(true);
}

// --- A child takes away its parent's views of what bears the child's name, as it may

static uint64_t sweep_all(exo_frame table) {
  uint64_t taken = 0;
  for (uint64_t i = 0; i < 512; i += 64) taken += exo_sweep((struct exo_sweep){OS_SLOT_SELF, table, i, 64}) > 0;
  return taken;
}

static int unsharer(int argc, char **argv) {
  (void)argc;
  (void)argv;
  const struct exo_machine_window *m = os_self.machine;
  while (!os_self.shared[1])
    for (uint64_t i = 0; i < m->range_count; i++)
      for (exo_frame n = m->range[i].first, end = n + m->range[i].count; n < end; n++) {
        const struct exo_frame_desc *d = os_frame_desc(n);
        uint64_t s = d ? __atomic_load_n(&d->state, __ATOMIC_RELAXED) : 0;
        bool leaf = exo_state_kind(s) == EXO_KIND_TABLE && exo_state_level(s) == 0;
        if (leaf && d->account == (uint32_t)os_self.parent) os_self.shared[0] += sweep_all(n);
      }
  return 5;
}

static void views_taken(void) {
  struct kid k;
  if (!kid_start(&k, (struct kid_how){.cpu = second_cpu()}, "unsharer", 0, 0)) return;
  EXPECT(kid_until(&k, 0, 5, MS(20000))); // which looks at the child's env frame all the time
  k.shared[1] = 1;
  EXPECT(kid_wait(&k, MS(20000)));
  EXPECT_IS(os_child_status(&k.child), 5);
  note("%lu times", k.shared[0]);
  kid_end(&k);
}

const struct test hostile_tests[] = {
    {"hostile-calls", calls},
    {"hostile-uarea", areas_scribbled},
    {"hostile-races", areas_flipped},
    {"hostile-views", views_taken},
    {},
};
const struct role hostile_roles[] = {
    {"caller", caller},   {"faulter", faulter}, {"in-door", in_door},   {"both", both},         {"victim", victim},
    {"hostile", hostile}, {"flip", flip},       {"scribble", scribble}, {"unsharer", unsharer}, {},
};
