// victims.c: children that are always at something: calls, batches, faults, inside a door, on two CPUs; and the
// innocent one, whose memory and registers nobody may change.
#include "system.h"
#include "machine.h"
#include "roles.h"

enum { COUNT = 1, STOP = 2, BAD = 3 };

int caller(int argc, char **argv) {
  (void)argc;
  uint64_t batched = os_number(argv[0], 0), seed = os_number(argv[1], 1);
  exo_frame f[8];
  for (int i = 0; i < 8; i++) f[i] = frame_new();
  for (;;) {
    struct exo_batch_entry e[8];
    for (unsigned i = 0; i < 8; i++) {
      uint64_t r = os_random(&seed), at = r >> 8 & 15, n = r >> 16 & 7;
      struct exo_map m = {OS_SLOT_SELF, place_table(), at, OS_SLOT_SELF, f[n], EXO_READ | EXO_WRITE};
      struct exo_frame_take t = {OS_SLOT_SELF, f[n], os_self.name, 0};
      static const uint64_t range = 16;
      e[i] = r % 4 == 0   ? os_entry_map(m)
             : r % 4 == 1 ? os_entry_unmap((struct exo_unmap){OS_SLOT_SELF, m.table, 0, range, 0})
             : r % 4 == 2 ? os_entry_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, f[n]})
                          : os_entry_frame_take(t);
    }
    if (batched)
      (void)os_batch(e, 8);
    else
      for (unsigned i = 0; i < 8; i++) (void)arch_call(e[i].number, e[i].argument);
    os_self.shared[COUNT]++;
  }
}

int faulter(int argc, char **argv) {
  (void)argc;
  (void)argv;
  seen_begin(nullptr);
  for (;;) {
    (void)probe_load(place(3));
    os_self.shared[COUNT]++;
  }
}

static bool stay(struct exo_uarea *u, struct exo_record *r) {
  (void)u;
  (void)r;
  os_self.shared[COUNT] = 1;
  for (;;) arch_pause();
}
int in_door(int argc, char **argv) {
  (void)argc;
  (void)argv;
  os_fault_hook = stay;
  return (int)probe_load(place(3));
}

static void busy(void *word) {
  for (;;) {
    (void)exo_null((struct exo_null){});
    ++*(volatile uint64_t *)word;
  }
}
int both(int argc, char **argv) {
  (void)argc;
  (void)argv;
  static struct thread t;
  static volatile uint64_t word;
  if (!thread_start(&t, 1, busy, (void *)(uintptr_t)&word)) return 1;
  while (!word) arch_pause();
  for (;;) {
    (void)exo_null((struct exo_null){});
    os_self.shared[COUNT]++;
  }
}

// Keeps a page-wise pattern and looks at all of it again and again.
int victim(int argc, char **argv) {
  (void)argc;
  enum { PAGES = 64 };
  uint64_t seed = os_number(argv[0], 1), word[FP_WORDS_MAX], is[FP_WORDS_MAX];
  uint64_t *data = os_pages(PAGES * EXO_PAGE), want = 0, rest = seed;
  if (!data) return 1;
  for (unsigned i = 0; i < PAGES * EXO_PAGE / 8; i++) want += data[i] = os_random(&rest);
  for (unsigned i = 0; i < FP_WORDS_MAX; i++) word[i] = os_random(&rest);
  fp_fill(word);
  while (!os_self.shared[STOP]) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < PAGES * EXO_PAGE / 8; i++) sum += data[i];
    fp_read(is);
    for (unsigned i = 0; i < fp_word_count(); i++) sum += is[i] != word[i];
    if (sum != want) os_self.shared[BAD]++;
    os_self.shared[COUNT]++;
  }
  return 0;
}
