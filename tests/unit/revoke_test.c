// revoke_test.c: asking back, taking, and the end of sharing; floors.
#include "test.h"

enum : uint64_t { MS = 1'000'000 };
static struct child a, b;
static const struct env *window(const struct child *c) { return frame_memory(c->env); }
static uint64_t soon(void) { return fake.now + 2 * MS; }

// a runs on CPU 1 and has 8 frames beside what made it, ceiling 10.
static exo_frame own[8];
static void a_has_frames(void) {
  machine_start();
  child_make(&a, 1, 0xF);
  child_run(&a, 1, 0, 10 * MS);
  EQ(CALL(0, env_ceiling, .env = a.number, .ceiling = 10), EXO_OK);
  for (int i = 0; i < 8; i++) {
    own[i] = frame_free_at(64);
    EQ(CALL(1, frame_take, .frame = own[i], .guard = a.guard), EXO_OK);
  }
  EQ(window(&a)->w.used, 8);
  uarea_of(a.number, 1)->pending = 0;
}

static void refused(void) {
  a_has_frames();
  REFUSE(EXO_RANGE, 0, revoke, .env = a.number, .what = 4, .count = 1, .deadline_ns = soon());
  REFUSE(EXO_RANGE, 0, revoke, .env = a.number, .count = 0, .deadline_ns = soon());
  REFUSE(EXO_RANGE, 0, revoke, .env = a.number, .count = 1, .deadline_ns = fake.now + EXO_REVOKE_NS - 1);
  REFUSE(EXO_RANGE, 0, revoke, .env = a.number, .count = 1, .deadline_ns = 0);
  REFUSE(EXO_CEILING, 0, revoke, .env = a.number, .count = 11, .deadline_ns = soon());
  REFUSE(EXO_CEILING, 0, revoke, .env = a.number, .count = ~0ull, .deadline_ns = soon());
  REFUSE(EXO_NO_ENV, 0, revoke, .env = 5, .count = 1, .deadline_ns = soon());
  REFUSE(EXO_NO_ENV, 0, revoke, .env = first(), .count = 1, .deadline_ns = soon());
  REFUSE(EXO_NO_ENV, 1, revoke, .env = 0, .count = 1, .deadline_ns = soon());
  REFUSE(EXO_NO_SLOT, 0, revoke, .slot = 1, .env = a.number, .count = 1, .deadline_ns = soon());
  REFUSE(EXO_DENIED, 1, revoke, .env = first(), .count = 1, .deadline_ns = soon());
  REFUSE(EXO_EMPTY, 0, repossess, .env = a.number, .name = own[0]);
  REFUSE(EXO_NO_ENV, 0, repossess, .env = 5, .name = own[0]);
  REFUSE(EXO_NO_SLOT, 0, repossess, .slot = 1, .env = a.number, .name = own[0]);
  REFUSE(EXO_DENIED, 1, repossess, .env = first(), .name = own[0]);
}

static void floors(void) {
  a_has_frames();
  REFUSE(EXO_RANGE, 0, env_ceiling, .env = a.number, .ceiling = 10, .floor = 11);
  EQ(CALL(0, env_ceiling, .env = a.number, .ceiling = 10, .floor = 6), EXO_OK);
  EQ(CALL(0, env_ceiling, .env = a.number, .ceiling = 10), EXO_OK); // 0 leaves it
  REFUSE(EXO_RANGE, 0, env_ceiling, .env = a.number, .ceiling = 10, .floor = 5);
  REFUSE(EXO_CEILING, 0, revoke, .env = a.number, .count = 5, .deadline_ns = soon());
  EQ(CALL(0, revoke, .env = a.number, .count = 4, .deadline_ns = soon()), EXO_OK);
  EQ(window(&a)->w.ceiling, 6);
}

static void obeyed(void) { // what is given back in time is enough
  a_has_frames();
  EQ(CALL(0, revoke, .env = a.number, .count = 5, .deadline_ns = soon()), EXO_OK);
  CHECK(uarea_of(a.number, 1)->pending & EXO_EVENT_REVOKE && window(&a)->w.revocation.by == first());
  REFUSE(EXO_BUSY, 0, revoke, .env = a.number, .count = 1, .deadline_ns = soon());
  REFUSE(EXO_CEILING, 1, frame_take, .frame = frame_free_at(64), .guard = a.guard);
  REFUSE(EXO_EMPTY, 0, repossess, .env = a.number, .name = own[0]); // not yet
  for (int i = 0; i < 3; i++) EQ(CALL(1, frame_drop, .frame = own[i]), EXO_OK);
  machine_pass(3 * MS);
  REFUSE(EXO_EMPTY, 0, repossess, .env = a.number, .name = own[4]); // nothing more is asked for
  EQ(window(&a)->w.taken_count, 0);
}

