// attacks_names.c: attacks by what a call is told: names one does not have, frames of the kernel's, of tables and of
// others, the edges of every argument.
#include "attacks.h"
#include <arch/pte.h>

enum { DONE = 0, WINS = 1, TRIES = 2 };

// --- Forging a capability: a random or nearly right name by a random slot

static exo_name forged(uint64_t *seed) {
  exo_name own = os_self.name;
  uint64_t r = os_random(seed), length = exo_name_length(own), cut = r >> 8 & 63;
  switch (r & 3) {
  case 0: return own ^ 1ull << (r >> 8 & 63);                                              // a bit flipped
  case 1: return (own & exo_name_mask(cut < length ? cut : 0)) | (cut < length ? cut : 0); // shorter
  case 2: return EXO_NAME((os_random(seed) & exo_name_mask(cut)), cut);
  default: return (own ^ 1ull << ((64 - length) & 63)) + (r >> 16 & 1); // the neighbour's
  }
}

int forger(int argc, char **argv) {
  (void)argc;
  uint64_t seed = os_number(argv[0], 1), tries = os_number(argv[1], 1000), wins = 0;
  exo_frame f = frame_new(), free = os_frame_pick();
  (void)exo_cap_open((struct exo_cap_open){40, 1});
  for (uint64_t i = 0; i < tries; i++) {
    exo_name n = forged(&seed);
    uint64_t r = os_random(&seed);
    exo_slot s = r % 4 ? (uint64_t)OS_SLOT_SELF : r >> 8 & 127;
    if (exo_name_valid(n) && exo_name_is_prefix(os_self.name, n)) continue; // that is ours to give
    exo_env other = os_self.parent ^ 1ull << (r >> 16 & 63);
    if (other == os_self.env || other == 0) continue;
    wins += exo_cap_grant((struct exo_cap_grant){s, os_self.env, 40, n, 1 + (r >> 24 & 62)}) >= 0 && s != OS_SLOT_OUT &&
            s != OS_SLOT_IN && s != OS_SLOT_WINDOW && s != OS_SLOT_ARCHIVE && s != OS_SLOT_SLICE;
    wins += exo_frame_guard((struct exo_frame_guard){s, f, n}) >= 0;
    wins += exo_frame_take((struct exo_frame_take){s, free, n, 0}) >= 0;
    wins += exo_env_create((struct exo_env_create){s, f, n}) >= 0;
    wins += exo_env_ceiling((struct exo_env_ceiling){s, other, 1, 0}) >= 0;
    wins += exo_env_stop((struct exo_env_stop){s, r & 1ull << 40 ? os_self.parent : other, 1}) >= 0;
    os_self.shared[TRIES] += 6;
  }
  os_self.shared[WINS] = wins;
  os_self.shared[DONE] = 1;
  return 0;
}

