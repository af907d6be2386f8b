// own.c: rows of Veridian alone: calls in a batch, doors without the library, an environment with nothing in it.
#include "bench.h"

static uint64_t word, index;
static exo_result answer;

// --- Calls

static void draw(void) { word = bench_random(1ull << 60); }
static uint64_t null_stub(void) {
  answer = exo_null((struct exo_null){word});
  return 0;
}
static bool echoed(void) { return (uint64_t)answer == word; }
BENCH(null_in_c, .name = "null-call-in-c", .prepare = draw, .run = null_stub, .verify = echoed);

static void fill(void) {
  draw();
  for (uint64_t i = 0; i < EXO_BATCH; i++) os_self.uarea->batch[i] = os_entry_null((struct exo_null){word + i});
}
static uint64_t null_batch(void) {
  answer = sys_batch(EXO_BATCH);
  return 0;
}
static bool all_echoed(void) {
  bool ok = answer == EXO_BATCH;
  for (uint64_t i = 0; i < EXO_BATCH; i++) ok &= (uint64_t)os_self.uarea->batch[i].result == word + i;
  return ok;
}
BENCH(null_in_batch, .name = "null-in-batch", .parts = EXO_BATCH, .prepare = fill, .run = null_batch,
      .verify = all_echoed);

static uint64_t refused_call(void) {
  answer = exo_frame_drop((struct exo_frame_drop){60, word});
  return 0;
}
static bool refused(void) { return answer == EXO_NO_SLOT || answer == EXO_NO_FRAME; }
BENCH(refused_row, .name = "refused-call", .prepare = draw, .run = refused_call, .verify = refused);

enum { PAGES = 400 };
static bool take(void) { return sys_take(PAGES); }
static void draw_index(void) { index = bench_random(PAGES - EXO_BATCH); }
static uint64_t map_batch(void) {
  struct exo_batch_entry *page = os_self.uarea->batch;
  for (uint64_t i = 0; i < EXO_BATCH; i++) page[i] = os_entry_map(sys_map_of(index + i));
  answer = sys_batch(EXO_BATCH);
  return 0;
}
static bool batch_mapped(void) {
  uint64_t i = index + bench_random(EXO_BATCH);
  bool ok = answer == EXO_BATCH && exo_state_maps(os_frame_desc(sys_frame[i])->state) == 1;
  *sys_page(i) = i;
  sys_pages_end();
  return ok;
}
BENCH(map_in_batch, .name = "map-in-batch", .parts = EXO_BATCH, .begin = take, .prepare = draw_index, .run = map_batch,
      .verify = batch_mapped);

// --- From a trap to a door that is not the library's

static uint64_t library_door;
static volatile uint64_t *page;

static bool raw_door(void) {
  library_door = os_self.uarea->fault_door;
  os_self.uarea->fault_door = (uint64_t)bench_door;
  return true;
}
static bool raw_pages(void) { return sys_pages(EXO_BATCH) && sys_protect(0, EXO_BATCH, false) && raw_door(); }
static void raw_end(void) { os_self.uarea->fault_door = library_door; }
static void raw_pages_end(void) {
  raw_end();
  sys_pages_end();
}
static void draw_page(void) {
  page = sys_page(bench_random(EXO_BATCH)) + bench_random(512);
  bench_at_door = bench_after = 0;
}
static uint64_t nothing(void) { // two readings with one instruction between
  bench_nothing();
  return bench_own(bench_after - bench_before);
}
static uint64_t store_to_door(void) {
  bench_continue = (uint64_t)bench_store_after;
  bench_store(page);
  return bench_own(bench_at_door - bench_before);
}
static uint64_t store_round(void) {
  bench_continue = (uint64_t)bench_store_after;
  bench_store(page);
  return bench_own(bench_after - bench_before);
}
static uint64_t foreign_to_door(void) {
  bench_continue = (uint64_t)bench_foreign_after;
  bench_foreign();
  return bench_own(bench_at_door - bench_before);
}
static bool at_door(void) {
  const struct exo_record *r = &os_self.uarea->fault;
  bool store = r->cause == EXO_CAUSE_WRITE && r->address == (uint64_t)page;
  return bench_at_door && bench_after && (store || r->cause == EXO_CAUSE_FOREIGN);
}
BENCH(to_door, .name = "fault-to-door", .sosp = "exception dispatch", .budget = 50, .begin = raw_pages,
      .prepare = draw_page, .run = store_to_door, .verify = at_door, .end = raw_pages_end, .empty = nothing);
BENCH(bare_round, .name = "fault-bare-round", .begin = raw_pages, .prepare = draw_page, .run = store_round,
      .verify = at_door, .end = raw_pages_end, .empty = nothing);
BENCH(foreign, .name = "foreign-to-door", .budget = 35, .begin = raw_door, .prepare = draw_page, .run = foreign_to_door,
      .verify = at_door, .end = raw_end, .empty = nothing);

// --- An environment made and ended, with nothing in it

static exo_frame env_frame;
static exo_result made, stopped, dropped;
static void env_prepare(void) { env_frame = os_frame_get(); }
static uint64_t env_make_end(void) {
  made = exo_env_create((struct exo_env_create){OS_SLOT_SELF, env_frame, os_self.name});
  stopped = exo_env_stop((struct exo_env_stop){OS_SLOT_SELF, (exo_env)made, 0});
  dropped = exo_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, env_frame});
  return 0;
}
static bool env_came_and_went(void) { return made > 0 && stopped == EXO_OK && dropped == EXO_OK; }
BENCH(env_row, .name = "env-make-end", .prepare = env_prepare, .run = env_make_end, .verify = env_came_and_went);