static void ignored(void) { // exactly what was asked for is taken, and written down
  a_has_frames();
  EQ(CALL(1, map, .table = a.leaf, .index = 20, .frame = own[1], .prot = 3), EXO_OK);
  EQ(CALL(1, map, .table = a.leaf, .index = 21, .frame = own[2], .prot = 1), EXO_OK);
  EQ(CALL(1, map, .table = a.leaf, .index = 22, .frame = own[2], .prot = 1), EXO_OK);
  CHECK(fake_reach(1, CHILD_UAREA + 20 * EXO_PAGE, EXO_WRITE));
  EQ(CALL(0, revoke, .env = a.number, .count = 4, .deadline_ns = soon()), EXO_OK);
  machine_pass(2 * MS);
  EQ(CALL(0, repossess, .env = a.number, .name = own[0]), EXO_OK);
  REFUSE(EXO_BUSY, 0, repossess, .env = a.number, .name = own[2]);   // in two places
  REFUSE(EXO_DENIED, 0, repossess, .env = a.number, .name = a.root); // another account
  REFUSE(EXO_DENIED, 0, repossess, .env = a.number, .name = own[0]);
  REFUSE(EXO_NO_FRAME, 0, repossess, .env = a.number, .name = FRAMES);
  EQ(CALL(0, repossess, .env = a.number, .name = own[1]), EXO_OK);
  CHECK(!fake_reach(1, CHILD_UAREA + 20 * EXO_PAGE, EXO_READ));
  CHECK(kind_of(own[0]) == EXO_KIND_FREE && kind_of(own[1]) == EXO_KIND_FREE && window(&a)->w.used == 6);
  REFUSE(EXO_EMPTY, 0, repossess, .env = a.number, .name = own[3]);
  EQ(window(&a)->w.taken_count, 2);
  CHECK(window(&a)->w.taken[1].what == EXO_TAKEN_FRAME && window(&a)->w.taken[1].name == own[1]);
  CHECK(uarea_of(a.number, 1)->pending & EXO_EVENT_TAKEN && runs_on(1) == a.number);
}

static void classes(void) {
  a_has_frames();
  EQ(CALL(1, map, .table = a.leaf, .index = 20, .frame = own[1], .prot = 3), EXO_OK);
  EQ(CALL(0, revoke, .env = a.number, .what = EXO_REVOKE_CLEAN, .count = 4, .deadline_ns = soon()), EXO_OK);
  machine_pass(2 * MS);
  REFUSE(EXO_KIND, 0, repossess, .env = a.number, .name = own[1]);
  EQ(CALL(0, repossess, .env = a.number, .name = own[2]), EXO_OK);
  EQ(CALL(0, revoke, .env = a.number, .what = EXO_REVOKE_DIRTY, .count = 2, .deadline_ns = soon()), EXO_OK);
  machine_pass(2 * MS);
  REFUSE(EXO_KIND, 0, repossess, .env = a.number, .name = own[3]);
  EQ(CALL(0, repossess, .env = a.number, .name = own[1]), EXO_OK);
  exo_frame root = own[4]; // a table is not plain memory
  EQ(CALL(1, table_root, .frame = root), EXO_OK);
  EQ(CALL(0, revoke, .env = a.number, .count = 2, .deadline_ns = soon()), EXO_OK);
  machine_pass(2 * MS);
  REFUSE(EXO_KIND, 0, repossess, .env = a.number, .name = root);
}

static void slices(void) {
  a_has_frames();
  EQ(CALL(0, slice_set, .cpu = 1, .index = 1, .env = a.number, .length_ns = MS, .guard = a.guard), EXO_OK);
  EQ(CALL(0, slice_set, .cpu = 1, .index = 2, .env = a.number, .length_ns = MS, .guard = a.guard), EXO_OK);
  EQ(CALL(0, revoke, .env = a.number, .what = EXO_REVOKE_SLICES, .count = 2, .deadline_ns = soon()), EXO_OK);
  REFUSE(EXO_EMPTY, 0, repossess, .env = a.number, .name = EXO_SLICE_NAME(1, 1));
  EQ(CALL(1, slice_set, .cpu = 1, .index = 1, .guard = a.guard), EXO_OK); // one is given
  EQ(window(&a)->w.revocation.slices, 1);
  machine_pass(2 * MS);
  REFUSE(EXO_DENIED, 0, repossess, .env = a.number, .name = EXO_SLICE_NAME(1, 1));
  REFUSE(EXO_DENIED, 0, repossess, .env = a.number, .name = EXO_SLICE_NAME(CPUS, 1));
  REFUSE(EXO_DENIED, 0, repossess, .env = a.number, .name = EXO_SLICE_NAME(1, EXO_SLICES));
  EQ(CALL(0, repossess, .env = a.number, .name = EXO_SLICE_NAME(1, 2)), EXO_OK);
  EQ(cpu_at(1)->slice[2].env, 0);
  REFUSE(EXO_EMPTY, 0, repossess, .env = a.number, .name = EXO_SLICE_NAME(1, 0));
  EQ(window(&a)->w.taken[0].name, EXO_SLICE_NAME(1, 2));
}

