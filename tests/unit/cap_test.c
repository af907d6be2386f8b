// cap_test.c: names, rights, slots.
#include "test.h"

static struct child a;

static void a_runs(void) { // on CPU 1
  machine_start();
  child_make(&a, 1, 3);
  child_run(&a, 1, 0, 1'000'000);
  EQ(runs_on(1), a.number);
}
static const struct exo_slot_window *slot_of(exo_env env, unsigned i) {
  return &((const struct env *)frame_memory(env_frame(env)))->w.slot[i];
}

static void names(void) {
  CHECK(exo_name_valid(0) && exo_name_is_prefix(0, ~63ull) && exo_name_is_prefix(0, 0));
  CHECK(exo_name_valid(EXO_NAME(~63ull, 58)) && !exo_name_valid(59) && !exo_name_valid(63));
  CHECK(!exo_name_valid(EXO_NAME(1ull << 62, 1)) && exo_name_valid(EXO_NAME(1ull << 63, 1)));
  CHECK(!exo_name_is_prefix(EXO_NAME(0, 2), EXO_NAME(0, 1)) && exo_name_is_prefix(EXO_NAME(0, 1), EXO_NAME(0, 2)));
  exo_name n = exo_name_extend(EXO_GUARD_FIRST, 5, 3);
  EQ(n, EXO_NAME(0xD000000000000000, 4));
  CHECK(exo_name_is_prefix(EXO_GUARD_FIRST, n) && !exo_name_is_prefix(n, EXO_GUARD_FIRST));
}

static void check_prefix_and_rights(void) {
  a_runs();
  const struct env *env = frame_memory(a.env);
  EQ(cap_check(env, 0, a.guard, EXO_RIGHTS_ALL), EXO_OK);
  EQ(cap_check(env, 0, exo_name_extend(a.guard, 1, 1), EXO_READ), EXO_OK);
  EQ(cap_check(env, 0, EXO_NAME(a.guard & ~63ull, 15), 0), EXO_DENIED); // shorter than the slot's name
  EQ(cap_check(env, 0, test_guard(2), 0), EXO_DENIED);
  EQ(cap_check(env, 0, a.guard, EXO_RIGHTS_ALL + 1), EXO_DENIED);
  EQ(cap_check(env, 1, a.guard, 0), EXO_NO_SLOT);
  EQ(cap_check(env, EXO_SLOTS, a.guard, 0), EXO_NO_SLOT);
  EQ(cap_check(env, ~0ull, a.guard, 0), EXO_NO_SLOT);
  EQ(cap_extends(env, 0, 59), EXO_NAME);
  EQ(cap_extends(env, 0, test_guard(2)), EXO_NAME);
  EQ(cap_extends(env, 2, a.guard), EXO_NO_SLOT);
}

