// smp_test.c: several CPUs at once: shootdown, ends that cross each other, frames that somebody else is after.
#include <pthread.h>
#include "test.h"

static struct child a, b;

// a runs on CPU 1, b on CPU 2; each may manage the other.
static void two_run(void) {
  machine_start();
  child_make(&a, 1, 0xF);
  child_make(&b, 2, 0xF);
  EQ(CALL(0, cap_grant, .env = a.number, .index = 1, .name = b.guard, .rights = EXO_RIGHTS_ALL), EXO_OK);
  EQ(CALL(0, cap_grant, .env = b.number, .index = 1, .name = a.guard, .rights = EXO_RIGHTS_ALL), EXO_OK);
  child_run(&a, 1, 0, 1'000'000);
  child_run(&b, 2, 0, 1'000'000);
  EQ(runs_on(1), a.number);
  EQ(runs_on(2), b.number);
}

static void unmap_reaches_all(void) {
  two_run();
  exo_frame f = frame_new(a.guard);
  EQ(CALL(0, map, .table = a.leaf, .index = 100, .frame = f, .prot = EXO_READ | EXO_WRITE), EXO_OK);
  child_run(&a, 3, 0, 1'000'000); // the same space on CPU 1 and CPU 3
  uint64_t va = CHILD_UAREA + 100 * EXO_PAGE;
  CHECK(fake_reach(1, va, EXO_WRITE) == frame_memory(f) && fake_reach(3, va, EXO_WRITE) == frame_memory(f));
  uint64_t before = machine_window.shootdowns;
  EQ(CALL(1, protect, .table = a.leaf, .index = 100, .count = 1, .prot = EXO_READ), 1);
  CHECK(machine_window.shootdowns == before + 1);
  CHECK(!fake_reach(1, va, EXO_WRITE) && !fake_reach(3, va, EXO_WRITE) && fake_reach(3, va, EXO_READ));
  EQ(CALL(0, unmap, .table = a.leaf, .index = 96, .count = 8), 1);
  CHECK(!fake_reach(1, va, EXO_READ) && !fake_reach(3, va, EXO_READ));
  before = machine_window.shootdowns; // a space that no other CPU has loaded: nobody is disturbed
  EQ(CALL(0, map, .table = b.leaf, .index = 100, .frame = f, .prot = EXO_READ), EXO_OK);
  EQ(CALL(2, unmap, .table = b.leaf, .index = 100, .count = 1), 1);
  EQ(machine_window.shootdowns, before);
}

static void table_drop_reaches_all(void) {
  two_run();
  child_run(&a, 3, 0, 1'000'000);
  exo_frame table = frame_new(a.guard), f = frame_new(a.guard);
  EQ(CALL(0, table_link, .table = a.middle, .index = 200, .frame = table), EXO_OK);
  EQ(CALL(0, map, .table = table, .index = 0, .frame = f, .prot = EXO_READ), EXO_OK);
  uint64_t va = CHILD_UAREA / (1 << 21) / 512 * 512 * (1 << 21) + 200 * (1ull << 21);
  CHECK(fake_reach(1, va, EXO_READ) && fake_reach(3, va, EXO_READ));
  EQ(CALL(1, unmap, .table = table, .index = 0, .count = 1), 1);
  CHECK(!fake_reach(1, va, EXO_READ) &&
        !fake_reach(3, va, EXO_READ));             // nothing there, but the way to it is known again
  EQ(CALL(1, table_drop, .table = table), EXO_OK); // the invariants find what is still remembered of it
  CHECK(!fake_reach(1, va, EXO_READ) && !fake_reach(3, va, EXO_READ));
}

// A CPU that comes back to a space knows it still, but for what was edited while it was away.
static void edits_in_its_absence(void) {
  two_run();
  exo_frame f = frame_new(a.guard), g = frame_new(a.guard);
  EQ(CALL(0, map, .table = a.leaf, .index = 100, .frame = f, .prot = EXO_READ | EXO_WRITE), EXO_OK);
  EQ(CALL(0, map, .table = a.leaf, .index = 101, .frame = g, .prot = EXO_READ), EXO_OK);
  child_run(&b, 1, 1, 1'000'000);
  uint64_t va = CHILD_UAREA + 100 * EXO_PAGE;
  CHECK(fake_reach(1, va, EXO_WRITE) && fake_reach(1, va + EXO_PAGE, EXO_READ));
  unsigned flushes = fake_cpu[1].flushes;
  EQ(CALL(1, yield, .to = b.number), AWAY);
  EQ(CALL(1, yield, .to = a.number), AWAY);
  EQ(runs_on(1), a.number);
  CHECK(fake_cpu[1].flushes == flushes + 1); // b's first time
  EQ(CALL(1, yield, .to = b.number), AWAY);
  uint64_t shootdowns = machine_window.shootdowns;
  EQ(CALL(0, protect, .table = a.leaf, .index = 100, .count = 1, .prot = EXO_READ), 1);
  EQ(CALL(0, unmap, .table = a.leaf, .index = 101, .count = 1), 1);
  EQ(machine_window.shootdowns, shootdowns); // nobody is disturbed
  EQ(CALL(1, yield, .to = a.number), AWAY);
  CHECK(fake_reach(1, va, EXO_READ) && !fake_reach(1, va, EXO_WRITE) && !fake_reach(1, va + EXO_PAGE, EXO_READ));
  EQ(CALL(1, yield, .to = b.number), AWAY); // and on the CPU of the editor itself
  EQ(CALL(0, cap_grant, .env = b.number, .index = 2, .name = a.guard, .rights = EXO_RIGHTS_ALL), EXO_OK);
  EQ(CALL(1, unmap, .slot = 2, .table = a.leaf, .index = 100, .count = 1), 1);
  EQ(CALL(1, yield, .to = a.number), AWAY);
  CHECK(!fake_reach(1, va, EXO_READ));
}

