// calls_table.c: 2 MiB leaves, what the machine notes of the use of pages, tables read by their owner, frames by
// choice.
#include "system.h"
#include "machine.h"
#include <arch/pte.h>

void call_table_join(void), call_age(void);

enum { HUGE = 512 };
#define WIDE (PLACE + 0x40000000) // an address whose leaf table nobody else uses

static struct os_leaf *leaf;
static exo_result join(uint64_t joined) {
  return exo_table_join((struct exo_table_join){OS_SLOT_SELF, leaf->frame, joined});
}
static exo_result join_by(exo_slot s) { return exo_table_join((struct exo_table_join){s, leaf->frame, 1}); }

static bool map_all(exo_frame run, uint64_t prot) {
  bool ok = true;
  for (uint64_t i = 0; i < HUGE; i++)
    ok &= exo_map((struct exo_map){OS_SLOT_SELF, leaf->frame, i, OS_SLOT_SELF, run + i, prot}) == EXO_OK;
  return ok;
}
static void unmap_all(void) {
  for (uint64_t i = 0; i < HUGE; i += EXO_RANGE_MAX)
    EXPECT_IS(exo_unmap((struct exo_unmap){OS_SLOT_SELF, leaf->frame, i, EXO_RANGE_MAX, 0}), EXO_RANGE_MAX);
}

void call_table_join(void) {
  exo_frame run = os_frames_get(&(struct os_frames){.count = HUGE, .align = HUGE});
  EXPECT(run != 0 && run % HUGE == 0);
  leaf = os_table_leaf(WIDE, true);
  if (!run || !leaf) return;
  volatile uint64_t *at = (volatile uint64_t *)WIDE;
  EXPECT_IS(join(1), EXO_BUSY); // empty
  EXPECT(map_all(run, EXO_READ | EXO_WRITE));
  refuses(join_by, EXO_MANAGE, EXO_DENIED);
  EXPECT_IS(join(2), EXO_RANGE);
  EXPECT_IS(exo_table_join((struct exo_table_join){OS_SLOT_SELF, ~0ull, 1}), EXO_NO_FRAME);
  EXPECT_IS(exo_table_join((struct exo_table_join){OS_SLOT_SELF, run, 1}), EXO_KIND);
  EXPECT_IS(exo_table_join((struct exo_table_join){OS_SLOT_SELF, os_self.window->root, 1}), EXO_KIND);
  EXPECT_IS(join(0), EXO_OK); // it is none
  for (uint64_t i = 0; i < HUGE; i++) at[i * 512 + i % 512] = i * 3 + 1;
  EXPECT_IS(exo_protect((struct exo_protect){OS_SLOT_SELF, leaf->frame, 77, 1, EXO_READ, 0}), 1);
  EXPECT_IS(join(1), EXO_BUSY); // not all alike
  EXPECT_IS(exo_protect((struct exo_protect){OS_SLOT_SELF, leaf->frame, 77, 1, EXO_READ | EXO_WRITE, 0}), 1);
  EXPECT_IS(join(1), EXO_OK);
  EXPECT_IS(join(1), EXO_OK);
  for (uint64_t i = 0; i < HUGE; i++) {
    EXPECT_IS(at[i * 512 + i % 512], i * 3 + 1);
    at[i * 512 + i % 512] = i * 7;
  }
  EXPECT_IS(exo_unmap((struct exo_unmap){OS_SLOT_SELF, leaf->frame, 0, 1, 0}), EXO_KIND); // as long as it is joined
  EXPECT_IS(exo_table_drop((struct exo_table_drop){OS_SLOT_SELF, leaf->frame}), EXO_BUSY);
  EXPECT_IS(exo_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, run + 5}), EXO_BUSY);
  EXPECT_IS(exo_sweep((struct exo_sweep){OS_SLOT_SELF, leaf->frame, 8, 1}), 1); // splits it
  seen_begin(nullptr);
  EXPECT_IS(probe_load(&at[8 * 512]), PROBE_FAULT);
  seen_end();
  EXPECT_IS(exo_map((struct exo_map){OS_SLOT_SELF, leaf->frame, 8, OS_SLOT_SELF, run + 8, 3}), EXO_OK);
  EXPECT_IS(join(1), EXO_OK);
  EXPECT_IS(join(0), EXO_OK);
  for (uint64_t i = 0; i < HUGE; i++) EXPECT_IS(at[i * 512 + i % 512], i * 7);
  unmap_all();
  EXPECT(map_all(run, EXO_READ | EXO_WRITE) && exo_unmap((struct exo_unmap){OS_SLOT_SELF, leaf->frame, 0, 1, 0}) == 1);
  EXPECT_IS(exo_map((struct exo_map){OS_SLOT_SELF, leaf->frame, 0, OS_SLOT_SELF, run + 1, 3}), EXO_OK);
  EXPECT_IS(join(1), EXO_BUSY); // not in a row
  unmap_all();
  for (uint64_t i = 0; i < HUGE; i++) frame_end(run + i);
}

