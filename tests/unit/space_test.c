// space_test.c: page tables: what may be linked and mapped, and what must never be.
#include "test.h"

static struct child a;

static void a_runs(void) { // on CPU 1
  machine_start();
  child_make(&a, 1, 3);
  child_run(&a, 1, 0, 1'000'000);
}
static uint64_t page(uint64_t i) { return CHILD_UAREA + i * EXO_PAGE; }

static void map_refused(void) {
  a_runs();
  exo_frame f = frame_new(a.guard), w = fake_cpu[0].frame.r[1];
  static const exo_word prots[] = {0, 2, 4, 6, 8, 9, 15, ~0ull, 1ull << 32 | 1};
  for (unsigned i = 0; i < sizeof prots / sizeof *prots; i++)
    REFUSE(EXO_RANGE, 0, map, .table = a.leaf, .index = 9, .frame = f, .prot = prots[i]);
  REFUSE(EXO_RANGE, 0, map, .table = a.leaf, .index = 512, .frame = f, .prot = 1);
  REFUSE(EXO_RANGE, 0, map, .table = a.leaf, .index = ~0ull, .frame = f, .prot = 1);
  REFUSE(EXO_NO_FRAME, 0, map, .table = a.leaf, .index = 9, .frame = 161, .prot = 1);
  REFUSE(EXO_NO_FRAME, 0, map, .table = 161, .index = 9, .frame = f, .prot = 1);
  REFUSE(EXO_NO_FRAME, 0, map, .table = ~0ull, .index = 9, .frame = ~0ull, .prot = 1);
  REFUSE(EXO_KIND, 0, map, .table = a.leaf, .index = 9, .frame = a.leaf, .prot = 1); // itself
  REFUSE(EXO_KIND, 0, map, .table = a.middle, .index = 9, .frame = f, .prot = 1);    // not a leaf table
  REFUSE(EXO_KIND, 0, map, .table = a.root, .index = 9, .frame = f, .prot = 1);
  REFUSE(EXO_KIND, 0, map, .table = f, .index = 9, .frame = a.leaf, .prot = 1);
  REFUSE(EXO_KIND, 0, map, .table = a.leaf, .index = 9, .frame = 1, .prot = 1); // the kernel's
  REFUSE(EXO_KIND, 0, map, .table = a.leaf, .index = 9, .frame = 32, .prot = 1);
  REFUSE(EXO_KIND, 0, map, .table = a.leaf, .index = 9, .frame = frame_free_at(64), .prot = 1);
  REFUSE(EXO_KIND, 0, map, .table = a.leaf, .index = 9, .frame = a.state[1], .prot = 1);
  REFUSE(EXO_KIND, 0, map, .table = a.leaf, .index = 9, .frame = a.root, .prot = 1);
  REFUSE(EXO_KIND, 0, map, .table = a.leaf, .index = 9, .frame = a.env, .prot = 3);
  REFUSE(EXO_KIND, 0, map, .table = a.leaf, .index = 9, .frame = w, .prot = 5);
  REFUSE(EXO_KIND, 0, map, .table = a.leaf, .index = 9, .frame = a.uarea[1], .prot = 5);
  REFUSE(EXO_BUSY, 0, map, .table = a.leaf, .index = 2, .frame = f, .prot = 1); // the u-area is there
  REFUSE(EXO_NO_SLOT, 0, map, .slot = 1, .table = a.leaf, .index = 9, .frame = f, .prot = 1);
  REFUSE(EXO_NO_SLOT, 0, map, .table = a.leaf, .index = 9, .frame_slot = 64, .frame = f, .prot = 1);
  REFUSE(EXO_DENIED, 1, map, .table = a.leaf, .index = 9, .frame = w, .prot = 1); // not under its name
  EQ(CALL(0, map, .table = a.leaf, .index = 511, .frame = w, .prot = 1), EXO_OK);
  EQ(CALL(0, map, .table = a.leaf, .index = 510, .frame = a.env, .prot = 1), EXO_OK);
  EQ(CALL(0, protect, .table = a.leaf, .index = 510, .count = 2, .prot = 3), EXO_DENIED); // never more than reading
}

