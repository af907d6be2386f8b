// memory.c: mapping, protecting, filling.
#include "bench.h"

enum { PAGES = 400, SOME = 100 };
static exo_frame frame[PAGES], table;
static uint64_t index, picked[SOME];
static exo_result answer;
static volatile uint64_t *fresh;

static volatile uint64_t *at(uint64_t i) { return (volatile uint64_t *)(BENCH_PLACE + i * EXO_PAGE); }
static exo_result protect(uint64_t from, uint64_t count, uint64_t prot) {
  return exo_protect((struct exo_protect){OS_SLOT_SELF, table, from, count, prot, 0});
}

static bool take(void) {
  const struct os_leaf *leaf = os_table_leaf(BENCH_PLACE, true);
  if (!leaf) return false;
  table = leaf->frame;
  for (uint64_t i = 0; i < PAGES; i++)
    if (!frame[i] && !(frame[i] = os_frame_get())) return false;
  return true;
}
static struct exo_map map_of(uint64_t i) {
  return (struct exo_map){OS_SLOT_SELF, table, i, OS_SLOT_SELF, frame[i], EXO_READ | EXO_WRITE};
}
static bool take_and_map(void) {
  if (!take()) return false;
  for (uint64_t i = 0; i < PAGES; i++) {
    if (exo_map(map_of(i)) < 0) return false;
    *at(i) = i; // touched: really in the translation buffers
  }
  return true;
}
static void unmap(void) {
  for (uint64_t i = 0; i < 512; i += EXO_RANGE_MAX)
    (void)exo_unmap((struct exo_unmap){OS_SLOT_SELF, table, i, EXO_RANGE_MAX, 0});
}

static void draw(void) { index = bench_random(PAGES - SOME); }
static uint64_t map_unmap(void) {
  answer = exo_map(map_of(index));
  if (answer == EXO_OK) answer = exo_unmap((struct exo_unmap){OS_SLOT_SELF, table, index, 1, 0});
  return 0;
}
static bool gone(void) { return answer == 1 && exo_state_maps(os_frame_desc(frame[index])->state) == 0; }

// A store to the page: does it fault?
static bool trapped;
static bool catch (struct exo_uarea *u, struct exo_record *r) {
  (void)u;
  trapped = true;
  (void)protect((r->address - BENCH_PLACE) / EXO_PAGE, 1, EXO_READ | EXO_WRITE);
  return true;
}
static bool writable(uint64_t i) {
  trapped = false;
  os_fault_hook = catch;
  __asm__ volatile("" ::: "memory"); // the store below is seen by the hook
  *at(i) = i;
  __asm__ volatile("" ::: "memory");
  os_fault_hook = nullptr;
  return !trapped;
}

static void draw_writable(void) {
  draw();
  for (uint64_t i = 0; i < PAGES; i += SOME) (void)protect(i, SOME, EXO_READ | EXO_WRITE);
  for (uint64_t i = 0; i < SOME; i++) *at(index + i) = i;
}
static void draw_locked(void) {
  draw();
  (void)protect(index, SOME, EXO_READ);
}
static uint64_t protect_one(void) {
  answer = protect(index, 1, EXO_READ);
  return 0;
}
static bool one_locked(void) { return answer == 1 && !writable(index) && writable(index + 1); }
static uint64_t protect_many(void) {
  answer = protect(index, SOME, EXO_READ);
  return 0;
}
static bool many_locked(void) {
  uint64_t i = index + bench_random(SOME);
  return answer == SOME && !writable(i) && !writable(index == i ? i + 1 : index);
}
static uint64_t unprotect_many(void) {
  answer = protect(index, SOME, EXO_READ | EXO_WRITE);
  return 0;
}
static bool many_open(void) {
  return answer == SOME && writable(index + bench_random(SOME)) && writable(index + SOME - 1);
}

// 100 different pages in any order, so that no range helps: made into sets of 64, which one batch protects.
static void draw_scattered(void) {
  draw_writable();
  uint64_t all[PAGES];
  for (uint64_t i = 0; i < PAGES; i++) all[i] = i;
  for (uint64_t i = 0; i < SOME; i++) {
    uint64_t k = i + bench_random(PAGES - i), v = all[k];
    all[k] = all[i];
    picked[i] = v;
    *at(v) = v;
  }
}
static uint64_t scattered(void) {
  enum { SETS = (PAGES + 63) / 64 };
  struct exo_batch_entry *page = os_self.uarea->batch;
  uint64_t set[SETS] = {}, sets = 0;
  for (uint64_t i = 0; i < SOME; i++) set[picked[i] / 64] |= 1ull << picked[i] % 64;
  for (uint64_t i = 0; i < SETS; i++) {
    if (!set[i]) continue;
    uint64_t count = 64 - (uint64_t)__builtin_clzll(set[i]); // to the last one
    page[sets++] = os_entry_protect((struct exo_protect){OS_SLOT_SELF, table, i * 64, count, EXO_READ, ~set[i]});
  }
  answer = bench_batch(sets) == (exo_result)sets;
  return 0;
}
static bool scattered_locked(void) {
  uint64_t other = bench_random(PAGES);
  bool one = false, ok = answer;
  for (uint64_t i = 0; i < SOME; i++) {
    one |= picked[i] == other;
    ok &= !writable(picked[i]);
  }
  return ok && (one || writable(other)); // the rest is as it was
}