// CPU 1 takes away a view of a table; CPU 3 holds that table and waits until CPU 1 has forgotten what hung below it.
static void view_of_a_busy_table(void) {
  for (uint64_t seed = 1; seed < 60; seed++) {
    two_run();
    child_run(&a, 3, 0, 1'000'000);
    exo_frame table = frame_new(a.guard);
    EQ(CALL(0, table_link, .table = a.middle, .index = 200, .frame = table), EXO_OK);
    EQ(CALL(0, map, .table = a.leaf, .index = 100, .frame = a.middle, .prot = EXO_READ), EXO_OK);
    fake.mingle = seed * 0x9E3779B97F4A7C15ull;
    POST(1, unmap, .table = a.leaf, .index = 100, .count = 1);
    POST(3, table_drop, .table = table);
    fake_run();
    invariants();
    EQ(fake_cpu[1].result, 1);
    EQ(fake_cpu[3].result, EXO_OK);
  }
}

static void stop_each_other(void) {
  for (uint64_t seed = 0; seed < 40; seed++) {
    two_run();
    fake.mingle = seed * 0x9E3779B97F4A7C15ull;
    POST(1, env_stop, .slot = 1, .env = b.number, .status = 1);
    POST(2, env_stop, .slot = 1, .env = a.number, .status = 2);
    fake_run();
    invariants();
    CHECK(!env_at(a.number) || !env_at(b.number));
    CHECK(runs_on(1) == 0 || runs_on(2) == 0);
  }
}

static void stop_in_a_circle(void) {
  for (uint64_t seed = 0; seed < 40; seed++) {
    two_run();
    struct child c;
    child_make(&c, 3, 0xF);
    child_run(&c, 3, 0, 1'000'000);
    EQ(CALL(0, cap_grant, .env = b.number, .index = 2, .name = c.guard, .rights = EXO_RIGHTS_ALL), EXO_OK);
    EQ(CALL(0, cap_grant, .env = c.number, .index = 1, .name = a.guard, .rights = EXO_RIGHTS_ALL), EXO_OK);
    fake.mingle = seed * 0x9E3779B97F4A7C15ull;
    POST(1, env_stop, .slot = 1, .env = b.number);
    POST(2, env_stop, .slot = 2, .env = c.number);
    POST(3, env_stop, .slot = 1, .env = a.number);
    POST(0, env_stop, .env = a.number); // two at once for one of them
    fake_run();
    invariants();
    CHECK(!env_at(a.number));
  }
}

// While a ends (it runs on CPU 1, CPU 0 waits for that), CPU 2 is after its env frame, to use it again at once.
static void frame_of_an_ending_env(void) {
  for (uint64_t seed = 0; seed < 20; seed++) {
    two_run();
    EQ(CALL(0, env_ceiling, .env = b.number, .ceiling = 3), EXO_OK);
    fake.mingle = seed * 0x9E3779B97F4A7C15ull;
    BATCH(2, 0, frame_drop, .slot = 1, .frame = a.env);
    BATCH(2, 1, frame_take, .slot = 1, .frame = a.env, .guard = a.guard);
    BATCH(2, 2, env_create, .slot = 1, .frame = a.env, .guard = a.guard);
    POST(0, env_stop, .env = a.number);
    POST(2, batch, .count = 3);
    fake_run();
    invariants();
    CHECK(!env_at(a.number) && kind_of(a.state[1]) == EXO_KIND_USER && kind_of(a.uarea[1] + 1) == EXO_KIND_USER);
    EQ(exo_state_pins(desc(a.root)->state), 0);
  }
}

