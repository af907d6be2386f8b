// storm.c: eight and more attackers on all CPUs at once throw calls at the kernel, for millions of calls, beside a
// victim that computes. Nothing of the victim's may change, neither what it computes nor its share of the CPU; the
// kernel's half is never seen; and when all is over, everything has come back.
//   storm [CALLS [SEED]]
#include "storm.h"
#include <arch/pte.h>

enum { ATTACKERS = 8, EACH = 40'000, DEAD = 64, ATTACKER_SLICE = 10, LOOK = 10'000 };
static uint64_t calls = 100'000, seed, total, wins, faults, leaks, deaths, rounds;
static uint64_t count[EXO_CALL_COUNT][STORM_RESULTS];
static struct kid attacker[ATTACKERS];
static uint64_t at_first, before, ceiling; // frames before the victim and with it
static uint64_t ran, rivals_ran;           // the time of the victim beside its rivals, and theirs
static exo_env dead[DEAD];

static volatile struct storm_page *page_of(const struct kid *k) { return (volatile struct storm_page *)k->shared; }

// --- A round: attackers begin together, end by and by, and everything comes back

// What the attackers are told of others: environments, dead ones, frames.
static void tell(struct kid *k) {
  volatile uint64_t *to = page_of(k)->foreign;
  for (unsigned i = 0; i < STORM_FOREIGN; i++) {
    const struct kid *other = &attacker[i % ATTACKERS];
    to[i] = i < 16       ? other->child.env
            : i % 4 == 0 ? dead[os_random(&seed) % DEAD]
            : i % 4 == 1 ? victim_page()->frame[i]
            : i % 4 == 2 ? other->frame
            : i % 8 == 3 ? victim.child.env
                         : os_self.env;
  }
}

static void gift(const struct kid *k, exo_slot from, exo_slot to, exo_name name) { // with all rights that we have
  uint64_t rights = os_self.window->slot[from].rights & EXO_RIGHTS_ALL;
  EXPECT_IS(exo_cap_grant((struct exo_cap_grant){from, k->child.env, to, name, rights}), EXO_OK);
}

// Two on each CPU, with slices that stay as they are. Where nobody is measured they may assign more themselves.
static bool begin(void) {
  exo_name part = exo_name_extend(EXO_GUARD_SLICE, 1, 4);
  for (unsigned i = 0; i < ATTACKERS; i++) {
    struct kid_how how = {.cpu = i % os_self.machine->cpu_count, .slice = ATTACKER_SLICE + i, .give = OS_GIVE_ARCHIVE};
    if (!kid_start(&attacker[i], how, "attacker", os_random(&seed), EACH)) return false;
  }
  for (uint64_t cpu = 2; cpu < os_self.machine->cpu_count; cpu++)
    for (uint64_t index = STORM_SLICE; index < EXO_SLICES; index++)
      EXPECT_IS(exo_slice_set((struct exo_slice_set){OS_SLOT_SLICE, cpu, index, 0, 0, part}), EXO_OK);
  for (unsigned i = 0; i < ATTACKERS; i++) {
    struct kid *k = &attacker[i];
    if (!kid_until(k, 0, 1, MS(20000))) return false;
    gift(k, OS_SLOT_OUT, GIFT_OUT, EXO_GUARD_CONSOLE_OUT);
    gift(k, OS_SLOT_IN, GIFT_IN, EXO_GUARD_CONSOLE_IN);
    gift(k, OS_SLOT_SLICE, GIFT_SLICES, part);
    tell(k);
  }
  for (unsigned i = 0; i < ATTACKERS; i++) page_of(&attacker[i])->go = 1;
  return true;
}

// Waits for the attackers. As long as all who share its CPU are at it, the victim's time is compared with theirs.
static void watch(uint64_t limit_ns) {
  uint64_t limit = os_now_ns() + limit_ns, from = victim_page()->ran;
  bool open = true;
  for (uint64_t living = 1, looked = 0; living && os_now_ns() < limit;) {
    uint64_t now = victim_page()->ran, theirs = 0, made = 0, ended = living = 0;
    for (unsigned i = 0; i < ATTACKERS; i++) {
      bool rival = attacker[i].child.cpu == victim.child.cpu, alive = os_child_alive(&attacker[i].child);
      living += alive;
      made += page_of(&attacker[i])->calls;
      ended += rival && !alive;
      if (rival) theirs += page_of(&attacker[i])->ran;
    }
    if (open && ended) {
      ran += now - from;
      rivals_ran += theirs;
    }
    open &= !ended;
    if (made - looked >= LOOK) {
      machine_look();
      looked = made;
    }
    os_yield(0, os_now_ns() + MS(2));
  }
}