static void w_xor_x(void) {
  a_runs();
  exo_frame f = frame_new(a.guard);
  EQ(CALL(1, map, .table = a.leaf, .index = 9, .frame = f, .prot = 3), EXO_OK);
  REFUSE(EXO_W_XOR_X, 1, map, .table = a.leaf, .index = 10, .frame = f, .prot = 5);
  REFUSE(EXO_W_XOR_X, 1, map, .table = a.leaf, .index = 10, .frame = frame_new(a.guard), .prot = 7);
  EQ(CALL(1, map, .table = a.leaf, .index = 10, .frame = f, .prot = 1), EXO_OK);
  EQ(CALL(1, unmap, .table = a.leaf, .index = 9, .count = 1), 1);
  CHECK(CALL(1, protect, .table = a.leaf, .index = 10, .count = 1, .prot = 5) < 0); // was writable and is still mapped
  EQ(CALL(1, unmap, .table = a.leaf, .index = 10, .count = 1), 1);
  EQ(CALL(1, map, .table = a.leaf, .index = 10, .frame = f, .prot = 5), EXO_OK); // from nowhere on: free again
  REFUSE(EXO_W_XOR_X, 0, map, .table = a.leaf, .index = 11, .frame = f, .prot = 3);
  CHECK(CALL(1, protect, .table = a.leaf, .index = 10, .count = 1, .prot = 3) < 0);
  REFUSE(EXO_KIND, 0, env_cpu, .env = a.number, .cpu = 2, .state = frame_new(a.guard), .uarea = f); // it is executable
}

// A page that will be a u-area is mapped with the right to execute kept: it must not become executable afterwards.
static void uarea_stays_unexecutable(void) {
  a_runs();
  exo_frame state = frame_new(a.guard), u = frame_new(a.guard);
  while (kind_of(u + 1) != EXO_KIND_FREE) u = frame_new(a.guard);
  EQ(CALL(0, frame_take, .frame = u + 1, .guard = a.guard), EXO_OK);
  EQ(CALL(1, map, .table = a.leaf, .index = 20, .frame = u, .prot = 1), EXO_OK);
  EQ(CALL(0, env_cpu, .env = a.number, .cpu = 2, .state = state, .uarea = u), EXO_OK);
  CHECK(CALL(1, protect, .table = a.leaf, .index = 20, .count = 1, .prot = 5) < 0);
  EQ(CALL(1, protect, .table = a.leaf, .index = 20, .count = 1, .prot = 3), 1);
}

static void range_refused(void) {
  a_runs();
  static const struct {
    exo_word index, count;
  } bad[] = {{0, 129},   {512, 0},   {512, 1},       {511, 2},       {400, 128},
             {~0ull, 1}, {1, ~0ull}, {~0ull, ~0ull}, {0, 1ull << 63}};
  for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
    REFUSE(EXO_RANGE, 0, protect, .table = a.leaf, .index = bad[i].index, .count = bad[i].count, .prot = 1);
    REFUSE(EXO_RANGE, 0, unmap, .table = a.leaf, .index = bad[i].index, .count = bad[i].count);
  }
  REFUSE(EXO_RANGE, 0, protect, .table = a.leaf, .count = 1, .prot = 2);
  REFUSE(EXO_RANGE, 0, protect, .table = a.leaf, .count = 1, .prot = 8);
  REFUSE(EXO_KIND, 0, protect, .table = a.middle, .count = 1, .prot = 1);
  REFUSE(EXO_KIND, 0, unmap, .table = a.root, .count = 1);
  REFUSE(EXO_KIND, 0, unmap, .table = a.env, .count = 1);
  REFUSE(EXO_NO_FRAME, 0, unmap, .table = 170, .count = 1);
  REFUSE(EXO_NO_SLOT, 0, unmap, .slot = 7, .table = a.leaf, .count = 1);
  REFUSE(EXO_NO_FRAME, 0, protect, .table = 170, .count = 1, .prot = 1);
  REFUSE(EXO_NO_SLOT, 0, protect, .slot = EXO_SLOTS, .table = a.leaf, .count = 1, .prot = 1);
  EQ(CALL(0, unmap, .table = a.leaf, .index = 100, .count = 128), 0); // nothing there
  EQ(CALL(0, protect, .table = a.leaf, .index = 100, .count = 128, .prot = 1), 128);
  EQ(CALL(0, protect, .table = a.leaf, .index = 511, .count = 0, .prot = 1), 0);
  EQ(CALL(0, unmap, .table = a.leaf, .index = 384, .count = 128), 0);
}