static void grant_refused(void) {
  a_runs();
  exo_env e = a.number;
  REFUSE(EXO_NO_SLOT, 0, cap_grant, .slot = 1, .env = e, .index = 1, .name = a.guard, .rights = 1);
  REFUSE(EXO_NO_SLOT, 0, cap_grant, .slot = EXO_SLOTS, .env = e, .index = 1, .name = a.guard, .rights = 1);
  REFUSE(EXO_NO_SLOT, 0, cap_grant, .slot = ~0ull, .env = e, .index = 1, .name = a.guard, .rights = 1);
  REFUSE(EXO_RANGE, 0, cap_grant, .env = e, .index = EXO_SLOTS, .name = a.guard, .rights = 1);
  REFUSE(EXO_RANGE, 0, cap_grant, .env = e, .index = ~0ull, .name = a.guard, .rights = 1);
  REFUSE(EXO_RANGE, 0, cap_grant, .env = e, .index = 1, .name = a.guard, .rights = 0);
  REFUSE(EXO_RANGE, 0, cap_grant, .env = e, .index = 1, .name = a.guard, .rights = EXO_RIGHTS_ALL + 1);
  REFUSE(EXO_RANGE, 0, cap_grant, .env = e, .index = 1, .name = a.guard, .rights = 1ull << 32 | 1);
  REFUSE(EXO_NAME, 0, cap_grant, .env = e, .index = 1, .name = 59, .rights = 1);
  REFUSE(EXO_NAME, 0, cap_grant, .env = e, .index = 1, .name = EXO_NAME(3ull << 62, 1), .rights = 1);
  REFUSE(EXO_NO_ENV, 0, cap_grant, .env = e + (1ull << 40), .index = 1, .name = a.guard, .rights = 1);
  REFUSE(EXO_NO_ENV, 0, cap_grant, .env = 64 + 50, .index = 1, .name = a.guard, .rights = 1);
  REFUSE(EXO_NO_ENV, 0, cap_grant, .env = FRAMES, .index = 1, .name = a.guard, .rights = 1);
  REFUSE(EXO_NO_ENV, 0, cap_grant, .env = ~0ull, .index = 1, .name = a.guard, .rights = 1);
  REFUSE(EXO_BUSY, 0, cap_grant, .env = e, .index = 0, .name = a.guard, .rights = 1); // in use
  REFUSE(EXO_NAME, 1, cap_grant, .env = e, .index = 1, .name = test_guard(2), .rights = 1);
  EQ(CALL(0, cap_grant, .env = e, .index = 5, .name = a.guard, .rights = EXO_GRANT | EXO_READ), EXO_OK);
  REFUSE(EXO_DENIED, 1, cap_grant, .slot = 5, .env = e, .index = 6, .name = a.guard, .rights = EXO_WRITE);
  EQ(CALL(1, cap_grant, .slot = 5, .index = 6, .name = exo_name_extend(a.guard, 2, 2), .rights = EXO_READ), EXO_OK);
  REFUSE(EXO_DENIED, 1, cap_grant, .slot = 6, .env = e, .index = 7, .name = slot_of(e, 6)->name, .rights = EXO_READ);
}

static void grant_and_drop(void) {
  a_runs();
  EQ(CALL(0, cap_grant, .env = a.number, .index = 63, .name = test_guard(7), .rights = 3), EXO_OK);
  const struct exo_slot_window *s = slot_of(a.number, 63);
  CHECK(s->name == test_guard(7) && (s->rights & 0xFFFFFFFF) == 3 && s->open == 0);
  uint64_t version = s->rights >> 32;
  REFUSE(EXO_RANGE, 0, cap_drop, .env = a.number, .index = EXO_SLOTS);
  REFUSE(EXO_EMPTY, 0, cap_drop, .env = a.number, .index = 62);
  REFUSE(EXO_NO_ENV, 0, cap_drop, .env = a.number + (1ull << 40), .index = 63);
  REFUSE(EXO_NO_SLOT, 0, cap_drop, .slot = 1, .env = a.number, .index = 63);
  REFUSE(EXO_NO_SLOT, 0, cap_drop, .slot = ~0ull, .env = a.number, .index = 63);
  REFUSE(EXO_DENIED, 1, cap_drop, .slot = 0, .index = 63); // not under its own name
  REFUSE(EXO_DENIED, 1, cap_drop, .slot = 0, .env = first(), .index = 0);
  // A peer that holds the same name, but not to manage it.
  EQ(CALL(0, cap_grant, .env = first(), .index = 40, .name = test_guard(7), .rights = EXO_RIGHTS_ALL & ~EXO_MANAGE),
     EXO_OK);
  REFUSE(EXO_DENIED, 0, cap_drop, .slot = 40, .env = a.number, .index = 63);
  EQ(CALL(0, cap_drop, .slot = 40, .index = 40), EXO_OK);
  EQ(CALL(1, cap_drop, .slot = 63, .index = 63), EXO_OK); // by itself
  CHECK(s->rights >> 32 != version && !(s->rights & 63) && s->open == 0);
  REFUSE(EXO_BUSY, 0, cap_grant, .env = a.number, .index = 63, .name = a.guard, .rights = 1); // closed
  EQ(CALL(0, cap_drop, .env = a.number, .index = 0), EXO_OK);                                 // revoked from above
  REFUSE(EXO_NO_SLOT, 1, frame_drop, .frame = a.leaf);
}

