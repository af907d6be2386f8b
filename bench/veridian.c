// veridian.c: the primitives of the benchmarks on Veridian: what system.h has not in line.
#include "bench.h"

exo_frame sys_table, sys_frame[SYS_PAGES];
const volatile pte_t *sys_entries;
exo_env sys_other;

exo_result sys_batch(uint64_t count) {
  exo_result done = exo_batch((struct exo_batch){count});
  struct exo_batch_entry *e = os_self.uarea->batch;
  while (done > 0 && (uint64_t)done < count && e[done - 1].result >= 0) { // an interrupt was waiting
    e[done].result = arch_call(e[done].number, e[done].argument);
    done++;
  }
  return done;
}

// --- Pages

bool sys_take(uint64_t count) {
  const struct os_leaf *leaf = os_table_leaf(SYS_PLACE, true);
  if (!leaf) return false;
  sys_table = leaf->frame;
  for (uint64_t i = 0; i < count; i++)
    if (!sys_frame[i] && !(sys_frame[i] = os_frame_get())) return false;
  if (!sys_entries) sys_entries = os_core_map(OS_SLOT_SELF, sys_table, EXO_READ);
  return sys_entries;
}
bool sys_pages(uint64_t count) {
  if (!sys_take(count)) return false;
  for (uint64_t i = 0; i < count; i++) {
    if (!sys_map(i)) return false;
    *sys_page(i) = i; // really in the translation buffers
  }
  return true;
}
void sys_pages_end(void) {
  for (uint64_t i = 0; i < SYS_PAGES; i += EXO_RANGE_MAX)
    (void)exo_unmap((struct exo_unmap){OS_SLOT_SELF, sys_table, i, EXO_RANGE_MAX, 0});
}
bool sys_is_mapped(uint64_t i) { return pte_present(sys_entries[i]); }

// Made into sets of 64, which one batch protects.
bool sys_lock_scattered(const uint64_t *picked, uint64_t count) {
  enum { SETS = SYS_PAGES / 64 };
  struct exo_batch_entry *page = os_self.uarea->batch;
  uint64_t set[SETS] = {}, sets = 0;
  for (uint64_t i = 0; i < count; i++) set[picked[i] / 64] |= 1ull << picked[i] % 64;
  for (uint64_t i = 0; i < SETS; i++) {
    if (!set[i]) continue;
    uint64_t pages = 64 - (uint64_t)__builtin_clzll(set[i]); // to the last one
    page[sets++] = os_entry_protect((struct exo_protect){OS_SLOT_SELF, sys_table, i * 64, pages, EXO_READ, ~set[i]});
  }
  return sys_batch(sets) == (exo_result)sets;
}

// --- Cleared memory and back

static exo_frame fresh[EXO_BATCH];
static bool fresh_frames(uint64_t count) { // such as are free
  if (fresh[0]) return true;
  if (!sys_take(count)) return false;
  for (uint64_t i = 0; i < count; i++)
    if (!(fresh[i] = os_frame_get())) return false;
  for (uint64_t i = 0; i < count; i++)
    if (exo_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, fresh[i]}) < 0) return false;
  return true;
}
bool sys_fresh(uint64_t count) {
  struct exo_batch_entry *page = os_self.uarea->batch;
  if (!fresh_frames(count)) return false;
  for (uint64_t i = 0; i < count; i++)
    page[i] = os_entry_frame_take((struct exo_frame_take){OS_SLOT_SELF, fresh[i], os_self.name, 0});
  if (sys_batch(count) != (exo_result)count) return false;
  for (uint64_t i = 0; i < count; i++)
    page[i] = os_entry_map((struct exo_map){OS_SLOT_SELF, sys_table, i, OS_SLOT_SELF, fresh[i], EXO_READ | EXO_WRITE});
  return sys_batch(count) == (exo_result)count;
}
bool sys_fresh_end(uint64_t count) {
  struct exo_batch_entry *page = os_self.uarea->batch;
  exo_result done = exo_unmap((struct exo_unmap){OS_SLOT_SELF, sys_table, 0, count, 0});
  for (uint64_t i = 0; i < count; i++) page[i] = os_entry_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, fresh[i]});
  return done == (exo_result)count && sys_batch(count) == (exo_result)count;
}

// --- Pages that a handler supplies

bool sys_supply_forget(uint64_t i) {
  if (!sys_unmap(i)) return false;
  os_frame_put(sys_frame[i]);
  sys_frame[i] = 0;
  return true;
}
void sys_supply_end(uint64_t count) { (void)count; }

// --- Another environment

static struct os_child child;
static exo_frame shared;
static volatile uint64_t *word;

static bool share(void) {
  shared = os_frame_get();
  word = shared ? os_core_map(OS_SLOT_SELF, shared, EXO_READ | EXO_WRITE) : nullptr;
  return word;
}
static void unshare(void) {
  os_core_unmap((const void *)(uintptr_t)word);
  os_frame_put(shared);
}
static bool start(const char *what, exo_frame seen) {
  char name[] = "bench", role[16], *argv[] = {name, role};
  os_format(role, sizeof role, "%s", what);
  struct os_spawn how = {
      .file = "bin/bench", .argc = 2, .argv = argv, .ceiling = 512, .shared = seen, .slice_ns = 1'000'000'000};
  return os_spawn(&how, &child) >= 0;
}
volatile uint64_t *sys_partner(const char *role) {
  if (!share() || !start(role, shared)) return nullptr;
  sys_other = child.env;
  (void)exo_frame_guard((struct exo_frame_guard){OS_SLOT_SELF, shared, child.name}); // a predicate of its may look
  word[1] = shared;
  return word;
}
void sys_partner_end(void) {
  (void)os_child_stop(&child, 0);
  (void)os_child_reclaim(&child);
  unshare();
}
void sys_serve(void (*serve)(exo_env caller, uint64_t w[4])) {
  os_gate_open(serve);
  for (;;) sys_yield();
}

#define WORD_IS_SET                                                                                                    \
  {                                                                                                                    \
    {.code = EXO_PROG_LOAD64, .b = EXO_PROG_VALUE}, { .code = EXO_PROG_END }                                           \
  }
void sys_sleep(void) {
  struct exo_predicate p = {.word = {{.slot = OS_SLOT_SELF, .frame = os_self.shared[1], .offset = 16}},
                            .op = WORD_IS_SET};
  (void)os_wait(&p, 1, 2, 0);
}
bool sys_true_begin(void) {
  if (!share()) return false;
  *(struct exo_predicate *)(void *)os_self.uarea->batch =
      (struct exo_predicate){.word = {{.slot = OS_SLOT_SELF, .frame = shared}}, .op = WORD_IS_SET};
  *word = 1;
  return exo_predicate_set((struct exo_predicate_set){1, 2}) == EXO_OK;
}
void sys_true_end(void) {
  (void)exo_predicate_set((struct exo_predicate_set){});
  unshare();
}

int sys_spawn(const char *role) {
  if (!start(role, 0)) return -1;
  while (os_child_alive(&child)) os_yield(child.env, 0);
  int status = os_child_status(&child);
  (void)os_child_reclaim(&child);
  return status;
}

int main(int argc, char **argv) {
  sys_other = os_self.parent;
  if (argc > 1) bench_role(argv[1]);
  return bench_main(argc, argv);
}