static void protect_steps(void) {
  a_runs();
  exo_frame f[4];
  for (unsigned i = 0; i < 4; i++) {
    f[i] = frame_new(a.guard);
    EQ(CALL(1, map, .table = a.leaf, .index = 50 + 2 * i, .frame = f[i], .prot = 3), EXO_OK);
    CHECK(fake_reach(1, page(50 + 2 * i), 3));
  }
  EQ(CALL(1, protect, .table = a.leaf, .index = 48, .count = 16, .prot = 0), 16);
  for (unsigned i = 0; i < 4; i++) CHECK(!fake_reach(1, page(50 + 2 * i), 1));
  EQ(exo_state_maps(desc(f[0])->state), 1);
  REFUSE(EXO_BUSY, 1, map, .table = a.leaf, .index = 50, .frame = f[1], .prot = 1); // the page is still there
  REFUSE(EXO_BUSY, 1, frame_drop, .frame = f[0]);
  EQ(CALL(1, protect, .table = a.leaf, .index = 48, .count = 16, .prot = 1), 16);
  CHECK(fake_reach(1, page(50), 1) && !fake_reach(1, page(50), 2));
  EQ(CALL(1, protect, .table = a.leaf, .index = 50, .count = 1, .prot = 3), 1);
  CHECK(fake_reach(1, page(50), 2) == frame_memory(f[0]));
  EQ(CALL(0, cap_grant, .env = a.number, .index = 1, .name = a.guard, .rights = EXO_READ), EXO_OK);
  EQ(CALL(1, unmap, .table = a.leaf, .index = 54, .count = 1), 1);
  EQ(CALL(1, map, .table = a.leaf, .index = 54, .frame_slot = 1, .frame = f[2], .prot = 1), EXO_OK); // only to read
  EQ(CALL(1, protect, .table = a.leaf, .index = 50, .count = 8, .prot = 3), 4); // as far as the rights go
  EQ(CALL(1, protect, .table = a.leaf, .index = 54, .count = 1, .prot = 3), EXO_DENIED);
  EQ(CALL(1, unmap, .table = a.leaf, .index = 48, .count = 16), 4);
  CHECK(!fake_reach(1, page(50), 1));
  for (unsigned i = 0; i < 4; i++) EQ(CALL(1, frame_drop, .frame = f[i]), EXO_OK);
}

// Sets: of 70 entries every third is left out, which counts from 0 again after 64.
static bool left_out(uint64_t i) { return i % 64 % 3 == 0; }
static void set_steps(void) {
  enum { FROM = 20, COUNT = 70 };
  exo_word skip = 0;
  a_runs();
  for (uint64_t i = 0; i < 64; i++) skip |= (uint64_t)left_out(i) << i;
  exo_frame f = frame_new(a.guard);
  for (uint64_t i = 0; i < COUNT; i++)
    EQ(CALL(1, map, .table = a.leaf, .index = FROM + i, .frame = f, .prot = 3), EXO_OK);
  EQ(CALL(1, protect, .table = a.leaf, .index = FROM, .count = COUNT, .prot = 1, .skip = skip), COUNT);
  for (uint64_t i = 0; i < COUNT; i++) EQ(!fake_reach(1, page(FROM + i), 3), !left_out(i));
  EQ(CALL(1, protect, .table = a.leaf, .index = FROM, .count = COUNT, .prot = 3, .skip = ~0ull), COUNT); // none
  EQ(CALL(1, unmap, .table = a.leaf, .index = FROM, .count = COUNT, .skip = ~0ull), 0);
  for (uint64_t i = 0; i < COUNT; i++) EQ(!fake_reach(1, page(FROM + i), 3), !left_out(i));
  EQ(CALL(1, unmap, .table = a.leaf, .index = FROM, .count = COUNT, .skip = ~skip), 24); // 22 of 64 and 2 of 6
  for (uint64_t i = 0; i < COUNT; i++) EQ(!fake_reach(1, page(FROM + i), 1), left_out(i));
  EQ(CALL(1, unmap, .table = a.leaf, .index = FROM, .count = COUNT), 46);
  EQ(exo_state_maps(desc(f)->state), 0);
  EQ(CALL(1, frame_drop, .frame = f), EXO_OK);
}

