// call.c: the price of crossing the boundary.
#include "bench.h"

static uint64_t word;
static exo_result answer;

static void draw(void) { word = bench_random(1ull << 60); }
static uint64_t null_call(void) {
  answer = exo_null((struct exo_null){word});
  return 0;
}
static bool echoed(void) { return (uint64_t)answer == word; }

static void fill(void) {
  draw();
  for (uint64_t i = 0; i < EXO_BATCH; i++) os_self.uarea->batch[i] = os_entry_null((struct exo_null){word + i});
}
static uint64_t null_batch(void) {
  answer = exo_batch((struct exo_batch){EXO_BATCH});
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
    {"null-call", 40, 1, nullptr, draw, null_call, echoed, nullptr},
    {"null-in-batch", 0, EXO_BATCH, nullptr, fill, null_batch, all_echoed, nullptr},
    {"refused-call", 0, 1, nullptr, draw, refused_call, refused, nullptr},
    {},
};
