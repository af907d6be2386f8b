// space.c: what leaf tables hold: checked edits of entries that the caller names, and how all CPUs come to know.
#include "core.h"

exo_result shoot_down(uint64_t cpus, exo_result result) {
  if (cpus) __atomic_fetch_add(&machine_window.shootdowns, 1, __ATOMIC_RELAXED);
  for (unsigned i = 0; cpus; i++, cpus >>= 1)
    if (cpus & 1) smp_cross(i);
  return result;
}

static inline uint64_t loads(uint64_t home) { return home & ((1ull << EXO_HOME_REMEMBERS) - 1); }

// A CPU that remembers a root and has not loaded it loses its bit, not its translations: space_load looks at the bit.
// One that loads the root meanwhile has the other bit set by now, and is asked.
[[gnu::cold]] uint64_t forget_later(exo_frame root, uint64_t own) {
  uint64_t *home = &frame_table()[root].home, all = loads(~0ull);
  return loads(__atomic_fetch_and(home, all | own, __ATOMIC_SEQ_CST) & ~own);
}

// What is remembered under the identifier is good if it is of this root, and nobody has edited it in our absence.
static inline bool is_fresh(struct cpu *cpu, exo_frame root, uint64_t had) {
  if (ARCH_ASIDS == 1) return true;
  exo_frame *last = &cpu->remembered[root % ARCH_ASIDS], before = *last;
  *last = root;
  return before != root || cpu->bits & ~had & ~loads(~0ull);
}

// The bits are set before the root is loaded, so that an editor either sees them or its edit is seen by the first walk.
void space_load(exo_frame root) {
  struct cpu *cpu = arch_self();
  exo_frame before = cpu->root;
  if (before == root) return;
  cpu->root = root;
  if (root) {
    uint64_t had = __atomic_fetch_or(&frame_table()[root].home, cpu->bits, __ATOMIC_SEQ_CST);
    arch_root_load(root << EXO_PAGE_BITS, 1 + root % ARCH_ASIDS, is_fresh(cpu, root, had));
  } else {
    arch_root_load(boot->low_root_physical, 0, false);
  }
  if (before) __atomic_fetch_and(&frame_table()[before].home, ~loads(cpu->bits), __ATOMIC_SEQ_CST);
}

// What a leaf entry becomes by its protection, and what it must have to become so at once. Nothing, or reading with
// writing, executing, or (to be refused by W^X) both; bits 0: no such protection.
// `keeps`: what a mapping made so may become later. What was not made executable never is, what was, is never written.
static const struct prot {
  pte_t bits, ready;
  exo_word keeps;
} prots[] = {
    [0] = {PTE_USER(0), PTE_READY(0), 0}, [1] = {PTE_USER(1), PTE_READY(1), 3}, [3] = {PTE_USER(3), PTE_READY(3), 3},
    [5] = {PTE_USER(5), PTE_READY(5), 5}, [7] = {PTE_USER(7), PTE_READY(7), 7},
};
static inline bool prot_valid(exo_word prot) { return prot < sizeof prots / sizeof *prots && prots[prot].bits; }

// A frame's state when it is mapped so. A frame that is executable anywhere is writable nowhere.
static inline uint64_t state_with(uint64_t state, exo_word prot) {
  static_assert(EXO_STATE_WRITE == EXO_WRITE << 5 && EXO_STATE_EXEC == EXO_EXEC << 5);
  return state | (prot & (EXO_WRITE | EXO_EXEC)) << 5;
}
static inline bool w_xor_x(uint64_t state) { return (~state & (EXO_STATE_WRITE | EXO_STATE_EXEC)) != 0; }

// Frames that are not a program's plain memory: u-areas never executable, the kernel's windows to read only.
static bool special_may_map(uint64_t state, exo_word prot) {
  uint64_t kind = exo_state_kind(state);
  if (kind == EXO_KIND_UAREA) return !(prot & EXO_EXEC);
  bool below_root = kind == EXO_KIND_TABLE && exo_state_level(state) < PTE_LEVELS - 1;
  return (kind == EXO_KIND_WINDOW || kind == EXO_KIND_ENV || below_root) && prot == EXO_READ;
}

