// frame_test.c: frames: taken, guarded, charged, freed.
#include "test.h"

static struct child a;

static void a_runs(void) { // on CPU 1
  machine_start();
  child_make(&a, 1, 3);
  child_run(&a, 1, 0, 1'000'000);
}
static const struct exo_env_window *window(exo_frame env) { return &((const struct env *)frame_memory(env))->w; }

static void take_refused(void) {
  a_runs();
  exo_frame f = frame_free_at(64);
  exo_name g = a.guard;
  REFUSE(EXO_NO_FRAME, 0, frame_take, .frame = 0, .guard = g);
  REFUSE(EXO_NO_FRAME, 0, frame_take, .frame = 160, .guard = g); // a hole
  REFUSE(EXO_NO_FRAME, 0, frame_take, .frame = RAM_END, .guard = g);
  REFUSE(EXO_NO_FRAME, 0, frame_take, .frame = FRAMES, .guard = g);
  REFUSE(EXO_NO_FRAME, 0, frame_take, .frame = ~0ull, .guard = g);
  REFUSE(EXO_NO_FRAME, 0, frame_take, .frame = 1ull << 59, .guard = g); // its descriptor's offset wraps
  for (exo_frame n = 1; n < 64; n++) REFUSE(EXO_BUSY, 0, frame_take, .frame = n, .guard = g); // kernel, firmware, first
  REFUSE(EXO_BUSY, 0, frame_take, .frame = a.env, .guard = g, .env = a.number);
  REFUSE(EXO_BUSY, 0, frame_take, .frame = a.leaf, .guard = g);
  REFUSE(EXO_NAME, 0, frame_take, .frame = f, .guard = 59);
  REFUSE(EXO_NAME, 1, frame_take, .frame = f, .guard = test_guard(2));
  REFUSE(EXO_NAME, 1, frame_take, .frame = f, .guard = 0);
  REFUSE(EXO_NO_SLOT, 1, frame_take, .slot = 1, .frame = f, .guard = g);
  REFUSE(EXO_CEILING, 1, frame_take, .frame = f, .guard = g);
  REFUSE(EXO_CEILING, 0, frame_take, .frame = f, .guard = g, .env = a.number);
  REFUSE(EXO_NO_ENV, 0, frame_take, .frame = f, .guard = g, .env = a.number + (1ull << 40));
  REFUSE(EXO_NO_ENV, 0, frame_take, .frame = f, .guard = g, .env = f);
  REFUSE(EXO_DENIED, 1, frame_take, .frame = f, .guard = g, .env = first()); // not at another's expense
}

static void take_and_drop(void) {
  a_runs();
  exo_frame f = frame_free_at(64);
  uint64_t *memory = frame_memory(f), used = window(boot->spare_frame)->used;
  memory[0] = memory[511] = 0x5EC4E7;
  EQ(CALL(0, frame_take, .frame = f, .guard = a.guard), EXO_OK);
  for (int i = 0; i < 512; i++) EQ(memory[i], 0);
  CHECK(kind_of(f) == EXO_KIND_USER && desc(f)->guard == a.guard && desc(f)->account == boot->spare_frame);
  EQ(window(boot->spare_frame)->used, used + 1);
  REFUSE(EXO_BUSY, 0, frame_take, .frame = f, .guard = a.guard);
  memory[7] = 1;
  EQ(CALL(1, frame_drop, .frame = f), EXO_OK); // by another one whose name reaches it
  EQ(window(boot->spare_frame)->used, used);
  EQ(CALL(0, env_ceiling, .env = a.number, .ceiling = 1), EXO_OK);
  EQ(CALL(1, frame_take, .frame = f, .guard = exo_name_extend(a.guard, 1, 42)), EXO_OK); // the longest name
  EQ(memory[7], 0);
  EQ(window(a.env)->used, 1);
  REFUSE(EXO_CEILING, 1, frame_take, .frame = frame_free_at(64), .guard = a.guard);
  EQ(CALL(0, frame_drop, .frame = f), EXO_OK);
  EQ(window(a.env)->used, 0);
}

static void drop_refused(void) {
  a_runs();
  REFUSE(EXO_NO_FRAME, 0, frame_drop, .frame = 0);
  REFUSE(EXO_NO_FRAME, 0, frame_drop, .frame = ~0ull);
  REFUSE(EXO_KIND, 0, frame_drop, .frame = 1);  // the kernel's
  REFUSE(EXO_KIND, 0, frame_drop, .frame = 32); // the firmware's
  REFUSE(EXO_KIND, 0, frame_drop, .frame = 28); // a window
  REFUSE(EXO_KIND, 0, frame_drop, .frame = frame_free_at(64));
  REFUSE(EXO_KIND, 0, frame_drop, .frame = a.leaf);
  REFUSE(EXO_KIND, 0, frame_drop, .frame = a.root);
  REFUSE(EXO_KIND, 0, frame_drop, .frame = a.state[1]);
  REFUSE(EXO_KIND, 0, frame_drop, .frame = a.uarea[1]);
  REFUSE(EXO_BUSY, 0, frame_drop, .frame = a.env); // alive
  REFUSE(EXO_BUSY, 0, frame_drop, .frame = 40);    // mapped: the first one's text
  REFUSE(EXO_BUSY, 0, frame_drop, .frame = boot->spare_frame);
  REFUSE(EXO_DENIED, 1, frame_drop, .frame = 50);
  REFUSE(EXO_DENIED, 1, frame_drop, .frame = frame_free_at(64));
  REFUSE(EXO_NO_SLOT, 0, frame_drop, .slot = 9, .frame = 50);
}