static exo_frame shown; // the table that is looked at
static exo_result age_by(exo_slot s) { return exo_age((struct exo_age){s, shown, 5, 1, 3, 0}); }
static exo_result age(uint64_t what) { return exo_age((struct exo_age){OS_SLOT_SELF, shown, 5, 2, what, 0}); }

// The table itself is read where it is mapped, without a call.
void call_age(void) {
  exo_frame f = frame_new(), g = frame_new();
  shown = place_table();
  EXPECT_IS(place_map(5, f, EXO_READ | EXO_WRITE), EXO_OK);
  EXPECT_IS(place_map(6, g, EXO_READ | EXO_WRITE), EXO_OK);
  EXPECT_IS(exo_map((struct exo_map){OS_SLOT_SELF, shown, 7, OS_SLOT_SELF, shown, EXO_READ}), EXO_KIND); // in itself
  leaf = os_table_leaf(WIDE, true);
  struct exo_map window = {OS_SLOT_SELF, leaf->frame, 0, OS_SLOT_SELF, shown, EXO_READ | EXO_WRITE};
  EXPECT_IS(exo_map(window), EXO_KIND);
  window.prot = EXO_READ;
  EXPECT_IS(exo_map(window), EXO_OK);
  window.frame = os_self.window->root;
  window.index = 1;
  EXPECT_IS(exo_map(window), EXO_KIND);
  EXPECT_IS(exo_protect((struct exo_protect){OS_SLOT_SELF, leaf->frame, 0, 1, 3, 0}), EXO_DENIED);
  const volatile pte_t *entry = (const volatile pte_t *)WIDE;
  EXPECT_IS(pte_physical(entry[5]) >> EXO_PAGE_BITS, f);
  EXPECT(age(3) >= 0);
  EXPECT(!pte_accessed(entry[5]) && !pte_dirty(entry[5]) && !pte_dirty(entry[6]));
  EXPECT_IS(*place(5), 0);
  EXPECT(pte_accessed(entry[5]) && !pte_dirty(entry[5]) && !pte_accessed(entry[6]));
  *place(6) = 1;
  EXPECT(pte_dirty(entry[6]) && !pte_dirty(entry[5]));
  EXPECT_IS(age(2), 1);
  EXPECT(!pte_dirty(entry[6]) && pte_accessed(entry[6]));
  *place(6) = 2; // noted anew
  EXPECT(pte_dirty(entry[6]));
  EXPECT_IS(exo_protect((struct exo_protect){OS_SLOT_SELF, shown, 6, 1, EXO_READ, 0}), 1);
  EXPECT(pte_dirty(entry[6])); // and not lost by protecting
  EXPECT_IS(exo_protect((struct exo_protect){OS_SLOT_SELF, shown, 6, 1, EXO_READ | EXO_WRITE, 0}), 1);
  EXPECT(pte_dirty(entry[6]) && pte_prot(entry[6]) == 3);
  refuses(age_by, EXO_MANAGE, EXO_DENIED);
  EXPECT_IS(age(0), EXO_RANGE);
  EXPECT_IS(age(4), EXO_RANGE);
  EXPECT_IS(exo_age((struct exo_age){OS_SLOT_SELF, shown, 500, 13, 1, 0}), EXO_RANGE);
  EXPECT_IS(exo_age((struct exo_age){OS_SLOT_SELF, f, 0, 1, 1, 0}), EXO_KIND);
  EXPECT_IS(exo_age((struct exo_age){OS_SLOT_SELF, ~0ull, 0, 1, 1, 0}), EXO_NO_FRAME);
  EXPECT_IS(exo_unmap((struct exo_unmap){OS_SLOT_SELF, leaf->frame, 0, 1, 0}), 1);
  EXPECT_IS(place_unmap(5, 2), 2);
  frame_end(f);
  frame_end(g);
}

// Frames by number, run, colour and address.
static void chosen(void) {
  exo_frame f = os_frames_get(&(struct os_frames){.colours = 16, .colour_set = 1 << 5});
  EXPECT(f && f % 16 == 5);
  frame_end(f);
  f = os_frames_get(&(struct os_frames){.count = 7, .align = 4, .below = 1 << 20});
  EXPECT(f && f % 4 == 0 && f + 7 <= 1 << 20);
  for (uint64_t i = 0; i < 7; i++) frame_end(f + i);
  EXPECT_IS(os_frames_get(&(struct os_frames){.count = 2, .colours = 2, .colour_set = 1}), 0); // no two in a row
  EXPECT_IS(os_frame_why, EXO_EMPTY);
}
const struct test table_tests[] = {{"frames-chosen", chosen}, {}};
