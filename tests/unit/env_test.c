// env_test.c: environments: made, given CPUs, a space and a ceiling, started, ended, their numbers used again.
#include "test.h"

static struct child a;

static void a_runs(void) { // on CPU 1
  machine_start();
  child_make(&a, 1, 3);
  child_run(&a, 1, 0, 1'000'000);
}
static const struct exo_env_window *window(exo_frame env) { return &((const struct env *)frame_memory(env))->w; }
static exo_frame pair_new(exo_name guard) {
  exo_frame u = frame_new(guard);
  while (kind_of(u + 1) != EXO_KIND_FREE) u = frame_new(guard);
  EQ(CALL(0, frame_take, .frame = u + 1, .guard = guard), EXO_OK);
  return u;
}

static void create(void) {
  a_runs();
  exo_frame f = frame_new(a.guard);
  REFUSE(EXO_KIND, 0, env_create, .frame = frame_free_at(64), .guard = a.guard);
  REFUSE(EXO_KIND, 0, env_create, .frame = a.env, .guard = a.guard);
  REFUSE(EXO_KIND, 0, env_create, .frame = 1, .guard = a.guard);
  REFUSE(EXO_BUSY, 0, env_create, .frame = 40, .guard = a.guard);
  REFUSE(EXO_NO_FRAME, 0, env_create, .frame = 0, .guard = a.guard);
  REFUSE(EXO_NAME, 0, env_create, .frame = f, .guard = 62);
  REFUSE(EXO_NAME, 1, env_create, .frame = f, .guard = EXO_GUARD_FIRST);
  REFUSE(EXO_DENIED, 1, env_create, .frame = 50, .guard = a.guard);
  REFUSE(EXO_NO_SLOT, 0, env_create, .slot = 3, .frame = f, .guard = a.guard);
  int64_t number = CALL(1, env_create, .frame = f, .guard = exo_name_extend(a.guard, 1, 4));
  CHECK(number > 0 && env_frame((exo_env)number) == f);
  const struct exo_env_window *w = window(f);
  CHECK(w->parent == a.number && w->alive && w->ceiling == 0 && w->used == 0 && w->cpus == 0 && w->root == 0);
  for (int i = 0; i < EXO_SLOTS; i++) CHECK(w->slot[i].open == 1 && w->slot[i].rights == 0);
  CHECK(desc(f)->guard == exo_name_extend(a.guard, 1, 4));
}

static void cpu_refused(void) {
  a_runs();
  exo_frame s = frame_new(a.guard), u = pair_new(a.guard), other = frame_new(test_guard(2));
  exo_env e = a.number;
  REFUSE(EXO_RANGE, 0, env_cpu, .env = e, .cpu = CPUS, .state = s, .uarea = u);
  REFUSE(EXO_RANGE, 0, env_cpu, .env = e, .cpu = ~0ull, .state = s, .uarea = u);
  REFUSE(EXO_NO_FRAME, 0, env_cpu, .env = e, .cpu = 2, .state = 0, .uarea = u);
  REFUSE(EXO_NO_FRAME, 0, env_cpu, .env = e, .cpu = 2, .state = s, .uarea = 159); // its second page is a hole
  REFUSE(EXO_NO_FRAME, 0, env_cpu, .env = e, .cpu = 2, .state = s, .uarea = RAM_END - 1);
  REFUSE(EXO_NO_FRAME, 0, env_cpu, .env = e, .cpu = 2, .state = s, .uarea = ~0ull);
  REFUSE(EXO_KIND, 0, env_cpu, .env = e, .cpu = 2, .state = u, .uarea = u);
  REFUSE(EXO_KIND, 0, env_cpu, .env = e, .cpu = 2, .state = u + 1, .uarea = u);
  REFUSE(EXO_KIND, 0, env_cpu, .env = e, .cpu = 2, .state = a.env, .uarea = u);
  REFUSE(EXO_KIND, 0, env_cpu, .env = e, .cpu = 2, .state = s, .uarea = a.env - 1);
  REFUSE(EXO_KIND, 0, env_cpu, .env = e, .cpu = 2, .state = a.leaf, .uarea = u);
  REFUSE(EXO_KIND, 0, env_cpu, .env = e, .cpu = 2, .state = s, .uarea = 40); // the first one's text: executable
  REFUSE(EXO_KIND, 0, env_cpu, .env = e, .cpu = 2, .state = s, .uarea = a.uarea[1]);
  REFUSE(EXO_BUSY, 0, env_cpu, .env = e, .cpu = 1, .state = s, .uarea = u);  // it is there already
  REFUSE(EXO_BUSY, 0, env_cpu, .env = e, .cpu = 2, .state = 42, .uarea = u); // mapped
  REFUSE(EXO_NO_ENV, 0, env_cpu, .env = e + (1ull << 40), .cpu = 2, .state = s, .uarea = u);
  REFUSE(EXO_DENIED, 1, env_cpu, .env = e, .cpu = 2, .state = other, .uarea = u);
  REFUSE(EXO_DENIED, 1, env_cpu, .env = e, .cpu = 2, .state = s, .uarea = 50);
  REFUSE(EXO_DENIED, 1, env_cpu, .env = first(), .cpu = 2, .state = s, .uarea = u);
  REFUSE(EXO_NO_SLOT, 1, env_cpu, .slot = 1, .env = e, .cpu = 2, .state = s, .uarea = u);
  EQ(CALL(1, env_cpu, .cpu = 2, .state = s, .uarea = u), EXO_OK); // 0: the caller
  EQ(window(a.env)->cpus, 7);
}

