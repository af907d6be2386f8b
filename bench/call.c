// call.c: the price of crossing the boundary.
#include "bench.h"

static uint64_t word;
static exo_result answer;
extern uint64_t bench_before, bench_after; // trap.S
uint64_t bench_null(uint64_t word), bench_null_empty(uint64_t word);

exo_result bench_batch(uint64_t count) {
  exo_result done = exo_batch((struct exo_batch){count});
  struct exo_batch_entry *e = os_self.uarea->batch;
  while (done > 0 && (uint64_t)done < count && e[done - 1].result >= 0) { // an interrupt was waiting
    e[done].result = arch_call(e[done].number, e[done].argument);
    done++;
  }
  return done;
}

static void draw(void) { word = bench_random(1ull << 60); }
static uint64_t null_stub(void) {
  answer = exo_null((struct exo_null){word});
  return 0;
}
static uint64_t null_empty(void) {
  (void)bench_null_empty(word);
  return bench_after - bench_before + 1;
}
static uint64_t null_call(void) { // from the instruction that traps to the next one
  answer = (exo_result)bench_null(word);
  return bench_after - bench_before + 1;
}
static bool echoed(void) { return (uint64_t)answer == word; }

static void fill(void) {
  draw();
  for (uint64_t i = 0; i < EXO_BATCH; i++) os_self.uarea->batch[i] = os_entry_null((struct exo_null){word + i});
}
static uint64_t null_batch(void) {
  answer = bench_batch(EXO_BATCH);
  return 0;
}
static bool all_echoed(void) {
  bool ok = answer == EXO_BATCH;
  for (uint64_t i = 0; i < EXO_BATCH; i++) ok &= (uint64_t)os_self.uarea->batch[i].result == word + i;
  return ok;
}
static uint64_t refused_call(void) {
  answer = exo_frame_drop((struct exo_frame_drop){60, word});
  return 0;
}
static bool refused(void) { return answer == EXO_NO_SLOT || answer == EXO_NO_FRAME; }

const struct bench call_benches[] = {
    {"null-call", 40, 1, nullptr, draw, null_call, echoed, nullptr, null_empty, 0},
    {"null-call-in-c", 0, 1, nullptr, draw, null_stub, echoed, nullptr, nullptr, 0},
    {"null-in-batch", 0, EXO_BATCH, nullptr, fill, null_batch, all_echoed, nullptr, nullptr, 0},
    {"refused-call", 0, 1, nullptr, draw, refused_call, refused, nullptr, nullptr, 0},
    {},
};