static void guard_changes(void) {
  a_runs();
  exo_frame f = frame_new(a.guard);
  exo_name longer = exo_name_extend(a.guard, 3, 8);
  REFUSE(EXO_NAME, 1, frame_guard, .frame = f, .guard = test_guard(2));
  REFUSE(EXO_NAME, 1, frame_guard, .frame = f, .guard = 63);
  REFUSE(EXO_NO_FRAME, 1, frame_guard, .frame = 170, .guard = longer);
  REFUSE(EXO_DENIED, 1, frame_guard, .frame = 50, .guard = longer);
  REFUSE(EXO_NO_SLOT, 1, frame_guard, .slot = 1, .frame = f, .guard = longer);
  REFUSE(EXO_KIND, 0, frame_guard, .frame = 1, .guard = longer);
  REFUSE(EXO_KIND, 0, frame_guard, .frame = 28, .guard = longer);
  REFUSE(EXO_KIND, 0, frame_guard, .frame = frame_free_at(64), .guard = longer);
  EQ(CALL(1, map, .table = a.leaf, .index = 64, .frame = f, .prot = 3), EXO_OK);
  EQ(CALL(1, frame_guard, .frame = f, .guard = longer), EXO_OK);
  EQ(desc(f)->guard, longer);
  CHECK(fake_reach(1, CHILD_UAREA + 64 * EXO_PAGE, EXO_WRITE)); // mappings stay
  EQ(CALL(0, frame_guard, .frame = f, .guard = test_guard(9)), EXO_OK);
  REFUSE(EXO_DENIED, 1, map, .table = a.leaf, .index = 65, .frame = f, .prot = 1);
  EQ(CALL(1, unmap, .table = a.leaf, .index = 64, .count = 1), 1); // who holds the table can always let go
}

// Everything an environment had can be had back, and its ceiling goes to who takes its env frame.
static void reclaim_all(void) {
  a_runs();
  uint64_t used = window(boot->spare_frame)->used;
  EQ(CALL(0, env_ceiling, .env = a.number, .ceiling = 5), EXO_OK);
  for (int i = 0; i < 5; i++) EQ(CALL(1, frame_take, .frame = frame_free_at(64), .guard = a.guard), EXO_OK);
  EQ(CALL(0, env_stop, .env = a.number), EXO_OK);
  REFUSE(EXO_BUSY, 0, frame_drop, .frame = a.env); // frames on its account
  EQ(CALL(0, unmap, .table = a.leaf, .count = 8), 4);
  for (exo_frame t = 0; t < RAM_END; t++)
    if (kind_of(t) == EXO_KIND_TABLE && t == a.leaf) EQ(CALL(0, table_drop, .table = t), EXO_OK);
  EQ(CALL(0, table_drop, .table = a.middle), EXO_OK);
  EQ(CALL(0, table_drop, .table = a.upper), EXO_OK);
  EQ(CALL(0, table_drop, .table = a.root), EXO_OK);
  for (exo_frame n = 64; n < RAM_END; n++)
    if (kind_of(n) == EXO_KIND_USER) EQ(CALL(0, frame_drop, .frame = n), EXO_OK);
  EQ(window(boot->spare_frame)->used, used - 11 + 1);
  EQ(CALL(0, frame_drop, .frame = a.env), EXO_OK);
  uint64_t everything = 28 + machine_window.free_at_start;
  EQ(window(boot->spare_frame)->ceiling, everything);
}

static void windows_tell(void) {
  machine_start();
  uint64_t free = 0;
  for (exo_frame n = 0; n < FRAMES; n++) free += kind_of(n) == EXO_KIND_FREE;
  EQ(machine_window.free_at_start, free);
  EQ(machine_window.frame_count, FRAMES);
  CHECK(machine_window.range_count == 1 && machine_window.range[0].table == 28 &&
        machine_window.range[0].count == FRAMES);
  CHECK(kind_of(28) == EXO_KIND_WINDOW && kind_of(29) == EXO_KIND_WINDOW && kind_of(30) == EXO_KIND_KERNEL);
  EQ(kind_of(fake_cpu[0].frame.r[1]), EXO_KIND_WINDOW); // where the first program is told to look
}

const struct test frame_tests[] = {
    {"take refused", take_refused},
    {"take and drop", take_and_drop},
    {"drop refused", drop_refused},
    {"guard changes", guard_changes},
    {"reclaim all", reclaim_all},
    {"windows tell", windows_tell},
    {},
};