static void space_and_start_refused(void) {
  a_runs();
  exo_frame f = frame_new(a.guard), r = frame_new(a.guard);
  exo_env e = (exo_env)CALL(0, env_create, .frame = f, .guard = a.guard);
  EQ(CALL(0, table_root, .frame = r), EXO_OK);
  REFUSE(EXO_EMPTY, 0, env_start, .env = e, .cpu = 1); // no u-area
  EQ(CALL(0, env_cpu, .env = e, .cpu = 1, .state = frame_new(a.guard), .uarea = pair_new(a.guard)), EXO_OK);
  REFUSE(EXO_EMPTY, 0, env_start, .env = e, .cpu = 1); // no space
  REFUSE(EXO_KIND, 0, env_space, .env = e, .root = a.leaf);
  REFUSE(EXO_KIND, 0, env_space, .env = e, .root = f);
  REFUSE(EXO_KIND, 0, env_space, .env = e, .root = 7);
  REFUSE(EXO_NO_FRAME, 0, env_space, .env = e, .root = 0);
  REFUSE(EXO_NO_ENV, 0, env_space, .env = e + (1ull << 40), .root = r);
  REFUSE(EXO_BUSY, 0, env_space, .env = a.number, .root = r); // it has one
  REFUSE(EXO_DENIED, 1, env_space, .env = e, .root = window(boot->spare_frame)->root);
  REFUSE(EXO_DENIED, 1, env_space, .env = first(), .root = r);
  REFUSE(EXO_NO_SLOT, 1, env_space, .slot = 1, .env = e, .root = r);
  REFUSE(EXO_KIND, 0, env_space, .env = e, .root = env_frame(e)); // itself
  EQ(CALL(1, env_space, .env = e, .root = r), EXO_OK);
  REFUSE(EXO_EMPTY, 0, env_start, .env = e, .cpu = 2);
  REFUSE(EXO_EMPTY, 0, env_start, .env = e, .cpu = CPUS);
  REFUSE(EXO_EMPTY, 0, env_start, .env = e, .cpu = ~0ull);
  REFUSE(EXO_EMPTY, 0, env_start, .env = e, .cpu = 1ull << 32 | 1);
  REFUSE(EXO_NO_ENV, 0, env_start, .env = e + (1ull << 40), .cpu = 1);
  REFUSE(EXO_DENIED, 1, env_start, .env = first(), .cpu = 0);
  REFUSE(EXO_NO_SLOT, 1, env_start, .slot = ~0ull, .env = a.number, .cpu = 0);
  EQ(CALL(0, env_start, .env = e, .cpu = 1), EXO_OK);
  EQ(runs_on(1), a.number); // ready, and has no slice
}

// The count of environments that share a root is full: one more would make it look unused.
static void root_shared_too_often(void) {
  a_runs();
  exo_env e = (exo_env)CALL(0, env_create, .frame = frame_new(a.guard), .guard = a.guard);
  uint64_t state = desc(a.root)->state;
  desc(a.root)->state |= EXO_STATE_PINS;
  POST(0, env_space, .env = e, .root = a.root);
  fake_run();
  EQ(fake_cpu[0].result, EXO_BUSY);
  EQ(exo_state_pins(desc(a.root)->state), 0xFFFF);
  desc(a.root)->state = state;
  EQ(CALL(0, env_space, .env = e, .root = a.root), EXO_OK);
}