static bool paused;
static exo_frame locked;
static void let_go_and_change(void) {
  if (paused) return;
  paused = true;
  desc(locked)->state &= ~EXO_STATE_LOCK;
  BATCH(2, 0, table_drop, .slot = 1, .table = a.leaf);
  BATCH(2, 1, table_root, .slot = 1, .frame = a.leaf);
  POST(2, batch, .count = 2);
}

// CPU 0 waits for the parent of a table; when it has it, the table has become a root.
static void table_changes_while_waiting(void) {
  two_run();
  EQ(CALL(0, env_stop, .env = a.number), EXO_OK);
  EQ(CALL(0, unmap, .table = a.leaf, .count = 8), 8);
  locked = a.middle;
  paused = false;
  desc(locked)->state |= EXO_STATE_LOCK;
  fake.at_pause = let_go_and_change;
  EQ(CALL(0, table_drop, .table = a.leaf), EXO_OK);
  CHECK(paused);
  EQ(kind_of(a.leaf), EXO_KIND_USER);
  EQ(CALL(0, table_drop, .table = a.middle), EXO_OK);
}

static void stop_on_all_cpus(void) {
  two_run();
  child_run(&a, 3, 0, 1'000'000);
  child_run(&a, 2, 1, 1'000'000);
  EQ(CALL(0, env_stop, .env = a.number, .status = 5), EXO_OK);
  EQ(runs_on(1), 0);
  EQ(runs_on(2), b.number);
  EQ(runs_on(3), 0);
  const struct env *e = frame_memory(a.env);
  CHECK(e->w.obituary.cause == EXO_CAUSE_STOPPED && e->w.obituary.address == 5 && e->w.obituary.by == first());
  CHECK(uarea_of(first(), 0)->pending & EXO_EVENT_OBITUARY);
}

// A switch from one environment to another, while another CPU ends the one that comes.
static void next_ends_while_switching(void) {
  for (uint64_t seed = 1; seed < 60; seed++) {
    two_run();
    EQ(CALL(2, yield, .deadline_ns = ~0ull), AWAY);
    child_run(&b, 1, 1, 1'000'000);
    fake.mingle = seed * 0x9E3779B97F4A7C15ull;
    POST(1, yield, .to = b.number);
    POST(0, env_stop, .env = b.number);
    fake_run();
    invariants();
    CHECK(runs_on(1) == a.number && kind_of(b.state[1]) == EXO_KIND_USER);
  }
}

// The same, and the one that goes is ended and its tables are taken apart.
static void space_taken_while_switching(void) {
  for (uint64_t seed = 1; seed < 60; seed++) {
    two_run();
    child_run(&b, 1, 1, 1'000'000);
    fake.mingle = seed * 0x9E3779B97F4A7C15ull;
    BATCH(2, 0, null, .echo = 1);
    POST(1, yield, .to = b.number);
    POST(0, env_stop, .env = a.number);
    fake_run();
    invariants();
    EQ(CALL(0, unmap, .table = a.leaf, .count = 8), 8);
    EQ(CALL(0, table_drop, .table = a.leaf), EXO_OK);
  }
}

// An account from two sides at once, truly at once: it never uses more than its ceiling.
static struct env account;
static void *ceiling_moves(void *) {
  for (int i = 0; i < 200'000; i++)
    if (account_lower(&account, 3)) __atomic_fetch_add(&account.w.ceiling, 3, __ATOMIC_SEQ_CST);
  return nullptr;
}
static void *ceiling_goes(void *) {
  for (int i = 0; i < 1000; i++) account_lower(&account, 1);
  return nullptr;
}
static void account_by_two(void) {
  for (int round = 0; round < 20; round++) {
    pthread_t other;
    account.w.used = 0;
    account.w.ceiling = 1000;
    CHECK(pthread_create(&other, nullptr, round ? ceiling_goes : ceiling_moves, nullptr) == 0);
    for (int i = 0; i < 3000; i++) account_charge(&account, 1);
    pthread_join(other, nullptr);
    CHECK(account.w.used <= account.w.ceiling && account.w.ceiling <= 1000);
    CHECK(!account_charge(&account, 1001) && !account_lower(&account, 1001));
  }
}

const struct test smp_tests[] = {
    {"an account by two", account_by_two},
    {"unmap reaches all CPUs", unmap_reaches_all},
    {"table_drop reaches all CPUs", table_drop_reaches_all},
    {"edits in its absence", edits_in_its_absence},
    {"a view of a busy table goes", view_of_a_busy_table},
    {"two stop each other", stop_each_other},
    {"three stop each other", stop_in_a_circle},
    {"the frame of an ending env", frame_of_an_ending_env},
    {"a table changes while waiting", table_changes_while_waiting},
    {"stop on all CPUs", stop_on_all_cpus},
    {"the next one ends while switching", next_ends_while_switching},
    {"a space is taken while switching", space_taken_while_switching},
    {},
};