static uint64_t map_batch(void) {
  struct exo_batch_entry *page = os_self.uarea->batch;
  for (uint64_t i = 0; i < EXO_BATCH; i++) page[i] = os_entry_map(map_of(index + i));
  answer = bench_batch(EXO_BATCH);
  return 0;
}
static bool batch_mapped(void) {
  uint64_t i = index + bench_random(EXO_BATCH);
  bool ok = answer == EXO_BATCH && writable(i) && exo_state_maps(os_frame_desc(frame[i])->state) == 1;
  unmap();
  return ok;
}

// Memory from nothing and back: 64 free frames taken (and cleared), mapped, touched, unmapped, given back.
static exo_result given;
static bool give_all(void) {
  for (uint64_t i = 0; i < PAGES; i++)
    if (exo_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, frame[i]}) < 0) return false;
  return true;
}
static bool take_and_give(void) { return take() && give_all(); }
static uint64_t map_touch_unmap(void) {
  struct exo_batch_entry *page = os_self.uarea->batch;
  for (uint64_t i = 0; i < EXO_BATCH; i++)
    page[i] = os_entry_frame_take((struct exo_frame_take){OS_SLOT_SELF, frame[index + i], os_self.name, 0});
  answer = bench_batch(EXO_BATCH);
  for (uint64_t i = 0; i < EXO_BATCH; i++) page[i] = os_entry_map(map_of(index + i));
  answer += bench_batch(EXO_BATCH);
  for (uint64_t i = 0; i < EXO_BATCH; i++) *at(index + i) += i;
  given = exo_unmap((struct exo_unmap){OS_SLOT_SELF, table, index, EXO_BATCH, 0});
  for (uint64_t i = 0; i < EXO_BATCH; i++)
    page[i] = os_entry_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, frame[index + i]});
  given += bench_batch(EXO_BATCH);
  return 0;
}
static bool all_back(void) {
  uint64_t state = os_frame_desc(frame[index + bench_random(EXO_BATCH)])->state;
  return answer == 2 * EXO_BATCH && given == 2 * EXO_BATCH && exo_state_kind(state) == EXO_KIND_FREE;
}
static void take_again(void) { // for the rows behind
  for (uint64_t i = 0; i < PAGES; i++) frame[i] = 0;
}

enum { FRESH = 4096 };
static uint64_t *region;
static bool fresh_region(void) {
  region = os_pages((uint64_t)FRESH * EXO_PAGE);
  for (uint64_t i = 0; region && i < FRESH; i += 512) region[i * 512] = 1; // its tables are there
  return region != nullptr;
}
static void draw_fresh(void) {
  do fresh = region + bench_random(FRESH) * 512;
  while (os_table_entry((uint64_t)fresh));
}
static uint64_t touch(void) {
  *fresh = 1;
  return 0;
}
static bool filled(void) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < 512; i++) sum += fresh[i];
  bool ok = sum == 1 && os_table_entry((uint64_t)fresh);
  os_unmap((uint64_t)fresh, (uint64_t)fresh + EXO_PAGE, true);
  return ok;
}

const struct bench memory_benches[] = {
    {"map-unmap", 250, 1, take, draw, map_unmap, gone, nullptr, nullptr, 0},
    {"map-in-batch", 0, EXO_BATCH, take, draw, map_batch, batch_mapped, unmap, nullptr, 0},
    {"map-touch-unmap-64", 60000, 1, take_and_give, draw, map_touch_unmap, all_back, take_again, nullptr, 0},
    {"prot1", 120, 1, take_and_map, draw_writable, protect_one, one_locked, nullptr, nullptr, 0},
    {"prot100", 1600, 1, nullptr, draw_writable, protect_many, many_locked, nullptr, nullptr, 0},
    {"unprot100", 1600, 1, nullptr, draw_locked, unprotect_many, many_open, nullptr, nullptr, 0},
    {"prot100-scattered", 5000, 1, nullptr, draw_scattered, scattered, scattered_locked, unmap, nullptr, 0},
    {"demand-zero", 900, 1, fresh_region, draw_fresh, touch, filled, nullptr, nullptr, 0},
    {},
};