static void ceilings(void) {
  a_runs();
  uint64_t mine = window(boot->spare_frame)->ceiling, used = window(boot->spare_frame)->used;
  exo_env e = a.number;
  REFUSE(EXO_CEILING, 0, env_ceiling, .env = e, .ceiling = mine - used + 1);
  REFUSE(EXO_CEILING, 0, env_ceiling, .env = e, .ceiling = ~0ull);
  REFUSE(EXO_CEILING, 0, env_ceiling, .env = e, .ceiling = 1ull << 63);
  REFUSE(EXO_CEILING, 0, env_ceiling, .env = e, .ceiling = -mine);
  REFUSE(EXO_NO_ENV, 0, env_ceiling, .env = e + (1ull << 40), .ceiling = 1);
  REFUSE(EXO_DENIED, 1, env_ceiling, .env = first(), .ceiling = 1);
  REFUSE(EXO_NO_SLOT, 1, env_ceiling, .slot = 1, .env = e, .ceiling = 1);
  REFUSE(EXO_NO_ENV, 0, env_ceiling, .ceiling = 1); // nobody raises its own
  REFUSE(EXO_NO_ENV, 0, env_ceiling, .env = first(), .ceiling = 1);
  EQ(CALL(0, env_ceiling, .env = e, .ceiling = mine - used), EXO_OK);
  REFUSE(EXO_CEILING, 0, frame_take, .frame = frame_free_at(64), .guard = a.guard);
  EQ(CALL(1, frame_take, .frame = frame_free_at(64), .guard = a.guard), EXO_OK);
  REFUSE(EXO_CEILING, 0, env_ceiling, .env = e, .ceiling = 0); // below what it uses
  EQ(CALL(0, env_ceiling, .env = e, .ceiling = 1), EXO_OK);
  EQ(window(boot->spare_frame)->ceiling, mine - 1);
  CHECK(CALL(0, env_ceiling, .env = first(), .ceiling = mine) < 0); // nobody gives to itself
  CHECK(CALL(0, env_ceiling, .ceiling = mine) < 0);
}

static void stop_refused(void) {
  a_runs();
  REFUSE(EXO_NO_ENV, 0, env_stop, .env = a.number + (1ull << 40));
  REFUSE(EXO_NO_ENV, 0, env_stop, .env = 64 + 60);
  REFUSE(EXO_NO_ENV, 0, env_stop, .env = ~0ull);
  REFUSE(EXO_DENIED, 1, env_stop, .env = first());
  REFUSE(EXO_NO_SLOT, 0, env_stop, .slot = 1, .env = a.number);
  REFUSE(EXO_NO_SLOT, 0, env_stop, .slot = ~0ull, .env = a.number);
}

static void stop_itself(void) {
  a_runs();
  EQ(CALL(1, env_stop, .slot = 63, .status = 42), AWAY); // needs no right
  const struct exo_env_window *w = window(a.env);
  CHECK(runs_on(1) == 0 && !w->alive && w->obituary.cause == EXO_CAUSE_STOPPED && w->obituary.address == 42);
  CHECK(w->obituary.by == a.number && w->obituary.cpu == 1);
  EQ(kind_of(a.state[1]), EXO_KIND_USER);
  EQ(cpu_at(1)->slice[0].env, 0);
  REFUSE(EXO_NO_ENV, 0, env_stop, .env = a.number);
  REFUSE(EXO_NO_ENV, 0, env_start, .env = a.number, .cpu = 1);
  a_runs();
  EQ(CALL(1, env_stop, .slot = 63, .env = a.number, .status = 1), AWAY); // by its number
  EQ(runs_on(1), 0);
}

static void stop_odd_places(void) {
  a_runs(); // never started
  struct child b;
  child_make(&b, 2, 0xF);
  EQ(CALL(0, env_stop, .env = b.number), EXO_OK);
  child_make(&b, 3, 0);
  EQ(CALL(0, env_stop, .env = b.number), EXO_OK); // no presence at all
  exo_frame f = frame_new(a.guard);               // nothing at all
  exo_env e = (exo_env)CALL(0, env_create, .frame = f, .guard = a.guard);
  EQ(CALL(0, env_stop, .env = e), EXO_OK);
  EQ(CALL(0, frame_drop, .frame = f), EXO_OK);
  uarea_of(a.number, 1)->pending = 0;
  EQ(CALL(1, yield, .deadline_ns = ~0ull), AWAY); // asleep
  EQ(CALL(0, env_stop, .env = a.number), EXO_OK);
  machine_pass(10'000'000);
  a_runs(); // inside a door, grace running
  machine_fault(1, EXO_CAUSE_READ, 0);
  machine_pass(1'000'000);
  EQ(CALL(0, env_stop, .env = a.number), EXO_OK);
  machine_pass(10'000'000);
  EQ(runs_on(1), 0);
}

