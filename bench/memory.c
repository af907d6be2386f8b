// memory.c: mapping, protecting, asking and filling pages.
#include "bench.h"

enum { PAGES = 400, SOME = 100, FRESH = 64, LAZY = 4096 };
static uint64_t index, other, picked[SOME];
static bool fine;

static bool take(void) { return sys_pages(PAGES); }
static void draw(void) { index = bench_random(PAGES - SOME); }

static void draw_hole(void) {
  draw();
  sys_unmap(index);
}
static uint64_t map_unmap(void) {
  fine = sys_map(index) && sys_unmap(index);
  return 0;
}
static bool gone(void) {
  bool ok = fine && !sys_is_mapped(index);
  return sys_map(index) && ok; // for the next one
}
BENCH(map, .name = "map-unmap", .budget = 250, .begin = take, .prepare = draw_hole, .run = map_unmap, .verify = gone,
      .end = sys_pages_end);

// Memory from nothing and back: 64 cleared pages mapped, touched, unmapped.
static uint64_t map_touch_unmap(void) {
  fine = sys_fresh(FRESH);
  for (uint64_t i = 0; i < FRESH; i++) *sys_page(i) += i;
  fine = sys_fresh_end(FRESH) && fine;
  return 0;
}
static bool all_back(void) { return fine && !sys_is_mapped(bench_random(FRESH)); }
BENCH(cycle, .name = "map-touch-unmap-64", .budget = 60000, .run = map_touch_unmap, .verify = all_back);

// A store to the page: does it fault?
static volatile bool trapped;
static uint64_t page_of(uint64_t address) { return (address - SYS_PLACE) / EXO_PAGE; }
static bool catch (SYS_FAULT) {
  trapped = true;
  (void)sys_protect(page_of(SYS_ADDRESS), 1, true);
  return true;
}
static bool writable(uint64_t i) {
  trapped = false;
  sys_on_fault(catch);
  __asm__ volatile("" ::: "memory"); // the store below is seen by the hook
  *sys_page(i) = i;
  __asm__ volatile("" ::: "memory");
  sys_on_fault(nullptr);
  return !trapped;
}

static void draw_writable(void) {
  draw();
  for (uint64_t i = 0; i < PAGES; i += SOME) (void)sys_protect(i, SOME, true);
  for (uint64_t i = 0; i < SOME; i++) *sys_page(index + i) = i;
}
static void draw_locked(void) {
  draw();
  (void)sys_protect(index, SOME, false);
}
static uint64_t protect_one(void) {
  fine = sys_protect(index, 1, false);
  return 0;
}
static bool one_locked(void) { return fine && !writable(index) && writable(index + 1); }
static uint64_t protect_many(void) {
  fine = sys_protect(index, SOME, false);
  return 0;
}
static bool many_locked(void) {
  uint64_t i = index + bench_random(SOME);
  return fine && !writable(i) && !writable(index == i ? i + 1 : index);
}
static uint64_t unprotect_many(void) {
  fine = sys_protect(index, SOME, true);
  return 0;
}
static bool many_open(void) { return fine && writable(index + bench_random(SOME)) && writable(index + SOME - 1); }
BENCH(prot1, .name = "prot1", .sosp = "prot1", .budget = 120, .begin = take, .prepare = draw_writable,
      .run = protect_one, .verify = one_locked, .end = sys_pages_end);
BENCH(prot100, .name = "prot100", .sosp = "prot100", .budget = 1600, .begin = take, .prepare = draw_writable,
      .run = protect_many, .verify = many_locked, .end = sys_pages_end);
BENCH(unprot100, .name = "unprot100", .sosp = "unprot100", .budget = 1600, .begin = take, .prepare = draw_locked,
      .run = unprotect_many, .verify = many_open, .end = sys_pages_end);

// 100 different pages in any order, so that no range helps.
static void draw_scattered(void) {
  draw_writable();
  uint64_t all[PAGES];
  for (uint64_t i = 0; i < PAGES; i++) all[i] = i;
  for (uint64_t i = 0; i < SOME; i++) {
    uint64_t k = i + bench_random(PAGES - i), v = all[k];
    all[k] = all[i];
    picked[i] = v;
    *sys_page(v) = v;
  }
}
static uint64_t scattered(void) {
  fine = sys_lock_scattered(picked, SOME);
  return 0;
}
static bool scattered_locked(void) {
  uint64_t any = bench_random(PAGES);
  bool one = false, ok = fine;
  for (uint64_t i = 0; i < SOME; i++) {
    one |= picked[i] == any;
    ok &= !writable(picked[i]);
  }
  return ok && (one || writable(any)); // the rest is as it was
}
BENCH(prot100_scattered, .name = "prot100-scattered", .budget = 5000, .begin = take, .prepare = draw_scattered,
      .run = scattered, .verify = scattered_locked, .end = sys_pages_end);

