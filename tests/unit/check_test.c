// check_test.c: the list of what must always hold, as a program asks for it by a call; and that it finds what is
// broken: each wrong word here is one that an attacker would like to see, or that a bug would leave.
#include <string.h>
#include "test.h"

static struct child a, b;
static exo_frame page; // mapped at a.leaf[100], readable and writable; and only there
enum { AT = 100 };

static void two_run(void) { // a on CPU 1, b on CPU 2, the first on CPU 0; nobody on CPU 3
  machine_start();
  child_make(&a, 1, 0xF);
  child_make(&b, 2, 0xF);
  child_run(&a, 1, 0, 1'000'000);
  child_run(&b, 2, 0, 1'000'000);
  page = frame_new(a.guard);
  EQ(CALL(0, map, .table = a.leaf, .index = AT, .frame = page, .prot = EXO_READ | EXO_WRITE), EXO_OK);
}

#define LOOK(cpu) CALL(cpu, null, .echo = EXO_CHECK_WORD)

static void holds(void) {
  two_run();
  for (unsigned cpu = 0; cpu < 3; cpu++) EQ(LOOK(cpu), 0);
  BATCH(1, 0, null, .echo = EXO_CHECK_WORD);
  EQ(CALL(1, batch, .count = 1), 1);
  EQ(cpu_at(1)->arch.uarea->batch[0].result, 0);
  EQ(CALL(1, null, .echo = EXO_CHECK_WORD + 1), EXO_CHECK_WORD + 1);
}

// With this value in this word something is found to be wrong that says so; then all is well again.
static void found(const char *file, int line, uint64_t *word, uint64_t value, const char *what) {
  uint64_t good = *word;
  *word = value;
  unsigned at = check_all();
  *word = good;
  if (!at || !strstr(check.what, what)) test_fail(file, line, at ? check.what : "nothing found", at, 0);
  EQ(check_all(), 0);
}
#define FOUND(word, value, what) found(__FILE_NAME__, __LINE__, (uint64_t *)&(word), (uint64_t)(value), what)

static struct env *env_of(const struct child *c) { return frame_memory(c->env); }
static pte_t *entries(exo_frame table) { return frame_memory(table); }
static pte_t leaf_of(exo_frame n, uint64_t prot) { return pte_keep(pte_leaf(n << EXO_PAGE_BITS, prot, true), prot); }

static void broken_frames(void) {
  two_run();
  exo_frame nobodys = frame_free_at(64);
  uint64_t s = desc(page)->state;
  FOUND(desc(page)->state, s | EXO_STATE_LOCK, "EXO_STATE_LOCK");
  FOUND(desc(page)->state, s + ONE_MAP, "t->maps");
  FOUND(desc(page)->state, s - ONE_MAP, "t->maps");
  FOUND(desc(page)->state, s + ONE_PIN, "t->pins");
  FOUND(desc(page)->state, s & ~EXO_STATE_WRITE, "noted");
  FOUND(desc(page)->state, s | EXO_STATE_EXEC, "EXO_STATE_EXEC");
  FOUND(desc(page)->state, s | EXO_STATE_JOINED, "EXO_STATE_JOINED");
  FOUND(desc(page)->state, (s & ~EXO_STATE_KIND) | EXO_KIND_FREE, "EXO_KIND_USER"); // free, and somebody has it mapped
  FOUND(desc(page)->state, (s & ~EXO_STATE_KIND) | EXO_KIND_KERNEL, "EXO_KIND_USER");
  FOUND(desc(page)->state, (s & ~EXO_STATE_KIND) | 15, "EXO_KIND_USER");
  FOUND(desc(page)->guard, 0x123, "exo_name_valid");
  FOUND(desc(page)->account, 0, "tally_of"); // its generation, in the same word, is anything
  FOUND(desc(page)->account, a.env, "charged");
  FOUND(desc(page)->home, desc(page)->home + 1, "home");
  FOUND(desc(nobodys)->account, a.env, "account == 0");
  FOUND(desc(nobodys)->guard, a.guard, "guard == 0");
  FOUND(desc(170)->state, EXO_STATE_WRITE, "EXO_STATE_WRITE"); // no RAM there
  FOUND(desc(170)->guard, a.guard, "guard == 0");
  FOUND(desc(a.uarea[1])->state, desc(a.uarea[1])->state - ONE_PIN, "pins");
}