void attack_forge(void) {
  struct kid k;
  if (!kid_start(&k, (struct kid_how){.give = OS_GIVE_ARCHIVE}, "forger", attack_seed, 50'000)) return;
  EXPECT(kid_wait(&k, MS(60000)));
  EXPECT_IS(k.shared[DONE], 1);
  EXPECT_IS(k.shared[WINS], 0);
  note("%lu forgeries refused", k.shared[TRIES]);
  kid_end(&k);
}

// --- A table, by every way that might make it writable

static uint64_t mapped(exo_frame f) { // in how many ways it could be mapped
  uint64_t ways = 0;
  for (exo_slot s = 0; s < EXO_SLOTS; s++)
    for (uint64_t prot = 1; prot < 8; prot++)
      if (exo_map((struct exo_map){OS_SLOT_SELF, place_table(), 3, s, f, prot}) == EXO_OK) {
        ways++;
        EXPECT_IS(place_unmap(3, 1), 1);
      }
  return ways;
}

static uint64_t mapped_to_read(exo_frame f) {
  uint64_t ways = 0;
  for (exo_slot s = 0; s < EXO_SLOTS; s++)
    if (exo_map((struct exo_map){OS_SLOT_SELF, place_table(), 3, s, f, EXO_READ}) == EXO_OK) {
      ways++;
      EXPECT_IS(place_unmap(3, 1), 1);
    }
  return ways;
}

void attack_table_writable(void) {
  exo_frame root = frame_new(), child[PTE_LEVELS - 1], parent = root;
  EXPECT_IS(place_map(4, root, EXO_READ | EXO_WRITE), EXO_OK);
  EXPECT_IS(exo_table_root((struct exo_table_root){OS_SLOT_SELF, root}), EXO_BUSY); // mapped first, a table then
  EXPECT_IS(place_unmap(4, 1), 1);
  EXPECT_IS(exo_table_root((struct exo_table_root){OS_SLOT_SELF, root}), EXO_OK);
  EXPECT_IS(mapped(root), 0);
  for (int i = 0; i < PTE_LEVELS - 1; i++) {
    child[i] = frame_new();
    struct exo_table_link link = {OS_SLOT_SELF, parent, 1, child[i]};
    EXPECT_IS(place_map(4, child[i], EXO_READ | EXO_WRITE), EXO_OK);
    EXPECT_IS(exo_table_link(link), EXO_BUSY);
    EXPECT_IS(place_unmap(4, 1), 1);
    EXPECT_IS(exo_table_link(link), EXO_OK);
    EXPECT_IS(mapped(child[i]), mapped_to_read(child[i])); // to be looked at, and no more
    EXPECT_IS(exo_frame_guard((struct exo_frame_guard){OS_SLOT_SELF, child[i], sub(3)}), EXO_OK);
    EXPECT_IS(mapped(child[i]), mapped_to_read(child[i]));
    EXPECT_IS(exo_table_link((struct exo_table_link){OS_SLOT_SELF, child[i], 2, parent}), EXO_KIND);
    EXPECT_IS(exo_table_link((struct exo_table_link){OS_SLOT_SELF, child[i], 2, child[i]}), EXO_KIND);
    parent = child[i];
  }
  // As a page of its own leaf, or of another table's.
  EXPECT_IS(exo_map((struct exo_map){OS_SLOT_SELF, parent, 0, OS_SLOT_SELF, parent, 3}), EXO_KIND);
  EXPECT_IS(exo_map((struct exo_map){OS_SLOT_SELF, parent, 0, OS_SLOT_SELF, root, 3}), EXO_KIND);
  EXPECT_IS(exo_map((struct exo_map){OS_SLOT_SELF, root, 0, OS_SLOT_SELF, place_table(), 3}), EXO_KIND);
  for (int i = PTE_LEVELS - 2; i >= 0; i--)
    EXPECT_IS(exo_table_drop((struct exo_table_drop){OS_SLOT_SELF, child[i]}), EXO_OK);
  EXPECT_IS(exo_table_drop((struct exo_table_drop){OS_SLOT_SELF, root}), EXO_OK);
  EXPECT(mapped(root) > 0); // no table any more
  for (int i = 0; i < PTE_LEVELS - 1; i++) frame_end(child[i]);
  frame_end(root);
}

// --- All of memory: what may be mapped is what the frame table says

static bool may_map(const struct exo_frame_desc *d, exo_slot slot, uint64_t prot) {
  const struct exo_slot_window *s = (const struct exo_slot_window *)&os_self.window->slot[slot];
  uint64_t kind = exo_state_kind(d->state);
  if (!(s->rights & EXO_RIGHTS_ALL) || !exo_name_is_prefix(s->name, d->guard) || prot & ~s->rights) return false;
  if (kind == EXO_KIND_WINDOW || kind == EXO_KIND_ENV) return prot == EXO_READ;
  if (kind == EXO_KIND_TABLE) return prot == EXO_READ && exo_state_level(d->state) < PTE_LEVELS - 1;
  if (kind == EXO_KIND_UAREA) return !(prot & EXO_EXEC);
  bool both = (d->state >> 5 | prot) % 8 >= 6; // writable and executable
  return kind == EXO_KIND_USER && !both;
}

void attack_kernel_memory(void) {
  const struct exo_machine_window *m = os_self.machine;
  uint64_t wrong = 0, tried = 0, allowed = 0;
  (void)place_table();
  for (uint64_t i = 0; i < m->range_count; i++)
    for (exo_frame f = m->range[i].first, end = f + m->range[i].count; f < end; f++) {
      const struct exo_frame_desc *d = os_frame_desc(f);
      for (exo_slot s = 0; d && s < 5; s++)
        for (uint64_t prot = 1; prot < 6; prot += 2) {
          bool may = may_map(d, s, prot) && f != place_table(); // no table is a page of its own
          if (s && !may) continue;                              // what no slot reaches is tried with the first one
          bool did = exo_map((struct exo_map){OS_SLOT_SELF, place_table(), 3, s, f, prot}) == EXO_OK;
          tried++;
          allowed += did;
          wrong += may != did;
          if (did) (void)place_unmap(3, 1);
        }
    }
  EXPECT_IS(wrong, 0);
  static const exo_frame beyond[] = {1ull << 36, 1ull << 40, ~0ull, ~0ull >> 12, 1ull << 52, 1ull << 63};
  for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) EXPECT_IS(place_map(3, beyond[i], 3), EXO_NO_FRAME);
  EXPECT_IS(place_map(3, m->frame_count, 3), EXO_NO_FRAME);
  note("%lu tries, %lu allowed", tried, allowed);
}

// --- A frame that another still maps

int counter(int argc, char **argv) {
  (void)argc;
  (void)argv;
  for (;;) os_self.shared[DONE]++;
}

void attack_free_mapped(void) {
  struct kid k;
  if (!kid_start(&k, (struct kid_how){.cpu = second_cpu()}, "counter", 0, 0)) return;
  EXPECT(kid_until(&k, DONE, 1000, MS(20000)));
  exo_frame f = k.frame, root = frame_new();
  exo_env e = k.child.env;
  EXPECT_IS(exo_table_root((struct exo_table_root){OS_SLOT_SELF, root}), EXO_OK);
  for (int i = 0; i < 2; i++) { // mapped by both, and by the other alone
    EXPECT_IS(exo_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, f}), EXO_BUSY);
    EXPECT_IS(exo_frame_take((struct exo_frame_take){OS_SLOT_SELF, f, os_self.name, 0}), EXO_BUSY);
    EXPECT_IS(exo_table_root((struct exo_table_root){OS_SLOT_SELF, f}), EXO_BUSY);
    EXPECT_IS(exo_table_link((struct exo_table_link){OS_SLOT_SELF, root, 0, f}), EXO_BUSY);
    EXPECT_IS(exo_env_create((struct exo_env_create){OS_SLOT_SELF, f, sub(4)}), EXO_BUSY);
    EXPECT_IS(exo_env_cpu((struct exo_env_cpu){OS_SLOT_SELF, e, 0, f, root}), EXO_BUSY);
    EXPECT_IS(exo_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, e & ((1ull << 40) - 1)}), EXO_BUSY);
    if (i == 0) {
      uint64_t was = k.shared[DONE];
      EXPECT(kid_until(&k, DONE, was + 1000, MS(20000)));
      os_core_unmap((const void *)(uintptr_t)k.shared);
    }
  }
  k.shared = os_core_map(OS_SLOT_SELF, f, EXO_READ | EXO_WRITE);
  uint64_t was = k.shared[DONE];
  EXPECT(was > 1000);
  EXPECT(kid_until(&k, DONE, was + 1000, MS(20000)));
  kid_end(&k);
  EXPECT_IS(exo_table_drop((struct exo_table_drop){OS_SLOT_SELF, root}), EXO_OK);
  frame_end(root);
}

