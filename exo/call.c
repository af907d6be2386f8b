// call.c: a call arrives: number -> function; batch.
#include "core.h"

// One bounds check in entry.S, one here for batches, one jump table: no other indirect branch exists in the core.
int64_t call_dispatch(const uint64_t argument[EXO_CALL_WORDS], uint64_t number) {
  switch (number) {
#define EXO_CALL(n, name, ...)                                                                                         \
  case n: return sys_##name((const struct exo_##name *)argument);
#include <exo/call.def>
#undef EXO_CALL
  default: return EXO_NO_CALL;
  }
}

exo_result sys_null(const struct exo_null *a) {
  return CHECK_ASKED(a->echo) ? check_call() : (exo_result)(a->echo & ~0ull >> 1);
}

static bool may_stand_in_batch(uint64_t number) {
  enum : uint64_t {
    NO = 1ull << EXO_CALL_batch | 1ull << EXO_CALL_resume | 1ull << EXO_CALL_yield | 1ull << EXO_CALL_env_stop |
         1ull << EXO_CALL_machine_exit | 1ull << EXO_CALL_gate | 1ull << EXO_CALL_gate_reply | 1ull << EXO_CALL_wait
  };
  static_assert(EXO_CALL_COUNT <= 64);
  return number < EXO_CALL_COUNT && !(NO >> number & 1);
}

// Not inlined: core_call must stay a jump that saves no register.
[[gnu::noinline]] exo_result sys_batch(const struct exo_batch *a) {
  if (a->count > EXO_BATCH) return EXO_RANGE;
  struct exo_batch_entry *entries = arch_self()->arch.uarea->batch;
  uint64_t done = 0;
  while (done < a->count) {
    volatile struct exo_batch_entry *shared = &entries[done++];
    uint64_t number = shared->number;
    uint64_t argument[EXO_CALL_WORDS]; // checked and used on this copy: another CPU may write the page meanwhile
    for (int i = 0; i < EXO_CALL_WORDS; i++) argument[i] = shared->argument[i];
    exo_result result = may_stand_in_batch(number) ? core_call(argument, number) : EXO_NOT_IN_BATCH;
    shared->result = result;
    if (result < 0 || arch_interrupt_pending()) break;
  }
  return (exo_result)done;
}