// May a frame in this state be mapped so? (Its kind is asked elsewhere.)
static inline bool map_counts(uint64_t frame, exo_word prot) {
  bool full = exo_state_maps(frame) && exo_state_maps(~frame) == 0; // no more can be counted
  return !full && w_xor_x(state_with(frame, prot));
}

// Why a table, or a frame, takes no mapping: what sys_map has found is asked once more, in order.
[[gnu::cold, gnu::noinline]] static exo_result map_why(struct exo_frame_desc *table, struct exo_frame_desc *frame,
                                                       pte_t entry, exo_word prot) {
  uint64_t t = frame_state(table), f = frame ? frame_state(frame) : 0;
  frame_unlock(table, t);
  if (frame) frame_unlock(frame, f);
  if (!is_leaf_table(t)) return EXO_KIND;
  if (pte_present(entry)) return EXO_BUSY;
  if (exo_state_kind(f) != EXO_KIND_USER && !special_may_map(f, prot)) return EXO_KIND;
  return w_xor_x(state_with(f, prot)) ? EXO_BUSY : EXO_W_XOR_X;
}

// A table, to be read by who may: its mappings are pins, since its MAPS are its own entries.
[[gnu::cold, gnu::noinline]] static exo_result map_table(const struct exo_map *a, struct exo_frame_desc *table,
                                                         struct exo_frame_desc *frame) {
  uint64_t f = state_of(frame);
  bool full = exo_state_pins(f) == EXO_STATE_PINS >> EXO_STATE_PINS_SHIFT;
  if (!special_may_map(f, a->prot) || full) return map_why(table, frame, 0, a->prot);
  frame_unlock(frame, f + ONE_PIN);
  pte_t e = pte_keep(pte_address(a->frame << EXO_PAGE_BITS) | PTE_USER(EXO_READ), EXO_READ);
  __atomic_store_n(&table_entries(table)[a->index], e, __ATOMIC_RELEASE);
  arch_table_fence();
  frame_unlock(table, state_of(table) + ONE_MAP);
  return EXO_OK;
}

exo_result sys_map(const struct exo_map *a) {
  exo_word prot = a->prot;
  if (RARELY(a->index >= ENTRIES)) return EXO_RANGE;
  if (RARELY(!prot)) return EXO_RANGE;
  if (RARELY(!prot_valid(prot))) return EXO_RANGE;
  if (RARELY(a->table == a->frame)) return frame_at(a->frame) ? EXO_KIND : EXO_NO_FRAME;
  struct claim table = {.slot = a->slot, .frame = a->table, .rights = EXO_MANAGE};
  if (!claim_lock(&table)) return CLAIM_REFUSED(table, a, map);
  pte_t *entry = &table_entries(table.desc)[a->index];
  if (RARELY(!is_leaf_table(table.state))) return map_why(table.desc, nullptr, 0, prot);
  if (RARELY(pte_present(entry_get(entry)))) return map_why(table.desc, nullptr, entry_get(entry), prot);
  struct claim frame = {.slot = a->frame_slot, .frame = a->frame, .rights = prot};
  if (!claim_lock(&frame)) {
    claim_release(&table, 0); // whoever holds the frame may want the table
    return CLAIM_REFUSED(frame, a, map);
  }
  if (RARELY(exo_state_kind(frame.state) == EXO_KIND_TABLE)) return map_table(a, table.desc, frame.desc);
  exo_word kept = frame.held & prots[prot].keeps; // what the slot allows beyond `prot`, for `protect`
  if (RARELY(exo_state_kind(frame.state) != EXO_KIND_USER)) {
    if (!special_may_map(frame.state, prot)) return map_why(table.desc, frame.desc, 0, prot);
    kept = prot;
  }
  if (RARELY(!map_counts(frame.state, prot))) return map_why(table.desc, frame.desc, 0, prot);
  frame.desc->home = exo_state_maps(frame.state) ? 0 : a->table * ENTRIES + a->index;
  frame_unlock(frame.desc, state_with(frame.state, prot) + ONE_MAP);
  pte_t e = pte_keep(pte_address(a->frame << EXO_PAGE_BITS) | prots[prot].bits, kept);
  __atomic_store_n(entry, e, __ATOMIC_RELEASE);
  arch_table_fence();
  if (RARELY(prot & EXO_EXEC)) arch_code_fence();
  claim_release(&table, ONE_MAP);
  return EXO_OK;
}