static void broken_tables(void) {
  two_run();
  exo_frame free = frame_free_at(64);
  pte_t *e = &entries(a.leaf)[AT + 1];    // empty
  FOUND(*e, leaf_of(a.leaf, 3), "noted"); // a table that may be written
  FOUND(*e, leaf_of(a.root, 1), "EXO_KIND_USER");
  FOUND(*e, leaf_of(free, 1), "EXO_KIND_USER");
  FOUND(*e, leaf_of(1, 1), "EXO_KIND_USER"); // the kernel's
  FOUND(*e, leaf_of(a.state[1], 1), "EXO_KIND_USER");
  FOUND(*e, pte_keep(leaf_of(a.env, 1), 3), "EXO_READ");
  FOUND(*e, leaf_of(page, 1), "home");
  FOUND(*e, leaf_of(170, 1), "t");
  FOUND(*e, pte_leaf(page << EXO_PAGE_BITS, 3, false), "pte_aged"); // not a user's
  FOUND(*e, pte_leaf(page << EXO_PAGE_BITS, 1, true), "pte_kept");
  FOUND(*e, 1, "pte_present");
  EQ(CALL(0, map, .table = a.leaf, .index = AT + 1, .frame = page, .prot = EXO_READ | EXO_WRITE), EXO_OK);
  FOUND(*e, leaf_of(page, 5), "writable && t->executable");
  FOUND(*e, leaf_of(a.uarea[3], 1), "home");
  FOUND(entries(a.leaf)[6], leaf_of(a.uarea[3], 5), "!t->executable ||"); // its one place
  FOUND(entries(a.leaf)[AT], 0, "live");
  FOUND(entries(a.middle)[AT], pte_table(b.leaf << EXO_PAGE_BITS), "home");
  FOUND(entries(a.middle)[AT], pte_table(page << EXO_PAGE_BITS), "level_at");
  FOUND(entries(a.middle)[AT], pte_table(1ull << 40), "t &&");
  FOUND(entries(a.middle)[CHILD_UAREA >> 21], pte_join(leaf_of(0, 1)), "parents");
  FOUND(entries(a.root)[300], 0, "fresh_root");
  FOUND(desc(a.leaf)->home, desc(b.leaf)->home, "home");
  FOUND(desc(a.root)->home, 0, "loaded");
  FOUND(desc(a.leaf)->state, desc(a.leaf)->state ^ EXO_STATE_JOINED, "JOINED");
  FOUND(desc(a.leaf)->state, desc(a.leaf)->state ^ 1ull << EXO_STATE_LEVEL_SHIFT, "level");
}

static void broken_envs(void) {
  two_run();
  struct env *e = env_of(&a), *env = frame_memory(env_frame(first()));
  struct env_cpu *ec = frame_memory(a.state[1]);
  FOUND(e->w.used, e->w.used + 1, "ceiling"); // it has none to spare
  FOUND(e->w.ceiling, e->w.ceiling - 1, "ceiling");
  FOUND(env->w.used, env->w.used - 1, "charged");
  FOUND(e->w.ceiling, e->w.ceiling + 1, "ceilings");
  FOUND(e->w.number, e->w.number + 1, "number");
  FOUND(e->w.version, 0, "version");
  FOUND(e->w.alive, 0, "cpus == 0");
  FOUND(e->w.cpus, e->w.cpus | 1 << 7, "cpu_count");
  FOUND(e->w.cpus, 0, "pins");
  FOUND(e->w.root, a.leaf, "is_root");
  FOUND(e->w.state_frame[1], a.uarea[1], "ENV_CPU");
  FOUND(e->w.obituary.cause, 1, "obituary");
  FOUND(e->w.slot[0].name, 0, "mask");
  FOUND(e->w.slot[0].mask, 0, "mask");
  FOUND(e->w.slot[0].rights, e->w.slot[0].rights | 64, "RIGHTS_ALL");
  FOUND(e->w.slot[0].open, 1, "open");
  FOUND(e->w.slot[0].open, 2, "open");
  FOUND(ec->env, env_of(&b), "ec->env");
  FOUND(ec->uarea, frame_memory(b.uarea[1]), "uarea");
  FOUND(ec->ready, 3, "ready");
}