static void root_refused(void) {
  a_runs();
  exo_frame f = frame_new(a.guard);
  REFUSE(EXO_NO_FRAME, 0, table_root, .frame = 0);
  REFUSE(EXO_KIND, 0, table_root, .frame = frame_free_at(64));
  REFUSE(EXO_KIND, 0, table_root, .frame = a.leaf);
  REFUSE(EXO_KIND, 0, table_root, .frame = a.uarea[0]);
  REFUSE(EXO_KIND, 0, table_root, .frame = 7);
  REFUSE(EXO_BUSY, 0, table_root, .frame = 40); // mapped
  REFUSE(EXO_DENIED, 1, table_root, .frame = 50);
  REFUSE(EXO_NO_SLOT, 1, table_root, .slot = 1, .frame = 50);
  EQ(CALL(1, table_root, .frame = f), EXO_OK);
  REFUSE(EXO_KIND, 1, table_root, .frame = f);
  EQ(CALL(1, table_drop, .table = f), EXO_OK);
  for (int i = 0; i < 512; i++) EQ(((uint64_t *)frame_memory(f))[i], 0);
}

static void link_refused(void) {
  a_runs();
  exo_frame f = frame_new(a.guard);
  REFUSE(EXO_RANGE, 0, table_link, .table = a.root, .index = 512, .frame = f);
  REFUSE(EXO_RANGE, 0, table_link, .table = a.root, .index = ~0ull, .frame = f);
  REFUSE(EXO_RANGE, 0, table_link, .table = a.root, .index = 256, .frame = f); // the kernel's half: empty or not
  REFUSE(EXO_BUSY, 0, table_link, .table = a.root, .index = 0, .frame = f);    // something is there
  for (uint64_t i = 256; i < 512; i++) {
    int64_t r = CALL(0, table_link, .table = a.root, .index = i, .frame = f);
    CHECK(r == EXO_RANGE || r == EXO_BUSY);
  }
  REFUSE(EXO_KIND, 0, table_link, .table = a.leaf, .index = 9, .frame = f);
  REFUSE(EXO_KIND, 0, table_link, .table = f, .index = 9, .frame = a.leaf);
  REFUSE(EXO_KIND, 0, table_link, .table = a.middle, .index = 9, .frame = a.middle);
  REFUSE(EXO_KIND, 0, table_link, .table = a.middle, .index = 9, .frame = a.root);
  REFUSE(EXO_KIND, 0, table_link, .table = a.middle, .index = 9, .frame = a.leaf); // linked already
  REFUSE(EXO_KIND, 0, table_link, .table = a.middle, .index = 9, .frame = frame_free_at(64));
  REFUSE(EXO_BUSY, 0, table_link, .table = a.middle, .index = 9, .frame = 40);
  REFUSE(EXO_NO_FRAME, 0, table_link, .table = a.middle, .index = 9, .frame = 170);
  REFUSE(EXO_NO_FRAME, 0, table_link, .table = 170, .index = 9, .frame = f);
  REFUSE(EXO_DENIED, 1, table_link, .table = a.middle, .index = 9, .frame = 50);
  REFUSE(EXO_DENIED, 1, table_link, .table = ((const struct env *)frame_memory(boot->spare_frame))->w.root, .index = 9,
         .frame = f);
  REFUSE(EXO_NO_SLOT, 1, table_link, .slot = 1, .table = a.middle, .index = 9, .frame = f);
  exo_frame upper = f, middle = frame_new(a.guard), leaf = frame_new(a.guard); // up to the last page of the user half
  EQ(CALL(1, table_link, .table = a.root, .index = 255, .frame = upper), EXO_OK);
  EQ(CALL(1, table_link, .table = upper, .index = 511, .frame = middle), EXO_OK);
  REFUSE(EXO_RANGE, 1, table_link, .table = middle, .index = 511, .frame = leaf);
  EQ(CALL(1, table_link, .table = middle, .index = 510, .frame = leaf), EXO_OK);
  EQ(CALL(1, map, .table = leaf, .index = 511, .frame = frame_new(a.guard), .prot = 1), EXO_OK);
  CHECK(fake_reach(1, 0x7FFFFFDFF000, 1));
  CHECK(!fake_reach(1, 0x7FFFFFE00000, 1));
}