// --- Ranges of one leaf table

static inline bool range_valid(exo_word index, exo_word count) {
  if (RARELY(count > EXO_RANGE_MAX)) return false;
  if (RARELY(index >= ENTRIES)) return false;
  return index + count <= ENTRIES;
}
static inline bool skips(exo_word skip, uint64_t i) { return skip >> (i % 64) & 1; }

[[gnu::cold, gnu::noinline]] static exo_result not_a_leaf(struct exo_frame_desc *table) {
  frame_unlock(table, frame_state(table));
  return EXO_KIND;
}

// What a frame's state must be for an entry of it to become writable, or executable, and what is noted then. A frame
// that has become a u-area since it was mapped is never executable, whatever was kept.
struct admission {
  uint64_t mask, value, adds;
};
static inline struct admission admission_for(exo_word prot) {
  uint64_t adds = state_with(0, prot);
  if (prot & EXO_EXEC) return (struct admission){EXO_STATE_WRITE | EXO_STATE_KIND, EXO_KIND_USER, adds};
  return (struct admission){prot & EXO_WRITE ? EXO_STATE_EXEC : 0, 0, adds};
}

[[gnu::cold, gnu::noinline]] static bool admit_why(struct exo_frame_desc *d, struct admission to) {
  uint64_t s = frame_lock(d);
  bool may = (s & to.mask) == to.value;
  frame_unlock(d, may ? s | to.adds : s);
  return may;
}