static void first_ends_the_machine(void) {
  machine_start();
  EQ(CALL(0, env_stop, .status = 3), AWAY);
  CHECK(fake.off && fake.exit == ARCH_EXIT_CLEAN);
  CHECK(__builtin_strstr(fake.text[1], "END 3 0 0 -\n"));
}

static void generations(void) {
  machine_start();
  exo_name g = test_guard(1);
  exo_frame f = frame_new(g);
  exo_env last = 0;
  for (int i = 0; i < 5; i++) {
    exo_env e = (exo_env)CALL(0, env_create, .frame = f, .guard = g);
    CHECK(e != last && (i == 0 || e >> 40 > last >> 40));
    if (last) REFUSE(EXO_NO_ENV, 0, env_stop, .env = last);
    EQ(CALL(0, env_stop, .env = e), EXO_OK);
    REFUSE(EXO_NO_ENV, 0, env_stop, .env = e + (1ull << 40)); // that of the next one, which there is not yet
    REFUSE(EXO_NO_ENV, 0, frame_take, .frame = frame_free_at(f + 1), .guard = g, .env = e + (1ull << 40));
    EQ(CALL(0, frame_drop, .frame = f), EXO_OK);
    EQ(CALL(0, frame_take, .frame = f, .guard = g), EXO_OK);
    last = e;
  }
  static const uint32_t late[] = {0x7FFFFE, 0x7FFFFF, 0x800000, 0xFFFFFF, 0x1000000};
  for (unsigned i = 0; i < sizeof late / sizeof *late; i++) { // a number is a result, too: never below 0
    desc(f)->generation = late[i];
    int64_t e = CALL(0, env_create, .frame = f, .guard = g);
    CHECK(e > 0);
    EQ(CALL(0, env_stop, .env = (exo_env)e), EXO_OK);
    EQ(CALL(0, frame_drop, .frame = f), EXO_OK);
    EQ(CALL(0, frame_take, .frame = f, .guard = g), EXO_OK);
  }
}

// An environment that has ended has no number: neither the one it had nor the one that comes next.
static void no_number_after_the_end(void) {
  struct child c;
  machine_start();
  child_make(&c, 1, 1);
  EQ(CALL(0, env_stop, .env = c.number, .status = 5), EXO_OK);
  exo_frame f[2] = {frame_new(c.guard), frame_free_at(64)};
  for (uint64_t passed = 0; passed < 3; passed++) {
    exo_env e = c.number + (passed << 40);
    REFUSE(EXO_NO_ENV, 0, env_stop, .env = e, .status = 6);
    REFUSE(EXO_NO_ENV, 0, env_cpu, .env = e, .state = f[0], .uarea = c.uarea[0]);
    REFUSE(EXO_NO_ENV, 0, env_space, .env = e, .root = c.root);
    REFUSE(EXO_NO_ENV, 0, env_start, .env = e);
    REFUSE(EXO_NO_ENV, 0, env_ceiling, .env = e, .ceiling = 1);
    REFUSE(EXO_NO_ENV, 0, cap_grant, .env = e, .index = 1, .name = c.guard, .rights = 1);
    REFUSE(EXO_NO_ENV, 0, cap_drop, .env = e, .index = 0);
    REFUSE(EXO_NO_ENV, 0, frame_take, .frame = f[1], .guard = c.guard, .env = e);
    REFUSE(EXO_NO_ENV, 0, slice_set, .index = 1, .env = e, .length_ns = 50'000, .guard = c.guard);
  }
}

const struct test env_tests[] = {
    {"create", create},
    {"env_cpu refused", cpu_refused},
    {"space and start refused", space_and_start_refused},
    {"a root shared too often", root_shared_too_often},
    {"ceilings", ceilings},
    {"stop refused", stop_refused},
    {"stop itself", stop_itself},
    {"stop at odd places", stop_odd_places},
    {"the first one ends the machine", first_ends_the_machine},
    {"generations", generations},
    {"no number after the end", no_number_after_the_end},
    {},
};