// Calls `f` for every frame of RAM that is on another's account.
static void each_frame(void (*f)(exo_frame n, uint64_t state)) {
  const struct exo_machine_window *m = os_self.machine;
  for (uint64_t i = 0; i < m->range_count; i++)
    for (exo_frame n = m->range[i].first, end = n + m->range[i].count; n < end; n++) {
      const struct exo_frame_desc *d = os_frame_desc(n);
      if (!d || d->account == (uint32_t)os_self.env || d->account == (uint32_t)victim.child.env) continue;
      f(n, __atomic_load_n(&d->state, __ATOMIC_ACQUIRE));
    }
}
static void end_env(exo_frame n, uint64_t state) {
  if (exo_state_kind(state) != EXO_KIND_ENV || n == (os_self.env & ((1ull << 40) - 1))) return;
  const struct exo_frame_desc *d = os_frame_desc(n);
  (void)exo_env_stop((struct exo_env_stop){OS_SLOT_SELF, n | (uint64_t)d->generation << 40, 0});
  while (__atomic_load_n(&d->state, __ATOMIC_ACQUIRE) & (EXO_STATE_LOCK | EXO_STATE_PINS)) arch_pause();
}
static uint64_t level;
static void end_table(exo_frame n, uint64_t state) {
  if (exo_state_kind(state) != EXO_KIND_TABLE || exo_state_level(state) != level) return;
  for (uint64_t i = 0; level == 0 && i < 512; i += EXO_RANGE_MAX)
    (void)exo_unmap((struct exo_unmap){OS_SLOT_SELF, n, i, EXO_RANGE_MAX, 0});
  (void)exo_table_drop((struct exo_table_drop){OS_SLOT_SELF, n});
}

// They have mapped each other's frames and hung tables into each other's: all of them end before any is taken back.
// What is not ours to end refuses.
static void end(void) {
  for (unsigned i = 0; i < ATTACKERS; i++) {
    if (!attacker[i].child.env) continue;
    if (os_child_alive(&attacker[i].child)) (void)os_child_stop(&attacker[i].child, 77);
  }
  each_frame(end_env);
  for (level = 0; level < PTE_LEVELS; level++) each_frame(end_table);
  for (unsigned i = 0; i < ATTACKERS; i++)
    if (attacker[i].child.env) kid_end(&attacker[i]);
  struct exo_slice_set clear = {.slot = OS_SLOT_SLICE, .cpu = 2, .guard = EXO_GUARD_SLICE};
  for (; clear.cpu < os_self.machine->cpu_count; clear.cpu++)
    for (clear.index = STORM_SLICE; clear.index < EXO_SLICES; clear.index++) EXPECT_IS(exo_slice_set(clear), EXO_OK);
}

static void collect(struct kid *k) {
  volatile struct storm_page *p = page_of(k);
  total += p->calls;
  wins += p->wins;
  faults += p->faults;
  leaks += p->leaks;
  deaths += p->calls < EACH;
  for (uint64_t n = 0; n < EXO_CALL_COUNT; n++)
    for (uint64_t r = 0; r < STORM_RESULTS; r++) count[n][r] += p->count[n][r];
  dead[os_random(&seed) % DEAD] = k->child.env;
}

static void round(void) {
  bool all = begin();
  EXPECT(all);
  if (all) watch(MS(120000));
  for (unsigned i = 0; i < ATTACKERS; i++)
    if (attacker[i].child.env) collect(&attacker[i]);
  end();
  EXPECT_IS(frame_account(), before);
  EXPECT_IS(os_self.window->ceiling, ceiling);
  rounds++;
}

// --- The tests

static void storm(void) {
  at_first = frame_account();
  if (!victim_begin(seed)) return;
  before = frame_account();
  ceiling = os_self.window->ceiling;
  uint64_t own_seed = seed;
  while (total < calls && rounds < 10 * (calls / EACH / ATTACKERS + 1) && !failures()) round();
  EXPECT(total >= calls);
  note("seed %lu, %lu rounds of %u attackers, %lu calls, %lu attackers ended before their time", own_seed, rounds,
       (unsigned)ATTACKERS, total, deaths);
}

static void successes(void) {
  EXPECT(wins * 100 >= total * 30);
  note("%lu of %lu calls succeeded: %lu percent", wins, total, total ? wins * 100 / total : 0);
}

static void memory(void) {
  EXPECT_IS(leaks, 0);
  EXPECT(faults > total / 1000);
  note("%lu faults, no word of the kernel's half read or written", faults);
}

