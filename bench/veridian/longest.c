// longest.c: how long a call may keep interrupts off: each call that works on many entries or whole frames, in its
// worst case. A batch looks for interrupts between two entries: it keeps them off no longer than its longest entry.
#include "bench.h"

enum { ALL = 512, LIMIT = 6000 };
static exo_frame run, table, spare;
static exo_result answer;
static volatile uint64_t *at(uint64_t i) { return (volatile uint64_t *)(SYS_PLACE + i * EXO_PAGE); }

static bool take(void) {
  const struct os_leaf *leaf = os_table_leaf(SYS_PLACE, true);
  run = leaf ? os_frames_get(&(struct os_frames){.count = ALL, .align = ALL}) : 0;
  spare = os_frame_get();
  if (leaf) table = leaf->frame;
  return run && spare;
}
static void clear(void) {
  (void)exo_table_join((struct exo_table_join){OS_SLOT_SELF, table, 0});
  for (uint64_t i = 0; i < ALL; i += EXO_RANGE_MAX)
    (void)exo_unmap((struct exo_unmap){OS_SLOT_SELF, table, i, EXO_RANGE_MAX, 0});
}
static void give(void) {
  clear();
  for (uint64_t i = 0; i < ALL; i++) os_frame_put(run + i);
  os_frame_put(spare);
}

// The first `count` entries freshly mapped, and used.
static void fill(uint64_t count, uint64_t prot) {
  clear();
  for (uint64_t i = 0; i < count; i++) {
    (void)exo_map((struct exo_map){OS_SLOT_SELF, table, i, OS_SLOT_SELF, run + i, prot});
    if (prot & EXO_WRITE)
      *at(i) = i;
    else
      (void)*at(i);
  }
}
static void fill_written(void) { fill(EXO_RANGE_MAX, EXO_READ | EXO_WRITE); }
static void fill_read(void) { fill(EXO_RANGE_MAX, EXO_READ); }
static void fill_all(void) { fill(ALL, EXO_READ | EXO_WRITE); }
static void fill_joined(void) {
  fill_all();
  (void)exo_table_join((struct exo_table_join){OS_SLOT_SELF, table, 1});
}

static uint64_t unmap(void) {
  answer = exo_unmap((struct exo_unmap){OS_SLOT_SELF, table, 0, EXO_RANGE_MAX, 0});
  return 0;
}
static uint64_t protect(void) { // each frame is asked: it has not been writable yet
  answer = exo_protect((struct exo_protect){OS_SLOT_SELF, table, 0, EXO_RANGE_MAX, EXO_READ | EXO_WRITE, 0});
  return 0;
}
static uint64_t age(void) {
  answer = exo_age((struct exo_age){OS_SLOT_SELF, table, 0, EXO_RANGE_MAX, 3, 0});
  return 0;
}
static bool full_range(void) { return answer == EXO_RANGE_MAX; }
static uint64_t sweep(void) {
  answer = exo_sweep((struct exo_sweep){OS_SLOT_SELF, table, 0, 64});
  return 0;
}
static bool swept(void) { return answer == 64; }
static uint64_t join(void) {
  answer = exo_table_join((struct exo_table_join){OS_SLOT_SELF, table, 1});
  return 0;
}
static uint64_t split(void) {
  answer = exo_table_join((struct exo_table_join){OS_SLOT_SELF, table, 0});
  return 0;
}
static bool done(void) { return answer == EXO_OK; }
static uint64_t root(void) { // made, and no more
  answer = exo_table_root((struct exo_table_root){OS_SLOT_SELF, spare});
  return 0;
}
static bool root_back(void) { return done() && exo_table_drop((struct exo_table_drop){OS_SLOT_SELF, spare}) == EXO_OK; }
static uint64_t create(void) {
  answer = exo_env_create((struct exo_env_create){OS_SLOT_SELF, spare, os_self.name});
  return 0;
}
static bool env_back(void) {
  bool made = answer > 0 && exo_env_stop((struct exo_env_stop){OS_SLOT_SELF, (exo_env)answer, 0}) == EXO_OK;
  os_frame_put(spare);
  return made && exo_frame_take((struct exo_frame_take){OS_SLOT_SELF, spare, os_self.name, 0}) == EXO_OK;
}

#define LONGEST(row, called, prepared, what, verified)                                                                 \
  BENCH(row, .name = called, .budget = LIMIT, .elsewhere = LIMIT, .begin = take, .prepare = prepared, .run = what,     \
        .verify = verified, .end = give)
LONGEST(longest_unmap, "longest-unmap", fill_written, unmap, full_range);
LONGEST(longest_protect, "longest-protect", fill_read, protect, full_range);
LONGEST(longest_age, "longest-age", fill_written, age, full_range);
LONGEST(longest_sweep, "longest-sweep", fill_written, sweep, swept);
LONGEST(longest_join, "longest-join", fill_all, join, done);
LONGEST(longest_split, "longest-split", fill_joined, split, done);
LONGEST(longest_root, "longest-table-root", nullptr, root, root_back);
LONGEST(longest_create, "longest-env-create", nullptr, create, env_back);