static void vector_overflows(void) { // the last ones are kept, none waits
  machine_start();
  child_make(&a, 1, 0xF);
  child_run(&a, 1, 0, 10 * MS);
  EQ(CALL(0, env_ceiling, .env = a.number, .ceiling = 1), EXO_OK);
  for (int i = 0; i < EXO_TAKEN + 5; i++) {
    EQ(CALL(0, env_ceiling, .env = a.number, .ceiling = 1), EXO_OK);
    EQ(CALL(0, frame_take, .frame = 100, .guard = a.guard, .env = a.number), EXO_OK);
    EQ(CALL(0, revoke, .env = a.number, .count = 1, .deadline_ns = soon()), EXO_OK);
    machine_pass(2 * MS);
    EQ(CALL(0, repossess, .env = a.number, .name = 100), EXO_OK);
  }
  EQ(window(&a)->w.taken_count, EXO_TAKEN + 5);
}

static void unshare(void) { // a gives b a frame to map, then ends it
  a_has_frames();
  child_make(&b, 2, 0xF);
  child_run(&b, 2, 0, 10 * MS);
  exo_name lent = exo_name_extend(a.guard, 1, 4), kept = exo_name_extend(a.guard, 2, 4);
  EQ(CALL(1, frame_guard, .frame = own[0], .guard = lent), EXO_OK);
  EQ(CALL(1, frame_guard, .frame = own[1], .guard = lent), EXO_OK);
  EQ(CALL(1, cap_grant, .env = b.number, .index = 5, .name = lent, .rights = EXO_READ | EXO_WRITE), EXO_OK);
  for (uint64_t i = 0; i < 2; i++)
    EQ(CALL(2, map, .table = b.leaf, .index = 40 + i, .frame_slot = 5, .frame = own[i], .prot = 3), EXO_OK);
  exo_frame hers = frame_free_at(64);
  EQ(CALL(0, frame_take, .frame = hers, .guard = b.guard), EXO_OK);
  EQ(CALL(2, map, .table = b.leaf, .index = 42, .frame = hers, .prot = 3), EXO_OK);
  CHECK(fake_reach(2, CHILD_UAREA + 40 * EXO_PAGE, EXO_WRITE));
  EQ(CALL(1, frame_guard, .frame = own[0], .guard = kept), EXO_OK);
  REFUSE(EXO_DENIED, 2, map, .table = b.leaf, .index = 43, .frame_slot = 5, .frame = own[0], .prot = 1);
  EQ(CALL(1, cap_grant, .env = a.number, .index = 6, .name = kept, .rights = EXO_GUARD), EXO_OK);
  REFUSE(EXO_RANGE, 1, sweep, .slot = 6, .table = b.leaf, .index = 0, .count = 65);
  REFUSE(EXO_RANGE, 1, sweep, .slot = 6, .table = b.leaf, .index = 500, .count = 13);
  REFUSE(EXO_NO_FRAME, 1, sweep, .slot = 6, .table = FRAMES, .count = 1);
  REFUSE(EXO_NO_SLOT, 1, sweep, .slot = 9, .table = b.leaf, .count = 1);
  REFUSE(EXO_KIND, 1, sweep, .slot = 6, .table = b.middle, .count = 1);
  REFUSE(EXO_KIND, 1, sweep, .slot = 6, .table = own[3], .count = 1);
  EQ(CALL(2, sweep, .slot = 5, .table = a.leaf, .count = 64), 0);              // no right to guards, nothing removed
  EQ(CALL(1, sweep, .slot = 6, .table = b.leaf, .index = 32, .count = 64), 1); // own[1] is of another name
  CHECK(!fake_reach(2, CHILD_UAREA + 40 * EXO_PAGE, EXO_READ) && fake_reach(2, CHILD_UAREA + 41 * EXO_PAGE, EXO_WRITE));
  CHECK(fake_reach(2, CHILD_UAREA + 42 * EXO_PAGE, EXO_WRITE));
  const struct env *payer = frame_memory(env_frame(first())); // of the table
  CHECK(payer->w.taken_count == 1 && payer->w.taken[0].what == (EXO_TAKEN_MAPPINGS | 1 << 8));
  EQ(payer->w.taken[0].name, b.leaf << 9 | 32);
  EQ(exo_state_maps(desc(own[0])->state), 0);
  EQ(CALL(1, frame_drop, .frame = own[0]), EXO_OK);
}

const struct test revoke_tests[] = {
    {"refused", refused},         {"floors", floors},   {"obeyed", obeyed},
    {"ignored", ignored},         {"classes", classes}, {"slices", slices},
    {"vector", vector_overflows}, {"unshare", unshare}, {},
};