static void victim_whole(void) { note("%lu blocks computed, all right", victim_check()); }

// Slices of equal length on its CPU, one of them its own: so much of all the time that was had there is due, but for a
// tenth, and more where the others yield. What the host and the kernel took comes out of everybody's.
static void victim_share(void) {
  uint64_t all = ran + rivals_ran, due = 1000 / (1 + ATTACKERS / os_self.machine->cpu_count);
  uint64_t permille = all ? ran * 1000 / all : 0;
  note("%lu per mille of %lu ms; its slices are %lu", permille,
       (uint64_t)((unsigned __int128)all * os_self.ns_factor >> 32) / 1'000'000, due);
  uint64_t tenths = machine_looks() ? 6 : 9; // while the kernel looks all stand still, in somebody's turn
  EXPECT(permille * 10 >= due * tenths);
}

static void frames(void) {
  kid_end(&victim);
  uint64_t after = frame_account();
  EXPECT_IS(after, at_first);
  note("%lu frames before and after, in each round", after);
}

// --- Which results occurred

static const char *const result_name[] = {
#define NAME(name, value, sentence) #name,
    EXO_RESULTS(NAME)
#undef NAME
};
enum { RESULTS = sizeof result_name / sizeof *result_name };

static const char *const call_name[] = {
#define EXO_CALL(number, name, ...) #name,
#include <exo/call.def>
#undef EXO_CALL
};
// How every call must have ended at least once.
#define F(name) | 1u << -EXO_##name
static const uint32_t must[EXO_CALL_COUNT] = {
    [EXO_CALL_null] = 0 F(OK),
    [EXO_CALL_batch] = 0 F(OK) F(RANGE) F(NOT_IN_BATCH),
    [EXO_CALL_resume] = 0 F(RANGE) F(NOT_IN_BATCH),
    [EXO_CALL_yield] = 0 F(OK) F(NOT_IN_BATCH),
    [EXO_CALL_cap_grant] = 0 F(OK) F(NO_SLOT) F(DENIED) F(BUSY) F(RANGE) F(NAME) F(NO_ENV),
    [EXO_CALL_cap_drop] = 0 F(OK) F(NO_SLOT) F(DENIED) F(RANGE) F(NO_ENV) F(EMPTY),
    [EXO_CALL_cap_open] = 0 F(OK) F(BUSY) F(RANGE),
    [EXO_CALL_frame_take] = 0 F(OK) F(NO_SLOT) F(DENIED) F(NO_FRAME) F(BUSY) F(NAME) F(CEILING) F(NO_ENV),
    [EXO_CALL_frame_guard] = 0 F(OK) F(NO_SLOT) F(DENIED) F(NO_FRAME) F(NAME),
    [EXO_CALL_frame_drop] = 0 F(OK) F(NO_SLOT) F(DENIED) F(NO_FRAME) F(KIND) F(BUSY),
    [EXO_CALL_table_root] = 0 F(OK) F(NO_SLOT) F(DENIED) F(NO_FRAME) F(KIND) F(BUSY),
    [EXO_CALL_table_link] = 0 F(OK) F(NO_SLOT) F(DENIED) F(NO_FRAME) F(KIND) F(BUSY) F(RANGE),
    [EXO_CALL_table_drop] = 0 F(OK) F(NO_SLOT) F(DENIED) F(NO_FRAME) F(KIND) F(BUSY),
    [EXO_CALL_map] = 0 F(OK) F(NO_SLOT) F(DENIED) F(NO_FRAME) F(KIND) F(BUSY) F(RANGE) F(W_XOR_X),
    [EXO_CALL_protect] = 0 F(OK) F(NO_SLOT) F(DENIED) F(NO_FRAME) F(KIND) F(RANGE) F(W_XOR_X),
    [EXO_CALL_unmap] = 0 F(OK) F(NO_SLOT) F(DENIED) F(NO_FRAME) F(KIND) F(RANGE),
    [EXO_CALL_env_create] = 0 F(OK) F(NO_SLOT) F(DENIED) F(NO_FRAME) F(KIND) F(BUSY) F(NAME),
    [EXO_CALL_env_cpu] = 0 F(OK) F(NO_SLOT) F(DENIED) F(NO_FRAME) F(KIND) F(BUSY) F(RANGE) F(NO_ENV),
    [EXO_CALL_env_space] = 0 F(OK) F(NO_SLOT) F(DENIED) F(NO_FRAME) F(KIND) F(BUSY) F(NO_ENV),
    [EXO_CALL_env_start] = 0 F(OK) F(NO_SLOT) F(DENIED) F(NO_ENV) F(EMPTY),
    [EXO_CALL_env_stop] = 0 F(OK) F(NO_SLOT) F(DENIED) F(NO_ENV) F(NOT_IN_BATCH),
    [EXO_CALL_env_ceiling] = 0 F(OK) F(NO_SLOT) F(DENIED) F(NO_ENV) F(CEILING),
    [EXO_CALL_slice_set] = 0 F(OK) F(NO_SLOT) F(DENIED) F(RANGE) F(NAME) F(NO_ENV),
    [EXO_CALL_console_write] = 0 F(OK) F(NO_SLOT) F(DENIED) F(RANGE),
    [EXO_CALL_console_read] = 0 F(NO_SLOT) F(DENIED) F(EMPTY),
    [EXO_CALL_machine_exit] = 0 F(NO_SLOT) F(DENIED) F(NOT_IN_BATCH),
    [EXO_CALL_gate] = 0 F(NO_ENV) F(NOT_IN_BATCH),
    [EXO_CALL_gate_reply] = 0 F(EMPTY) F(NOT_IN_BATCH),
    [EXO_CALL_message] = 0 F(NO_SLOT) F(DENIED) F(NO_ENV) F(EMPTY),
    [EXO_CALL_ring] = 0 F(NO_SLOT) F(DENIED) F(NO_ENV) F(EMPTY) F(RANGE),
    [EXO_CALL_predicate_set] = 0 F(RANGE),
    [EXO_CALL_wait] = 0 F(OK) F(NOT_IN_BATCH),
    [EXO_CALL_revoke] = 0 F(NO_SLOT) F(DENIED) F(NO_ENV) F(RANGE) F(CEILING),
    [EXO_CALL_repossess] = 0 F(NO_SLOT) F(DENIED) F(NO_ENV) F(EMPTY),
    [EXO_CALL_sweep] = 0 F(OK) F(NO_SLOT) F(NO_FRAME) F(KIND) F(RANGE),
    [EXO_CALL_table_join] = 0 F(NO_SLOT) F(DENIED) F(NO_FRAME) F(KIND) F(BUSY) F(RANGE),
    [EXO_CALL_age] = 0 F(OK) F(NO_SLOT) F(DENIED) F(NO_FRAME) F(KIND) F(RANGE),
    [EXO_CALL_debug_set] = ARCH_DEBUG_POINTS ? 0 F(OK) F(NO_SLOT) F(DENIED) F(NO_ENV) F(EMPTY) F(RANGE) : 0 F(NO_CALL),
};
#undef F

