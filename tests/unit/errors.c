// errors.c: which errors each call may have, in call.def's order, and which of them have been seen. A call without a
// list does not compile; an error that is not in its list fails at once; one in the list that never came is told at the
// end.
#include "test.h"

#define E(name) (1u << -EXO_##name)
enum : unsigned { SLOT = E(NO_SLOT) | E(DENIED), FRAME = SLOT | E(NO_FRAME), ENV = SLOT | E(NO_ENV) };
enum : unsigned {
  ERRORS_null = 0,
  ERRORS_batch = E(RANGE) | E(NOT_IN_BATCH),
  ERRORS_resume = E(RANGE) | E(NOT_IN_BATCH),
  ERRORS_yield = E(NOT_IN_BATCH),
  ERRORS_cap_grant = ENV | E(NAME) | E(RANGE) | E(BUSY),
  ERRORS_cap_drop = ENV | E(RANGE) | E(EMPTY),
  ERRORS_cap_open = E(RANGE) | E(BUSY),
  ERRORS_frame_take = FRAME | ENV | E(BUSY) | E(NAME) | E(CEILING),
  ERRORS_frame_guard = FRAME | E(NAME) | E(KIND),
  ERRORS_frame_drop = FRAME | E(KIND) | E(BUSY),
  ERRORS_table_root = FRAME | E(KIND) | E(BUSY),
  ERRORS_table_link = FRAME | E(KIND) | E(BUSY) | E(RANGE),
  ERRORS_table_drop = FRAME | E(KIND) | E(BUSY),
  ERRORS_map = FRAME | E(KIND) | E(BUSY) | E(RANGE) | E(W_XOR_X),
  ERRORS_protect = FRAME | E(KIND) | E(RANGE) | E(W_XOR_X),
  ERRORS_unmap = FRAME | E(KIND) | E(RANGE),
  ERRORS_env_create = FRAME | E(KIND) | E(BUSY) | E(NAME),
  ERRORS_env_cpu = FRAME | ENV | E(KIND) | E(BUSY) | E(RANGE),
  ERRORS_env_space = FRAME | ENV | E(KIND) | E(BUSY),
  ERRORS_env_start = ENV | E(EMPTY),
  ERRORS_env_stop = ENV | E(NOT_IN_BATCH),
  ERRORS_env_ceiling = ENV | E(CEILING) | E(RANGE),
  ERRORS_slice_set = ENV | E(RANGE) | E(NAME),
  ERRORS_console_write = SLOT | E(RANGE),
  ERRORS_console_read = SLOT | E(EMPTY),
  ERRORS_machine_exit = SLOT | E(NOT_IN_BATCH),
  ERRORS_gate = ENV | E(BUSY) | E(NOT_IN_BATCH),
  ERRORS_gate_reply = E(EMPTY) | E(BUSY) | E(NOT_IN_BATCH),
  ERRORS_message = ENV | E(EMPTY) | E(BUSY),
  ERRORS_ring = ENV | E(EMPTY) | E(RANGE),
  ERRORS_predicate_set = FRAME | E(RANGE) | E(KIND) | E(PROG),
  ERRORS_wait = E(NOT_IN_BATCH),
  ERRORS_revoke = ENV | E(RANGE) | E(CEILING) | E(BUSY),
  ERRORS_repossess = ENV | E(EMPTY) | E(NO_FRAME) | E(KIND) | E(BUSY),
  ERRORS_sweep = E(NO_SLOT) | E(NO_FRAME) | E(KIND) | E(RANGE),
  ERRORS_table_join = FRAME | E(KIND) | E(BUSY) | E(RANGE),
  ERRORS_age = FRAME | E(KIND) | E(RANGE),
  ERRORS_debug_set = ENV | E(EMPTY) | E(RANGE),
};

enum { RESULTS = 16 };
static const struct {
  const char *name;
  unsigned errors;
} calls[EXO_CALL_COUNT + 1] = {
#define EXO_CALL(number, name, ...) [number] = {#name, ERRORS_##name},
#include <exo/call.def>
#undef EXO_CALL
    [EXO_CALL_COUNT] = {"no call", E(NO_CALL) | E(NOT_IN_BATCH)},
};
static const char *const result_name[RESULTS] = {
#define RESULT_NAME(name, value, sentence) [-(value)] = #name,
    EXO_RESULTS(RESULT_NAME)
#undef RESULT_NAME
};
bool errors_by_hand;
static uint64_t seen[EXO_CALL_COUNT + 1][RESULTS];

void errors_note(uint64_t number, int64_t result) {
  if (number > EXO_CALL_COUNT) number = EXO_CALL_COUNT;
  uint64_t error = result < 0 ? -(uint64_t)result : 0;
  CHECK(error < RESULTS);
  if (error && !(calls[number].errors >> error & 1))
    test_fail(calls[number].name, 0, "an error by call.def", result, 0);
  __atomic_fetch_add(&seen[number][error], 1, __ATOMIC_RELAXED);
}

uint64_t errors_count(bool failed) {
  uint64_t sum = 0;
  for (unsigned n = 0; n <= EXO_CALL_COUNT; n++)
    for (unsigned r = 0; r < RESULTS; r++)
      if ((r > 0) == failed) sum += seen[n][r];
  return sum;
}

unsigned errors_missing(void) {
  unsigned missing = 0;
  for (unsigned n = 0; n <= EXO_CALL_COUNT; n++)
    for (unsigned r = 1; r < RESULTS; r++) {
      if (!(calls[n].errors >> r & 1) || seen[n][r]) continue;
      printf("never seen: %s: %s\n", calls[n].name, result_name[r]);
      missing++;
    }
  return missing;
}