// The entry at hand keeps the frame mapped meanwhile.
static inline bool frame_admit(struct exo_frame_desc *d, const struct admission *to) {
  uint64_t s = __atomic_load_n(&d->state, __ATOMIC_RELAXED);
  if ((s & (to->mask | EXO_STATE_LOCK)) == to->value &&
      __atomic_compare_exchange_n(&d->state, &s, s | to->adds, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
    return true;
  return admit_why(d, *to);
}

// This CPU forgets the translations of `count` entries of a leaf table, one by one while that is cheaper. Returns the
// root: the others are told by shoot_down.
static inline exo_frame forget(const struct exo_frame_desc *table, uint64_t index, uint64_t count) {
  enum { ONE_BY_ONE = 8 };
  exo_frame root = exo_home_root(table->home);
  if (arch_self()->root == root) {
    uint64_t va = exo_home_va(table->home) + (index << EXO_PAGE_BITS);
    if (RARELY(count > ONE_BY_ONE))
      arch_flush_all();
    else
      for (uint64_t end = va + (count << EXO_PAGE_BITS); va != end; va += EXO_PAGE) arch_flush_page(va);
  }
  return root;
}

// The end of protecting: `done` entries were passed, some of which a CPU may have used as they were. The way on is open
// to others before the other CPUs have forgotten, but this call has not returned before.
static inline exo_result protect_end(const struct exo_protect *a, struct exo_frame_desc *table, uint64_t done,
                                     bool live, exo_result why) {
  exo_result r = done ? (exo_result)done : why;
  arch_table_fence();
  if (RARELY(a->prot & EXO_EXEC)) arch_code_fence();
  exo_frame root = live ? forget(table, a->index, done) : 0;
  uint64_t cpus = root ? loaded_elsewhere(root) : 0; // while the table is locked its root can not go away
  frame_unlock(table, frame_state(table));
  return RARELY(cpus) ? shoot_down(cpus, r) : r;
}

// From the first entry on of which more must be asked than whether it is ready.
[[gnu::cold, gnu::noinline]] static exo_result protect_ask(const struct exo_protect *a, struct exo_frame_desc *table,
                                                           uint64_t done, bool live) {
  pte_t *entry = &table_entries(table)[a->index];
  exo_word prot = a->prot, skip = a->skip, count = a->count;
  const struct prot to = prots[prot];
  const struct admission admission = admission_for(prot);
  exo_result r = EXO_OK;
  for (; done < count; done++) {
    pte_t e = entry_get(&entry[done]);
    if (skips(skip, done) || !pte_present(e)) continue;
    if (prot & ~pte_kept(e))
      r = EXO_DENIED;
    else if (!frame_admit(&frame_table()[pte_physical(e) >> EXO_PAGE_BITS], &admission))
      r = EXO_W_XOR_X;
    if (r != EXO_OK) break;
    live |= pte_live(e);
    while (!__atomic_compare_exchange_n(&entry[done], &e, (e & PTE_STAYS) | PTE_CARRY(e) | to.bits, false,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
    } // another CPU may note an access meanwhile
  }
  return protect_end(a, table, done, live, r);
}

exo_result sys_protect(const struct exo_protect *a) {
  exo_word count = a->count, skip = a->skip, done = 0;
  if (RARELY(!range_valid(a->index, count))) return EXO_RANGE;
  if (RARELY(!prot_valid(a->prot))) return EXO_RANGE;
  struct claim table = {.slot = a->slot, .frame = a->table, .rights = EXO_MANAGE};
  if (!claim_lock(&table)) return CLAIM_REFUSED(table, a, protect);
  if (RARELY(!is_leaf_table(table.state))) return not_a_leaf(table.desc);
  pte_t *entry = &table_entries(table.desc)[a->index];
  const struct prot to = prots[a->prot];
  bool live = false;
  const uint64_t *home = &frame_table()[exo_home_root(table.desc->home)].home;
  if (RARELY(loads(__atomic_load_n(home, __ATOMIC_RELAXED) & ~arch_self()->bits)))
    return protect_ask(a, table.desc, 0, false);
  for (; done < count; done++) {
    if (skips(skip, done)) continue;
    pte_t e = entry_get(&entry[done]);
    if (~e & to.ready) { // nothing there, or something to ask
      if (!pte_present(e)) continue;
      return protect_ask(a, table.desc, done, live);
    }
    live |= pte_live(e);
    __atomic_store_n(&entry[done], (e & PTE_STAYS) | PTE_CARRY(e) | to.bits, __ATOMIC_RELEASE);
  }
  return protect_end(a, table.desc, done, live, EXO_OK);
}

// One mapping of a frame is gone and no CPU can use it any more. The last one gone, it may be written or executed
// again. The frame may be a table whose holder waits for all CPUs to forget: so this one answers while it waits.
static inline void frame_unmapped(exo_frame n) {
  struct exo_frame_desc *d = &frame_table()[n];
  uint64_t s = __atomic_load_n(&d->state, __ATOMIC_RELAXED), next;
  for (;;) {
    s &= ~EXO_STATE_LOCK;
    next = s - (exo_state_kind(s) == EXO_KIND_TABLE ? ONE_PIN : ONE_MAP);
    if (!(next & EXO_STATE_MAPS)) next &= ~(uint64_t)(EXO_STATE_WRITE | EXO_STATE_EXEC);
    if (__atomic_compare_exchange_n(&d->state, &s, next, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) break;
    cpu_relax();
  }
  CHECK(s & (EXO_STATE_MAPS | EXO_STATE_PINS));
}

// The second half of unmapping: no CPU reaches the pages any more, so their frames are counted down.
static inline exo_result unmap_end(struct exo_frame_desc *table, uint64_t gone) {
  const uint32_t *frame = arch_self()->gone;
  for (uint64_t i = 0; i < gone; i++) frame_unmapped(frame[i]);
  frame_unlock(table, frame_state(table) - (gone << EXO_STATE_MAPS_SHIFT));
  return (exo_result)gone;
}
[[gnu::cold, gnu::noinline]] static exo_result unmap_far(struct exo_frame_desc *table, uint64_t gone, uint64_t cpus) {
  (void)shoot_down(cpus, EXO_OK);
  return unmap_end(table, gone);
}

// First no CPU may reach the pages, then their frames may be counted down: another call could free them at once.
static inline exo_result unmap_locked(const struct exo_unmap *a, struct exo_frame_desc *table) {
  uint64_t gone = 0, count = a->count, skip = a->skip;
  pte_t *entry = &table_entries(table)[a->index];
  uint32_t *frame = arch_self()->gone;
  for (uint64_t i = 0; i < count; i++) {
    pte_t e = entry_get(&entry[i]);
    if (!pte_present(e) || skips(skip, i)) continue;
    __atomic_store_n(&entry[i], 0, __ATOMIC_RELAXED);
    frame[gone++] = (uint32_t)(pte_physical(e) >> EXO_PAGE_BITS);
  }
  uint64_t cpus = gone ? loaded_elsewhere(forget(table, a->index, count)) : 0;
  return RARELY(cpus) ? unmap_far(table, gone, cpus) : unmap_end(table, gone);
}

exo_result sys_unmap(const struct exo_unmap *a) {
  if (RARELY(!range_valid(a->index, a->count))) return EXO_RANGE;
  struct claim table = {.slot = a->slot, .frame = a->table, .rights = EXO_MANAGE};
  if (!claim_lock(&table)) return CLAIM_REFUSED(table, a, unmap);
  if (RARELY(!is_leaf_table(table.state))) return not_a_leaf(table.desc);
  return unmap_locked(a, table.desc);
}

// Of the entries looked at, those that are not the caller's to remove; `found`: how many are.
static exo_word not_swept(const struct exo_sweep *a, const pte_t *entry, uint64_t *found) {
  exo_word skip = 0;
  for (uint64_t i = 0; i < a->count; i++) {
    pte_t e = entry_get(&entry[i]);
    bool may = pte_present(e) &&
               cap_rights(env_self(), a->slot, guard_of(&frame_table()[pte_physical(e) >> EXO_PAGE_BITS])) & EXO_GUARD;
    skip |= (exo_word)!may << i;
    *found += may;
  }
  return skip;
}

// Locks a leaf table of anybody's, and splits it if it is joined. False: it is none (but locked).
static bool leaf_lock(struct exo_frame_desc *d) {
  for (;;) {
    uint64_t s = frame_lock(d);
    if (!(s & EXO_STATE_JOINED)) return is_leaf_table(s);
    if (table_split(d)) return true;
    frame_unlock(d, s);
    cpu_relax();
  }
}

exo_result sys_sweep(const struct exo_sweep *a) {
  struct exo_frame_desc *d = frame_at(a->table);
  if (a->count > 64 || !range_valid(a->index, a->count)) return EXO_RANGE;
  if (!d) return EXO_NO_FRAME;
  if (cap_check(env_self(), a->slot, 0, 0) == EXO_NO_SLOT) return EXO_NO_SLOT;
  if (!leaf_lock(d)) return not_a_leaf(d);
  const struct env *owner = frame_memory(d->account);
  uint64_t found = 0;
  exo_word skip = not_swept(a, &table_entries(d)[a->index], &found);
  if (found && owner != env_self()) // before it can fault there
    taken_note(owner->w.number, EXO_TAKEN_MAPPINGS | found << 8, a->table << 9 | a->index);
  return unmap_locked(&(struct exo_unmap){.index = a->index, .count = a->count, .skip = skip}, d);
}

void space_evict(exo_frame table, uint64_t index, exo_frame frame) {
  struct exo_frame_desc *d = &frame_table()[table];
  const pte_t *entry = &table_entries(d)[index];
  if (!leaf_lock(d)) return (void)not_a_leaf(d);
  pte_t e = entry_get(entry);
  bool here = pte_present(e) && pte_physical(e) == frame << EXO_PAGE_BITS;
  (void)unmap_locked(&(struct exo_unmap){.index = index, .count = here}, d);
}

exo_result sys_age(const struct exo_age *a) {
  if (!range_valid(a->index, a->count) || !a->what || a->what > 3) return EXO_RANGE;
  struct claim table = {.slot = a->slot, .frame = a->table, .rights = EXO_MANAGE};
  if (!claim_lock(&table)) return CLAIM_REFUSED(table, a, age);
  if (!is_leaf_table(table.state)) return not_a_leaf(table.desc);
  pte_t *entry = &table_entries(table.desc)[a->index];
  exo_result had = 0;
  for (uint64_t i = 0; i < a->count; i++) {
    pte_t e = __atomic_load_n(&entry[i], __ATOMIC_RELAXED);
    bool has = pte_present(e) && ((a->what & 1 && pte_accessed(e)) || (a->what & 2 && pte_dirty(e)));
    if (!has || skips(a->skip, i)) continue;
    while (
        !__atomic_compare_exchange_n(&entry[i], &e, pte_aged(e, a->what), false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
    }
    had++;
  }
  exo_frame root = had ? forget(table.desc, a->index, a->count) : 0; // else the next use would not be noted
  uint64_t cpus = root ? loaded_elsewhere(root) : 0;
  claim_release(&table, 0);
  return shoot_down(cpus, had);
}
