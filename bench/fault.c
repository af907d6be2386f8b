// fault.c: from a trap to the program's own code, and back.
#include "bench.h"

enum { PAGES = 64 };
uint64_t bench_before, bench_at_door, bench_after, bench_continue; // trap.S
void bench_store(volatile void *at), bench_illegal(void), bench_foreign(void), bench_nothing(void), bench_door(void);
extern const char bench_store_after[], bench_illegal_after[], bench_foreign_after[];

static exo_frame frame[PAGES];
static volatile uint64_t *page;
static uint64_t hooked, in_hook, library_door;

// Pages that may be read only.
static bool map_pages(void) {
  for (uint64_t i = 0; i < PAGES; i++) {
    frame[i] = os_frame_get();
    if (!frame[i] || os_map(BENCH_PLACE + i * EXO_PAGE, OS_SLOT_SELF, frame[i], EXO_READ) < 0) return false;
  }
  return true;
}
static void unmap_pages(void) { os_unmap(BENCH_PLACE, BENCH_PLACE + PAGES * EXO_PAGE, true); }

static bool raw_door(void) {
  library_door = os_self.uarea->fault_door;
  os_self.uarea->fault_door = (uint64_t)bench_door;
  return true;
}
static bool raw_pages(void) { return map_pages() && raw_door(); }
static void raw_end(void) { os_self.uarea->fault_door = library_door; }
static void raw_pages_end(void) {
  raw_end();
  unmap_pages();
}

static bool skip(struct exo_uarea *u, struct exo_record *r) { // the smallest of handlers
  (void)u;
  hooked = r->cause;
  *arch_frame_pc(&r->regs) = bench_continue;
  return true;
}
static bool look(struct exo_uarea *u, struct exo_record *r) {
  in_hook = bench_ticks();
  return skip(u, r);
}
static bool hook_pages(void) {
  os_fault_hook = skip;
  return map_pages();
}
static bool look_pages(void) {
  os_fault_hook = look;
  return map_pages();
}
static bool hook_only(void) {
  os_fault_hook = skip;
  return true;
}
static void hook_end(void) { os_fault_hook = nullptr; }
static void hook_pages_end(void) {
  hook_end();
  unmap_pages();
}

static void draw(void) {
  page = (volatile uint64_t *)(BENCH_PLACE + bench_random(PAGES) * EXO_PAGE) + bench_random(512);
  bench_at_door = bench_after = hooked = 0;
}
static uint64_t own(uint64_t ticks) { return ticks + 1; }
static uint64_t nothing(void) { // two readings with one instruction between
  bench_nothing();
  return own(bench_after - bench_before);
}
static uint64_t store_to_door(void) {
  bench_continue = (uint64_t)bench_store_after;
  bench_store(page);
  return own(bench_at_door - bench_before);
}
static uint64_t store_round(void) {
  bench_continue = (uint64_t)bench_store_after;
  bench_store(page);
  return own(bench_after - bench_before);
}
static uint64_t store_to_hook(void) {
  (void)store_round();
  return own(in_hook - bench_before);
}
static uint64_t illegal_round(void) {
  bench_continue = (uint64_t)bench_illegal_after;
  bench_illegal();
  return own(bench_after - bench_before);
}
static uint64_t foreign_to_door(void) {
  bench_continue = (uint64_t)bench_foreign_after;
  bench_foreign();
  return own(bench_at_door - bench_before);
}
static bool at_door(void) {
  const struct exo_record *r = &os_self.uarea->fault;
  bool store = r->cause == EXO_CAUSE_WRITE && r->address == (uint64_t)page;
  return bench_at_door && bench_after && !hooked &&
         (store || r->cause == EXO_CAUSE_FOREIGN || r->cause == EXO_CAUSE_ILLEGAL);
}
static bool at_hook(void) {
  bool store = hooked == EXO_CAUSE_WRITE && os_self.uarea->fault.address == (uint64_t)page;
  return bench_after && (store || hooked == EXO_CAUSE_ILLEGAL);
}

const struct bench fault_benches[] = {
    {"fault-to-door", 50, 1, raw_pages, draw, store_to_door, at_door, raw_pages_end, nothing, 0},
    {"fault-to-c", 90, 1, look_pages, draw, store_to_hook, at_hook, hook_pages_end, nothing, 0},
    {"fault-bare-round", 0, 1, raw_pages, draw, store_round, at_door, raw_pages_end, nothing, 0},
    {"fault-round", 100, 1, hook_pages, draw, store_round, at_hook, hook_pages_end, nothing, 200},
    {"illegal-round", 100, 1, hook_only, draw, illegal_round, at_hook, hook_end, nothing, 200},
    {"foreign-to-door", 35, 1, raw_door, draw, foreign_to_door, at_door, raw_end, nothing, 0},
    {},
};