// --- All slots, all slices

void attack_slots(void) {
  uint64_t filled = 0, refused = 0;
  bool mine[EXO_SLOTS] = {};
  for (exo_slot s = 0; s < EXO_SLOTS; s++) {
    if (exo_cap_open((struct exo_cap_open){s, 1}) != EXO_OK) continue;
    filled += mine[s] = exo_cap_grant((struct exo_cap_grant){OS_SLOT_SELF, os_self.env, s, sub(s), 1}) == EXO_OK;
  }
  for (exo_slot s = 0; s < EXO_SLOTS + 2; s++)
    refused += exo_cap_grant((struct exo_cap_grant){OS_SLOT_SELF, os_self.env, s, sub(s), 1}) ==
               (s < EXO_SLOTS ? EXO_BUSY : EXO_RANGE);
  EXPECT(filled > EXO_SLOTS / 2);
  EXPECT_IS(refused, EXO_SLOTS + 2);
  for (exo_slot s = 0; s < EXO_SLOTS; s++)
    if (mine[s]) slot_end(s);
}

// Somebody has all slices of a CPU but one; who has that one gets it.
void attack_slices(void) {
  struct kid greedy, poor;
  uint64_t cpu = os_self.machine->cpu_count - 1;
  if (!kid_start(&greedy, (struct kid_how){.cpu = cpu, .slice = 1, .slice_ns = MS(1)}, "counter", 0, 0)) return;
  if (!kid_start(&poor, (struct kid_how){.cpu = cpu, .slice = 31, .slice_ns = MS(1)}, "counter", 0, 0))
    return kid_end(&greedy);
  struct exo_slice_set set = {OS_SLOT_SLICE, cpu, 0, greedy.child.env, MS(1), EXO_GUARD_SLICE};
  for (set.index = 0; set.index < 31; set.index++) EXPECT_IS(exo_slice_set(set), EXO_OK);
  for (set.index = 32; set.index; set.index <<= 1) EXPECT_IS(exo_slice_set(set), EXO_RANGE);
  uint64_t turns = 20, had = poor.shared[DONE];
  for (; turns && !failures(); turns--) {
    EXPECT(kid_until(&poor, DONE, had + 1, MS(2000)));
    had = poor.shared[DONE];
    os_sleep_until(os_now_ns() + MS(32));
  }
  set.env = set.length_ns = 0;
  for (set.index = 0; set.index < 31; set.index++) EXPECT_IS(exo_slice_set(set), EXO_OK);
  note("%lu and %lu counted", greedy.shared[DONE], poor.shared[DONE]);
  kid_end(&greedy);
  kid_end(&poor);
}