static void drop_refused(void) {
  a_runs();
  REFUSE(EXO_BUSY, 0, table_drop, .table = a.leaf);
  REFUSE(EXO_BUSY, 0, table_drop, .table = a.middle);
  REFUSE(EXO_BUSY, 0, table_drop, .table = a.root);
  REFUSE(EXO_KIND, 0, table_drop, .table = a.env);
  REFUSE(EXO_KIND, 0, table_drop, .table = 1);
  REFUSE(EXO_KIND, 0, table_drop, .table = frame_free_at(64));
  REFUSE(EXO_NO_FRAME, 0, table_drop, .table = FRAMES);
  REFUSE(EXO_DENIED, 1, table_drop, .table = 50);
  REFUSE(EXO_NO_SLOT, 1, table_drop, .slot = 1, .table = a.leaf);
  exo_frame empty = frame_new(a.guard); // an empty root of an environment is in service all the same
  EQ(CALL(0, table_root, .frame = empty), EXO_OK);
  exo_frame e = frame_new(a.guard);
  exo_env env = (exo_env)CALL(0, env_create, .frame = e, .guard = a.guard);
  EQ(CALL(0, env_space, .env = env, .root = empty), EXO_OK);
  REFUSE(EXO_BUSY, 0, table_drop, .table = empty);
  EQ(CALL(0, env_stop, .env = env), EXO_OK);
  EQ(CALL(0, table_drop, .table = empty), EXO_OK);
}

// A frame mapped in many places, in two spaces, is free when the last is gone.
static void many_mappings(void) {
  a_runs();
  struct child b;
  child_make(&b, 2, 1);
  exo_frame f = frame_new(a.guard);
  for (uint64_t i = 0; i < 60; i++)
    EQ(CALL(0, map, .table = i % 2 ? a.leaf : b.leaf, .index = 100 + i, .frame = f, .prot = 3), EXO_OK);
  EQ(exo_state_maps(desc(f)->state), 60);
  EQ(CALL(0, unmap, .table = a.leaf, .index = 100, .count = 60), 30);
  REFUSE(EXO_BUSY, 0, frame_drop, .frame = f);
  REFUSE(EXO_BUSY, 0, table_root, .frame = f);
  EQ(CALL(0, unmap, .table = b.leaf, .index = 100, .count = 60), 30);
  EQ(CALL(0, frame_drop, .frame = f), EXO_OK);
}

static void join_refused(void) { // what may be joined takes 512 frames in a row: tests/system
  machine_start();
  child_make(&a, 1, 0xF);
  child_run(&a, 1, 0, 1'000'000);
  REFUSE(EXO_RANGE, 0, table_join, .table = a.leaf, .joined = 2);
  REFUSE(EXO_NO_FRAME, 0, table_join, .table = FRAMES, .joined = 1);
  REFUSE(EXO_NO_SLOT, 0, table_join, .slot = 1, .table = a.leaf, .joined = 1);
  REFUSE(EXO_DENIED, 1, table_join, .table = ((const struct env *)frame_memory(env_frame(first())))->w.root);
  REFUSE(EXO_KIND, 0, table_join, .table = a.middle, .joined = 1);
  REFUSE(EXO_KIND, 0, table_join, .table = a.env, .joined = 1);
  REFUSE(EXO_BUSY, 0, table_join, .table = a.leaf, .joined = 1);
  EQ(CALL(0, table_join, .table = a.leaf, .joined = 0), EXO_OK);
}