static void open_and_close(void) {
  a_runs();
  REFUSE(EXO_RANGE, 1, cap_open, .index = EXO_SLOTS, .open = 1);
  REFUSE(EXO_RANGE, 1, cap_open, .index = ~0ull, .open = 1);
  REFUSE(EXO_RANGE, 1, cap_open, .index = 1, .open = 2);
  REFUSE(EXO_RANGE, 1, cap_open, .index = 1, .open = ~0ull);
  REFUSE(EXO_BUSY, 1, cap_open, .index = 0, .open = 1);
  EQ(CALL(1, cap_open, .index = 1, .open = 0), EXO_OK);
  REFUSE(EXO_BUSY, 0, cap_grant, .env = a.number, .index = 1, .name = a.guard, .rights = 1);
  EQ(CALL(1, cap_open, .index = 1, .open = 1), EXO_OK);
  EQ(CALL(0, cap_grant, .env = a.number, .index = 1, .name = a.guard, .rights = 1), EXO_OK);
}

// A right taken away is gone for every call that would rest on it.
static void every_call_asks(void) {
  a_runs();
  EQ(CALL(0, cap_grant, .env = a.number, .index = 1, .name = a.guard, .rights = EXO_RIGHTS_ALL & ~EXO_MANAGE), EXO_OK);
  EQ(CALL(0, env_ceiling, .env = a.number, .ceiling = 9), EXO_OK);
  exo_frame f = frame_new(a.guard), x = frame_free_at(64);
  REFUSE(EXO_DENIED, 1, frame_take, .slot = 1, .frame = x, .guard = a.guard);
  REFUSE(EXO_DENIED, 1, frame_drop, .slot = 1, .frame = f);
  REFUSE(EXO_DENIED, 1, table_root, .slot = 1, .frame = f);
  REFUSE(EXO_DENIED, 1, table_link, .slot = 1, .table = a.middle, .index = 3, .frame = f);
  REFUSE(EXO_DENIED, 1, table_drop, .slot = 1, .table = a.leaf);
  REFUSE(EXO_DENIED, 1, map, .slot = 1, .table = a.leaf, .index = 99, .frame = f, .prot = 1);
  REFUSE(EXO_DENIED, 1, protect, .slot = 1, .table = a.leaf, .count = 1, .prot = 1);
  REFUSE(EXO_DENIED, 1, unmap, .slot = 1, .table = a.leaf, .count = 1);
  REFUSE(EXO_DENIED, 1, env_create, .slot = 1, .frame = f, .guard = a.guard);
  REFUSE(EXO_DENIED, 1, env_cpu, .slot = 1, .env = a.number, .cpu = 2, .state = f, .uarea = 36);
  REFUSE(EXO_DENIED, 1, env_space, .slot = 1, .env = a.number, .root = a.root);
  REFUSE(EXO_DENIED, 1, env_start, .slot = 1, .env = a.number, .cpu = 1);
  REFUSE(EXO_DENIED, 1, env_stop, .slot = 1, .env = first());
  REFUSE(EXO_DENIED, 1, env_ceiling, .slot = 1, .env = a.number, .ceiling = 1);
  EQ(CALL(0, cap_grant, .env = a.number, .index = 2, .name = a.guard, .rights = EXO_MANAGE), EXO_OK);
  REFUSE(EXO_DENIED, 1, frame_guard, .slot = 2, .frame = f, .guard = a.guard);
  REFUSE(EXO_DENIED, 1, map, .slot = 2, .table = a.leaf, .index = 99, .frame_slot = 2, .frame = f, .prot = 1);
  EQ(CALL(1, map, .slot = 2, .table = a.leaf, .index = 99, .frame_slot = 1, .frame = f, .prot = 1), EXO_OK);
}

const struct test cap_tests[] = {
    {"names", names},
    {"prefix and rights", check_prefix_and_rights},
    {"grant refused", grant_refused},
    {"grant and drop", grant_and_drop},
    {"open and close", open_and_close},
    {"every call asks", every_call_asks},
    {},
};