// --- The edges of every argument of every call

int edges(int argc, char **argv) {
  (void)argc;
  (void)argv;
  uint64_t edge[64 * 3 + 8], count = 0, top = 1ull << (EXO_ADDRESS_BITS - 1);
  exo_frame f = frame_new();
  for (unsigned i = 0; i < 64; i++)
    for (int d = -1; d <= 1; d++) edge[count++] = (1ull << i) + (uint64_t)d;
  edge[count++] = ~(top - 1);
  edge[count++] = top - EXO_PAGE;
  edge[count++] = os_self.machine->frame_count;
  for (uint64_t n = 0; n < EXO_CALL_COUNT; n++)
    for (unsigned at = 0; at < EXO_CALL_WORDS; at++)
      for (uint64_t i = 0; i < count; i++) {
        uint64_t a[EXO_CALL_WORDS] = {0, f, 0, 0, f, 1};
        a[at] = edge[i];
        bool itself = (n == EXO_CALL_env_stop || n == EXO_CALL_cap_drop) && (a[1] == 0 || a[1] == os_self.env);
        bool away = n == EXO_CALL_yield || n == EXO_CALL_wait; // for ever, perhaps
        if (itself || away || (n == EXO_CALL_resume && a[0] < 2)) continue;
        exo_result r = arch_call(n, a);
        os_self.shared[WINS] += r < -STORM_RESULTS; // no result that there is
        os_self.shared[TRIES]++;
        if (r == EXO_OK && (n == EXO_CALL_table_root || n == EXO_CALL_frame_drop || n == EXO_CALL_env_create))
          f = frame_new();
      }
  os_self.shared[DONE] = 1;
  return 0;
}

void attack_arguments(void) {
  struct kid k;
  if (!kid_start(&k, (struct kid_how){.ceiling = 4096}, "edges", 0, 0)) return;
  EXPECT(kid_wait(&k, MS(60000)));
  EXPECT_IS(k.shared[DONE], 1);
  EXPECT_IS(k.shared[WINS], 0);
  EXPECT(k.shared[TRIES] > 20'000);
  note("%lu calls", k.shared[TRIES]);
  kid_end(&k);
}