// Is this page dirty?
static bool expected;
static void draw_dirty(void) {
  draw();
  expected = bench_random(2);
  sys_make_clean(index);
  fine = !expected;
  if (expected) *sys_page(index) = 1;
}
static uint64_t dirty(void) {
  fine = sys_is_dirty(index);
  return 0;
}
static bool dirt_is_right(void) { return fine == expected; }
BENCH(dirty_row, .name = "dirty", .sosp = "dirty", .budget = 8, .known = sys_knows_dirty, .begin = take,
      .prepare = draw_dirty, .run = dirty, .verify = dirt_is_right, .end = sys_pages_end);

// appel1: a store to a protected page; its handler protects another page and opens this one.
static bool swap_one(SYS_FAULT) {
  trapped = true;
  fine = sys_protect(other, 1, false) && sys_protect(page_of(SYS_ADDRESS), 1, true);
  return true;
}
static void draw_appel1(void) {
  draw_writable();
  other = index + 1 + bench_random(SOME - 1);
  trapped = fine = false;
  (void)sys_protect(index, 1, false);
  sys_on_fault(swap_one);
}
static uint64_t appel1(void) {
  *sys_page(index) = 77;
  return 0;
}
static bool swapped(void) {
  bool ok = trapped && fine && *sys_page(index) == 77;
  return ok && writable(index) && !writable(other);
}
BENCH(appel1_row, .name = "appel1", .sosp = "appel1", .budget = 350, .begin = take, .prepare = draw_appel1,
      .run = appel1, .verify = swapped, .end = sys_pages_end);

// appel2: 100 pages are protected, then each is stored to in random order; the handler opens it.
static uint64_t opened;
static bool open_one(SYS_FAULT) {
  opened++;
  (void)sys_protect(page_of(SYS_ADDRESS), 1, true);
  return true;
}
static void draw_appel2(void) {
  draw_writable();
  for (uint64_t i = 0; i < SOME; i++) picked[i] = i;
  for (uint64_t i = 0; i < SOME; i++) {
    uint64_t k = i + bench_random(SOME - i), v = picked[k];
    picked[k] = picked[i];
    picked[i] = v;
  }
  opened = 0;
  sys_on_fault(open_one);
}
static uint64_t appel2(void) {
  fine = sys_protect(index, SOME, false);
  for (uint64_t i = 0; i < SOME; i++) *sys_page(index + picked[i]) = i;
  return 0;
}
static bool all_opened(void) {
  sys_on_fault(nullptr);
  return fine && opened == SOME && *sys_page(index + picked[SOME - 1]) == SOME - 1;
}
BENCH(appel2_row, .name = "appel2", .sosp = "appel2 (a page)", .budget = 220, .parts = SOME, .begin = take,
      .prepare = draw_appel2, .run = appel2, .verify = all_opened, .end = sys_pages_end);

// The first store to a page of a large region: cleared memory comes.
static volatile uint64_t *fresh, *lazy;
static bool lazy_region(void) {
  lazy = sys_lazy((uint64_t)LAZY * EXO_PAGE);
  for (uint64_t i = 0; lazy && i < LAZY; i += 512) lazy[i * 512] = 1; // its tables are there
  return lazy != nullptr;
}
static void draw_lazy(void) {
  do fresh = lazy + bench_random(LAZY) * 512;
  while (sys_lazy_present(fresh));
}
static uint64_t touch(void) {
  *fresh = 1;
  return 0;
}
static bool filled(void) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < 512; i++) sum += fresh[i];
  bool ok = sum == 1 && sys_lazy_present(fresh);
  sys_lazy_forget(fresh);
  return ok;
}
static void lazy_end(void) { sys_lazy_end(lazy, (uint64_t)LAZY * EXO_PAGE); }
BENCH(demand_zero, .name = "demand-zero", .budget = 900, .begin = lazy_region, .prepare = draw_lazy, .run = touch,
      .verify = filled, .end = lazy_end);

// The program is its own pager: its handler makes the page, with contents, and the access goes on.
static bool supply(SYS_FAULT) {
  fine = sys_supply(page_of(SYS_ADDRESS), index);
  return true;
}
static bool supplied_region(void) {
  bool ok = sys_supply_begin(PAGES);
  sys_on_fault(supply);
  return ok;
}
static void draw_missing(void) {
  draw();
  fine = false;
  other = 0;
}
static uint64_t read_missing(void) {
  other = sys_page(index)[3];
  return 0;
}
static bool supplied(void) {
  bool ok = fine && other == index + 1;
  return sys_supply_forget(index) && ok;
}
static void supplied_end(void) {
  sys_on_fault(nullptr);
  sys_supply_end(PAGES);
}
BENCH(self_paging, .name = "self-paging", .budget = 900, .begin = supplied_region, .prepare = draw_missing,
      .run = read_missing, .verify = supplied, .end = supplied_end);
