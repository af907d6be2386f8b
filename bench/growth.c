// growth.c: what an operation costs when there is much of its kind already: rows NAME@N, with N other regions of one
// page in the program. (The library has room for 768.)
#include "bench.h"

enum { MOST = 500, PAGES = 64 };
static volatile uint64_t *other[MOST], *lazy, *fresh;
static uint64_t others;
static bool fine;

// A page with holes around it, so that no two are one region, whichever way a system goes.
static volatile uint64_t *lonely(void) {
  volatile uint64_t *three = sys_lazy(3 * EXO_PAGE), *middle = three + 512;
  if (!three) return nullptr;
  sys_lazy_end(three, EXO_PAGE);
  sys_lazy_end(middle + 512, EXO_PAGE);
  *middle = 1;
  return middle;
}
static bool begin(uint64_t n) {
  for (others = 0; others < n; others++)
    if (!(other[others] = lonely())) return false;
  lazy = sys_lazy((uint64_t)PAGES * EXO_PAGE);
  if (lazy) lazy[0] = 1;
  return lazy && sys_pages(1);
}
static void end(void) {
  for (uint64_t i = 0; i < others; i++) sys_lazy_end(other[i], EXO_PAGE);
  sys_lazy_end(lazy, (uint64_t)PAGES * EXO_PAGE);
  sys_pages_end();
}

// The last one that was looked for is any.
static void draw(void) {
  volatile uint64_t *last = other[bench_random(others)];
  sys_lazy_forget(last);
  *last = 1;
  fresh = lazy + (1 + bench_random(PAGES - 1)) * 512;
  if (sys_is_mapped(0)) sys_unmap(0);
}
static uint64_t map(void) {
  fine = sys_map(0) && sys_unmap(0);
  return 0;
}
static bool mapped(void) { return fine && !sys_is_mapped(0); }
static uint64_t touch(void) {
  *fresh = 1;
  return 0;
}
static bool touched(void) {
  bool ok = sys_lazy_present(fresh) && *fresh == 1 && fresh[1] == 0;
  sys_lazy_forget(fresh);
  return ok;
}

#define GROWTH(n)                                                                                                      \
  static bool begin_##n(void) { return begin(n); }                                                                     \
  BENCH(map_##n, .name = "map-unmap@" #n, .begin = begin_##n, .prepare = draw, .run = map, .verify = mapped,           \
        .end = end);                                                                                                   \
  BENCH(fault_##n, .name = "demand-zero@" #n, .begin = begin_##n, .prepare = draw, .run = touch, .verify = touched,    \
        .end = end)
GROWTH(1);
GROWTH(10);
GROWTH(100);
GROWTH(500);