static void use_bits(void) {
  machine_start();
  child_make(&a, 1, 0xF);
  child_run(&a, 1, 0, 1'000'000);
  exo_frame f = frame_new(a.guard);
  EQ(CALL(1, map, .table = a.leaf, .index = 40, .frame = f, .prot = 3), EXO_OK);
  const pte_t *e = (const pte_t *)frame_memory(a.leaf) + 40;
  uint64_t va = CHILD_UAREA + 40 * EXO_PAGE;
  CHECK(!pte_accessed(*e) && !pte_dirty(*e));
  CHECK(fake_reach(1, va, EXO_READ) && pte_accessed(*e) && !pte_dirty(*e));
  CHECK(fake_reach(1, va, EXO_WRITE) && pte_dirty(*e));
  EQ(CALL(1, protect, .table = a.leaf, .index = 40, .count = 1, .prot = 1), 1);
  EQ(CALL(1, protect, .table = a.leaf, .index = 40, .count = 1, .prot = 3), 1);
  CHECK(pte_dirty(*e)); // not lost
  EQ(CALL(1, age, .table = a.leaf, .index = 32, .count = 16, .what = 2, .skip = 1 << 8), 0);
  EQ(CALL(1, age, .table = a.leaf, .index = 32, .count = 16, .what = 2), 1);
  CHECK(!pte_dirty(*e) && pte_accessed(*e));
  CHECK(fake_reach(1, va, EXO_WRITE) && pte_dirty(*e)); // noted anew
  EQ(CALL(1, age, .table = a.leaf, .index = 40, .count = 1, .what = 3), 1);
  CHECK(!pte_dirty(*e) && !pte_accessed(*e));
  EQ(CALL(1, age, .table = a.leaf, .index = 40, .count = 1, .what = 3), 0);
  REFUSE(EXO_RANGE, 1, age, .table = a.leaf, .count = 1, .what = 0);
  REFUSE(EXO_RANGE, 1, age, .table = a.leaf, .count = 1, .what = 4);
  REFUSE(EXO_RANGE, 1, age, .table = a.leaf, .index = 510, .count = 3, .what = 1);
  REFUSE(EXO_NO_FRAME, 1, age, .table = FRAMES, .count = 1, .what = 1);
  REFUSE(EXO_KIND, 1, age, .table = f, .count = 1, .what = 1);
  REFUSE(EXO_NO_SLOT, 1, age, .slot = 9, .table = a.leaf, .count = 1, .what = 1);
  REFUSE(EXO_DENIED, 1, age, .table = FRAMES - 70, .count = 1, .what = 1);
}

static void table_read(void) { // by its owner, and not by that kept from it
  machine_start();
  child_make(&a, 1, 0xF);
  child_run(&a, 1, 0, 1'000'000);
  REFUSE(EXO_KIND, 1, map, .table = a.leaf, .index = 50, .frame = a.root, .prot = 1);
  REFUSE(EXO_KIND, 1, map, .table = a.leaf, .index = 50, .frame = a.middle, .prot = 3);
  uint64_t home = desc(a.middle)->home;
  EQ(CALL(1, map, .table = a.leaf, .index = 50, .frame = a.middle, .prot = 1), EXO_OK);
  CHECK(desc(a.middle)->home == home && exo_state_pins(desc(a.middle)->state) == 1);
  REFUSE(EXO_DENIED, 1, protect, .table = a.leaf, .index = 50, .count = 1, .prot = 3);
  EQ(CALL(1, unmap, .table = a.leaf, .index = 50, .count = 1), 1);
  EQ(exo_state_pins(desc(a.middle)->state), 0);
  // A mapping keeps the right to write or to execute, never both.
  exo_frame f = frame_new(a.guard);
  EQ(CALL(1, map, .table = a.leaf, .index = 51, .frame = f, .prot = 5), EXO_OK);
  EQ(CALL(1, map, .table = a.leaf, .index = 52, .frame = f, .prot = 1), EXO_OK);
  REFUSE(EXO_DENIED, 1, protect, .table = a.leaf, .index = 51, .count = 1, .prot = 3);
  REFUSE(EXO_DENIED, 1, protect, .table = a.leaf, .index = 52, .count = 1, .prot = 5);
  REFUSE(EXO_W_XOR_X, 1, protect, .table = a.leaf, .index = 52, .count = 1, .prot = 3);
}

const struct test space_tests[] = {
    {"join refused", join_refused},
    {"use bits", use_bits},
    {"tables read", table_read},
    {"map refused", map_refused},
    {"w xor x", w_xor_x},
    {"a u-area stays unexecutable", uarea_stays_unexecutable},
    {"range refused", range_refused},
    {"protect steps", protect_steps},
    {"sets of entries", set_steps},
    {"root refused", root_refused},
    {"link refused", link_refused},
    {"table_drop refused", drop_refused},
    {"many mappings", many_mappings},
    {},
};