static void broken_cpus(void) {
  two_run();
  struct cpu *cpu = cpu_at(1), *idle = cpu_at(3);
  FOUND(cpu->probe, env_of(&a), "probe");
  FOUND(cpu->bits, 1, "bits");
  FOUND(cpu->root, b.root, "loaded");
  FOUND(cpu->env, env_of(&b), "env_cpu");
  FOUND(cpu->env_cpu, frame_memory(b.state[1]), "env_cpu");
  FOUND(cpu->arch.uarea, frame_memory(b.uarea[1]), "uarea");
  FOUND(cpu->slice_lock, 1, "slice_lock");
  FOUND(cpu->slice[0].env, a.number + (1ull << 40), "owner"); // one that there is not
  FOUND(cpu->slice[0].debt_ns, 1'000'001, "debt_ns");
  FOUND(cpu->slice[0].length_ns, 2'000'000'000, "length_ns");
  FOUND(cpu->slice[0].guard, 0x123, "guard");
  FOUND(idle->root, a.root, "loaded");
  FOUND(idle->arch.uarea, frame_memory(a.uarea[3]), "uarea");
}

// A program asks, and hears of it; the console says what and where.
static void told(void) {
  two_run();
  struct env *e = env_of(&b);
  e->w.slot[0].open = 1;
  machine_post(1, EXO_CALL_null, &(struct exo_null){EXO_CHECK_WORD}, sizeof(struct exo_null));
  fake_run();
  e->w.slot[0].open = 0;
  CHECK(fake_cpu[1].returned && fake_cpu[1].result == check.line && check.frame == b.env);
  CHECK(strstr(fake.text[0], "not so: rights ? !s->open : !s->name"));
  EQ(LOOK(1), 0);
}

// --- While others are at work

enum { SEEDS = 300 };

static void three_look(void) {
  for (uint64_t seed = 1; seed < SEEDS; seed++) {
    two_run();
    fake.mingle = seed;
    for (unsigned cpu = 0; cpu < 3; cpu++) POST(cpu, null, .echo = EXO_CHECK_WORD);
    fake_run();
    for (unsigned cpu = 0; cpu < 3; cpu++) CHECK(fake_cpu[cpu].returned && fake_cpu[cpu].result == 0);
    invariants();
  }
}

// The same space on CPUs 1 and 3: taking a page away waits for the other, while a third looks.
static void look_at_shooting(void) {
  for (uint64_t seed = 1; seed < SEEDS; seed++) {
    two_run();
    child_run(&a, 3, 0, 1'000'000);
    fake.mingle = seed;
    POST(1, unmap, .table = a.leaf, .index = AT, .count = 1);
    POST(2, null, .echo = EXO_CHECK_WORD);
    POST(3, protect, .table = a.leaf, .index = AT, .count = 1, .prot = EXO_READ);
    fake_run();
    CHECK(fake_cpu[2].returned && fake_cpu[2].result == 0);
    CHECK(fake_cpu[1].returned && fake_cpu[1].result == 1);
    invariants();
  }
}

// Who looks, and who stands still, is ended by another who waits for it to be off its CPU.
static void look_and_die(void) {
  for (uint64_t seed = 1; seed < SEEDS; seed++) {
    two_run();
    child_run(&a, 3, 0, 1'000'000);
    EQ(CALL(0, cap_grant, .env = b.number, .index = 1, .name = a.guard, .rights = EXO_RIGHTS_ALL), EXO_OK);
    fake.mingle = seed;
    POST(0, null, .echo = EXO_CHECK_WORD);
    POST(1, null, .echo = EXO_CHECK_WORD);
    POST(2, env_stop, .slot = 1, .env = a.number);
    fake_run();
    CHECK(fake_cpu[0].returned && fake_cpu[0].result == 0);
    CHECK(fake_cpu[2].returned && fake_cpu[2].result == EXO_OK && !env_of(&a)->w.alive);
    if (fake_cpu[1].returned) EQ(fake_cpu[1].result, EXO_BUSY); // the end begins before a look can
    invariants();
  }
}

const struct test check_tests[] = {{"all holds, by a call", holds},
                                   {"broken frames are found", broken_frames},
                                   {"broken tables are found", broken_tables},
                                   {"broken environments are found", broken_envs},
                                   {"broken CPUs are found", broken_cpus},
                                   {"what is broken is told", told},
                                   {"three look at once", three_look},
                                   {"a look while translations go", look_at_shooting},
                                   {"a look while its caller ends", look_and_die},
                                   {}};