static bool results(uint64_t n) {
  char name[64], line[300];
  size_t at = 0;
  uint32_t missing = must[n];
  for (unsigned r = 0; r < RESULTS; r++) {
    if (!count[n][r]) continue;
    missing &= ~(1u << r);
    at += os_format(line + at, sizeof line - at, "%s %lu ", result_name[r], count[n][r]);
  }
  for (unsigned r = 0; r < RESULTS; r++)
    if (missing >> r & 1) at += os_format(line + at, sizeof line - at, "no %s ", result_name[r]);
  os_format(name, sizeof name, "storm-%s", call_name[n]);
  os_report_test(name, !missing, "%s", line);
  os_print("%s %s: %s\n", missing ? "FAIL" : "ok  ", name, line);
  return !missing;
}

int main(int argc, char **argv) {
  static const struct role roles[] = {{"attacker", storm_attacker}, {"victim", storm_victim}, {}};
  for (const struct role *r = roles; argc > 2 && !strcmp(argv[1], "child") && r->name; r++)
    if (!strcmp(r->name, argv[2])) return r->play(argc - 3, argv + 3);
  static const struct test tests[] = {{"storm-calls", storm},
                                      {"storm-successes", successes},
                                      {"storm-memory", memory},
                                      {"storm-victim", victim_whole},
                                      {"storm-share", victim_share},
                                      {"storm-frames", frames},
                                      {}};
  if (argc > 1) calls = os_number(argv[1], calls);
  seed = argc > 2 ? os_number(argv[2], 1) : os_now_ns() | 1;
  bool ok = true;
  os_report_test("storm-seed", true, "%lu", seed); // first of all: what comes may end it
  for (const struct test *t = tests; t->name; t++) ok &= test_run(t);
  for (uint64_t n = 0; n < EXO_CALL_COUNT; n++) ok &= results(n);
  os_print("the invariants held at %lu looks\n", machine_looks());
  os_report_test("the-end", ok, "the storm is over");
  return ok ? 0 : 1;
}
