// fault.c: from a trap to the program's own code, and back.
#include "bench.h"

enum { PAGES = 64 };
static volatile uint64_t *page;
static uint64_t hooked_at, in_hook;

// Pages that may be read only.
static bool locked_pages(void) { return sys_pages(PAGES) && sys_protect(0, PAGES, false); }

static bool skip(SYS_FAULT) { // the smallest of handlers
  hooked_at = SYS_ADDRESS;
  SYS_PC = bench_continue;
  return true;
}
static bool look(SYS_FAULT) {
  in_hook = bench_ticks();
  hooked_at = SYS_ADDRESS;
  SYS_PC = bench_continue;
  return true;
}
static bool hook_pages(void) {
  sys_on_fault(skip);
  return locked_pages();
}
static bool look_pages(void) {
  sys_on_fault(look);
  return locked_pages();
}
static bool hook_only(void) {
  sys_on_fault(skip);
  return true;
}
static void hook_end(void) { sys_on_fault(nullptr); }
static void hook_pages_end(void) {
  hook_end();
  sys_pages_end();
}

static void draw(void) {
  page = sys_page(bench_random(PAGES)) + bench_random(512);
  bench_after = hooked_at = 0;
}
static uint64_t nothing(void) { // two readings with one instruction between
  bench_nothing();
  return bench_own(bench_after - bench_before);
}
static uint64_t store_round(void) {
  bench_continue = (uint64_t)bench_store_after;
  bench_store(page);
  return bench_own(bench_after - bench_before);
}
static uint64_t store_to_hook(void) {
  (void)store_round();
  return bench_own(in_hook - bench_before);
}
static uint64_t illegal_round(void) {
  bench_continue = (uint64_t)bench_illegal_after;
  bench_illegal();
  return bench_own(bench_after - bench_before);
}
static bool at_page(void) { return bench_after && hooked_at == (uint64_t)page; }
static bool resumed(void) { return bench_after; } // only the handler leads there

BENCH(fault_to_c, .name = "fault-to-c", .budget = 90, .begin = look_pages, .prepare = draw, .run = store_to_hook,
      .verify = at_page, .end = hook_pages_end, .empty = nothing);
BENCH(fault_round, .name = "fault-round", .sosp = "trap (exception dispatch and return)", .budget = 100,
      .elsewhere = 200, .begin = hook_pages, .prepare = draw, .run = store_round, .verify = at_page,
      .end = hook_pages_end, .empty = nothing);
BENCH(illegal, .name = "illegal-round", .sosp = "exception: illegal instruction", .budget = 100, .elsewhere = 200,
      .begin = hook_only, .prepare = draw, .run = illegal_round, .verify = resumed, .end = hook_end, .empty = nothing);
