// space.c: page tables: one walk for all machines, checked edits of tables that the caller supplied and names.
//
// A table frame's MAPS count is the number of its live entries; its home is its place in its parent. A root's home is
// the set of CPUs it is loaded on: they alone can hold its translations.
#include "core.h"

enum { ENTRIES = 512, USER_ENTRIES = 256 }; // a root's entries above USER_ENTRIES are the kernel's

static pte_t *table_entries(const struct exo_frame_desc *d) { return frame_memory(frame_number(d)); }

// Where a table stands: its root, and the address its entry 0 translates.
struct place {
  exo_frame root;
  uint64_t va;
};
static struct place table_place(const struct exo_frame_desc *d) {
  struct place p = {frame_number(d), 0};
  unsigned level = (unsigned)exo_state_level(d->state);
  for (; level < PTE_LEVELS - 1; level++) {
    p.va += (d->home % ENTRIES) << (EXO_PAGE_BITS + 9 * (level + 1));
    p.root = d->home / ENTRIES;
    d = &frame_table()[p.root];
  }
  return p;
}
static struct place leaf_place(const struct exo_frame_desc *d) { // the same for a leaf table, whose way is known
  static_assert(PTE_LEVELS == 4);
  uint64_t h0 = d->home, h1 = frame_table()[h0 / ENTRIES].home, h2 = frame_table()[h1 / ENTRIES].home;
  uint64_t va = (h2 % ENTRIES) << 39 | (h1 % ENTRIES) << 30 | (h0 % ENTRIES) << 21;
  return (struct place){.root = h2 / ENTRIES, .va = va};
}

// Other CPUs forget everything of this root; the caller's own has been told entry by entry.
static void shoot_down(exo_frame root) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST); // the edits come before the look at who may have loaded the root
  uint64_t loaded = __atomic_load_n(&frame_table()[root].home, __ATOMIC_SEQ_CST) & ~(1ull << arch_self()->index);
  if (!loaded) return;
  __atomic_fetch_add(&machine_window.shootdowns, 1, __ATOMIC_RELAXED);
  for (unsigned i = 0; loaded; i++, loaded >>= 1)
    if (loaded & 1) smp_cross(i);
}

// The bit is set before the root is loaded, so that an editor either sees it or its edit is seen by the first walk.
void space_load(exo_frame root) {
  struct cpu *cpu = arch_self();
  if (cpu->root == root) return;
  uint64_t bit = 1ull << cpu->index;
  if (root) __atomic_fetch_or(&frame_table()[root].home, bit, __ATOMIC_SEQ_CST);
  arch_root_load(root ? root << EXO_PAGE_BITS : boot->low_root_physical);
  if (cpu->root) __atomic_fetch_and(&frame_table()[cpu->root].home, ~bit, __ATOMIC_SEQ_CST);
  cpu->root = root;
}

// Nothing, or reading with writing, executing, or (to be refused by W^X) both.
static bool prot_valid(exo_word prot) { return prot < 8 && 0xAB >> prot & 1; }

// May a frame in this state be mapped so? A frame that is executable anywhere is writable nowhere.
static bool w_xor_x(uint64_t state, exo_word prot) {
  bool write = state & EXO_STATE_WRITE || prot & EXO_WRITE, exec = state & EXO_STATE_EXEC || prot & EXO_EXEC;
  return !(write && exec);
}
static uint64_t state_with(uint64_t state, exo_word prot) {
  return state | (prot & EXO_WRITE ? EXO_STATE_WRITE : 0) | (prot & EXO_EXEC ? EXO_STATE_EXEC : 0);
}

// Claims two different frames.
[[gnu::always_inline]] static inline exo_result claim_two(struct claim *a, struct claim *b) {
  a->desc = frame_at(a->frame);
  b->desc = frame_at(b->frame);
  if (!a->desc || !b->desc) return EXO_NO_FRAME;
  if (a->desc == b->desc) return EXO_KIND;
  for (;;) {
    a->state = frame_lock(a->desc);
    if (frame_try_lock(b->desc, &b->state)) break;
    claim_release(a); // whoever holds b may want a
    cpu_relax();
  }
  bool first = claim_check(a);
  if (first && claim_check(b)) return EXO_OK;
  claim_release(first ? a : b);
  return first ? claim_refused(b->slot, b->desc, b->state, b->rights)
               : claim_refused(a->slot, a->desc, a->state, a->rights);
}

// Frames that are not a program's plain memory: u-areas never executable, the kernel's windows to read only.
static bool special_may_map(uint64_t kind, exo_word prot) {
  if (kind == EXO_KIND_UAREA) return !(prot & EXO_EXEC);
  return (kind == EXO_KIND_WINDOW || kind == EXO_KIND_ENV) && prot == EXO_READ;
}

static inline exo_result map_check(pte_t entry, uint64_t table, uint64_t frame, exo_word prot) {
  if ((table & (EXO_STATE_KIND | EXO_STATE_LEVEL)) != EXO_KIND_TABLE) return EXO_KIND;
  if (pte_present(entry)) return EXO_BUSY;
  if (exo_state_kind(frame) != EXO_KIND_USER && !special_may_map(exo_state_kind(frame), prot)) return EXO_KIND;
  if ((frame & EXO_STATE_MAPS) == EXO_STATE_MAPS) return EXO_BUSY;
  return w_xor_x(frame, prot) ? EXO_OK : EXO_W_XOR_X;
}

exo_result sys_map(const struct exo_map *a) {
  if (a->index >= ENTRIES || a->prot == 0 || !prot_valid(a->prot)) return EXO_RANGE;
  struct claim table = {.slot = a->slot, .frame = a->table, .rights = EXO_MANAGE};
  struct claim frame = {.slot = a->frame_slot, .frame = a->frame, .rights = a->prot};
  exo_result r = claim_two(&table, &frame);
  if (r != EXO_OK) return r;
  pte_t *entry = &table_entries(table.desc)[a->index];
  r = map_check(*entry, table.state, frame.state, a->prot);
  if (r == EXO_OK) {
    // What the slot allows beyond `prot` is kept in the entry for `protect`.
    exo_word kept = exo_state_kind(frame.state) == EXO_KIND_USER ? frame.held : a->prot;
    pte_t e = pte_keep(pte_leaf(a->frame << EXO_PAGE_BITS, a->prot, true), kept);
    frame.desc->home = exo_state_maps(frame.state) ? 0 : a->table * ENTRIES + a->index;
    frame.state = state_with(frame.state, a->prot) + (1ull << EXO_STATE_MAPS_SHIFT);
    table.state += 1ull << EXO_STATE_MAPS_SHIFT;
    __atomic_store_n(entry, e, __ATOMIC_RELEASE);
    arch_table_fence();
    if (a->prot & EXO_EXEC) arch_code_fence();
  }
  claim_release(&frame);
  claim_release(&table);
  return r;
}

// Claims a leaf table for a range call.
static inline exo_result range_claim(struct claim *c, exo_word index, exo_word count) {
  if (count > EXO_RANGE_MAX || index >= ENTRIES || count > ENTRIES - index) return EXO_RANGE;
  exo_result r = claim_lock(c);
  if (r != EXO_OK || (c->state & (EXO_STATE_KIND | EXO_STATE_LEVEL)) == EXO_KIND_TABLE) return r;
  claim_release(c);
  return EXO_KIND;
}

// Notes in the frame that it becomes writable or executable. The entry at hand keeps it mapped meanwhile. A frame that
// has become a u-area since it was mapped is never executable, whatever was kept.
static bool frame_admit(exo_frame n, exo_word prot) {
  struct exo_frame_desc *d = &frame_table()[n];
  uint64_t s = frame_lock(d);
  bool may = w_xor_x(s, prot) && (exo_state_kind(s) == EXO_KIND_USER || !(prot & EXO_EXEC));
  frame_unlock(d, may ? state_with(s, prot) : s);
  return may;
}

static inline uint64_t frame_state(exo_frame n) { return __atomic_load_n(&frame_table()[n].state, __ATOMIC_RELAXED); }

// Changes entries until one may not be changed so: *why. *stale: some CPU may have used what they were.
static uint64_t protect_entries(pte_t *entry, uint64_t count, exo_word prot, bool *stale, exo_result *why) {
  bool live = false;
  uint64_t done = 0, want = state_with(0, prot); // what the frame must have noted: else it is asked
  for (; done < count; done++) {
    pte_t e = entry[done];
    if (!pte_present(e)) continue;
    *why = EXO_DENIED;
    if (prot & ~pte_kept(e)) break;
    *why = EXO_W_XOR_X;
    exo_frame n = pte_physical(e) >> EXO_PAGE_BITS;
    if (want && (frame_state(n) & (EXO_STATE_WRITE | EXO_STATE_EXEC)) != want && !frame_admit(n, prot)) break;
    live |= pte_live(e);
    __atomic_store_n(&entry[done], pte_change(e, prot), __ATOMIC_RELEASE);
  }
  *stale = live;
  return done;
}

// Every CPU forgets the translations of `count` entries of a leaf table; this one, one by one while that is cheaper.
static void forget(const struct exo_frame_desc *table, uint64_t index, uint64_t count) {
  enum { ONE_BY_ONE = 8 };
  struct place p = leaf_place(table);
  if (arch_self()->root == p.root) {
    if (count > ONE_BY_ONE) {
      arch_flush_all();
    } else {
      uint64_t va = p.va + (index << EXO_PAGE_BITS);
      for (; count; count--, va += EXO_PAGE) arch_flush_page(va);
    }
  }
  shoot_down(p.root);
}

exo_result sys_protect(const struct exo_protect *a) {
  struct claim table = {.slot = a->slot, .frame = a->table, .rights = EXO_MANAGE};
  bool stale;
  if (!prot_valid(a->prot)) return EXO_RANGE;
  exo_result r = range_claim(&table, a->index, a->count);
  if (r != EXO_OK) return r;
  uint64_t done = protect_entries(&table_entries(table.desc)[a->index], a->count, a->prot, &stale, &r);
  arch_table_fence();
  if (a->prot & EXO_EXEC) arch_code_fence();
  if (stale) forget(table.desc, a->index, done);
  claim_release(&table);
  return done || !a->count ? (exo_result)done : r;
}

exo_result sys_unmap(const struct exo_unmap *a) {
  struct claim table = {.slot = a->slot, .frame = a->table, .rights = EXO_MANAGE};
  exo_result r = range_claim(&table, a->index, a->count);
  if (r != EXO_OK) return r;
  pte_t *entry = &table_entries(table.desc)[a->index];
  uint64_t gone = 0;
  // First no CPU may reach the pages, then their frames may be counted down: another call could free them at once.
  for (uint64_t i = 0; i < a->count; i++) {
    if (!pte_present(entry[i])) continue;
    __atomic_store_n(&entry[i], pte_change(entry[i], 0), __ATOMIC_RELEASE);
    gone++;
  }
  if (gone) forget(table.desc, a->index, a->count);
  for (uint64_t i = 0; gone && i < a->count; i++) {
    if (!pte_present(entry[i])) continue;
    frame_unmapped(pte_physical(entry[i]) >> EXO_PAGE_BITS);
    __atomic_store_n(&entry[i], 0, __ATOMIC_RELEASE);
  }
  table.state -= gone << EXO_STATE_MAPS_SHIFT;
  claim_release(&table);
  return (exo_result)gone;
}

exo_result sys_table_root(const struct exo_table_root *a) {
  struct exo_frame_desc *d;
  uint64_t s;
  exo_result r = frame_claim(a->slot, a->frame, EXO_MANAGE, &d, &s);
  if (r != EXO_OK) return r;
  if (exo_state_kind(s) != EXO_KIND_USER)
    r = EXO_KIND;
  else if (!state_idle(s))
    r = EXO_BUSY;
  else {
    frame_clear(a->frame);
    arch_root_init(table_entries(d));
    d->home = 0;
    s = EXO_KIND_TABLE | (uint64_t)(PTE_LEVELS - 1) << EXO_STATE_LEVEL_SHIFT;
  }
  frame_unlock(d, s);
  return r;
}

static exo_result link_check(const struct exo_table_link *a, const struct claim *table, const struct claim *child) {
  if (exo_state_kind(table->state) != EXO_KIND_TABLE || exo_state_level(table->state) == 0) return EXO_KIND;
  if (exo_state_kind(child->state) != EXO_KIND_USER) return EXO_KIND;
  unsigned level = (unsigned)exo_state_level(table->state);
  if (level == PTE_LEVELS - 1 && a->index >= USER_ENTRIES) return EXO_RANGE;
  // The page at the very top stays empty, so that no pc runs out of the user half; its whole leaf table does.
  uint64_t end = table_place(table->desc).va + ((a->index + 1) << (EXO_PAGE_BITS + 9 * level));
  if (level == 1 && end > ARCH_USER_LIMIT) return EXO_RANGE;
  return !state_idle(child->state) || pte_present(table_entries(table->desc)[a->index]) ? EXO_BUSY : EXO_OK;
}

exo_result sys_table_link(const struct exo_table_link *a) {
  if (a->index >= ENTRIES) return EXO_RANGE;
  struct claim table = {.slot = a->slot, .frame = a->table, .rights = EXO_MANAGE};
  struct claim child = {.slot = a->slot, .frame = a->frame, .rights = EXO_MANAGE};
  exo_result r = claim_two(&table, &child);
  if (r != EXO_OK) return r;
  r = link_check(a, &table, &child);
  if (r == EXO_OK) {
    frame_clear(a->frame);
    child.desc->home = a->table * ENTRIES + a->index;
    child.state = EXO_KIND_TABLE | (exo_state_level(table.state) - 1) << EXO_STATE_LEVEL_SHIFT;
    table.state += 1ull << EXO_STATE_MAPS_SHIFT;
    __atomic_store_n(&table_entries(table.desc)[a->index], pte_table(a->frame << EXO_PAGE_BITS), __ATOMIC_RELEASE);
    arch_table_fence();
  }
  claim_release(&child);
  claim_release(&table);
  return r;
}

// Takes a table's entry out of its parent. Both locked.
static void table_unlink(struct exo_frame_desc *parent, uint64_t *parent_state, const struct exo_frame_desc *child) {
  exo_frame root = table_place(child).root;
  __atomic_store_n(&table_entries(parent)[child->home % ENTRIES], 0, __ATOMIC_RELEASE);
  *parent_state -= 1ull << EXO_STATE_MAPS_SHIFT;
  if (arch_self()->root == root) arch_flush_all(); // walkers keep upper levels too
  shoot_down(root);
}

exo_result sys_table_drop(const struct exo_table_drop *a) {
  struct exo_frame_desc *d, *parent;
  uint64_t s, parent_state;
  for (;;) { // a parent is locked after its child only by trying
    parent = nullptr;
    exo_result r = frame_claim(a->slot, a->table, EXO_MANAGE, &d, &s);
    if (r != EXO_OK) return r;
    if (exo_state_kind(s) != EXO_KIND_TABLE || !state_idle(s)) {
      frame_unlock(d, s);
      return exo_state_kind(s) != EXO_KIND_TABLE ? EXO_KIND : EXO_BUSY;
    }
    if (exo_state_level(s) == PTE_LEVELS - 1) break;
    parent = &frame_table()[d->home / ENTRIES];
    if (frame_try_lock(parent, &parent_state)) break;
    frame_unlock(d, s);
    cpu_relax();
  }
  if (parent) {
    table_unlink(parent, &parent_state, d);
    frame_unlock(parent, parent_state);
  }
  frame_clear(a->table);
  d->home = 0;
  frame_unlock(d, EXO_KIND_USER);
  return EXO_OK;
}

// The kernel's own leaf entry for an address, 0 if there is none.
static pte_t kernel_entry(uint64_t va) {
  const pte_t *t = direct(boot->root_physical);
  for (int level = PTE_LEVELS - 1;; level--) {
    pte_t e = t[va >> (EXO_PAGE_BITS + 9 * level) & (ENTRIES - 1)];
    if (!pte_present(e) || pte_is_leaf(e, level)) return e;
    t = direct(pte_physical(e));
  }
}

// Text is executable and not writable, everything else not executable, and the direct map no back door to text.
void space_check_kernel(void) {
  extern const char kernel_start[], text_end[], rodata_end[], kernel_end[];
  uint64_t start = (uint64_t)kernel_start, end = (uint64_t)kernel_end;
  for (uint64_t va = start; va < end; va += EXO_PAGE) {
    exo_word want = va < (uint64_t)text_end     ? EXO_READ | EXO_EXEC
                    : va < (uint64_t)rodata_end ? EXO_READ
                                                : EXO_READ | EXO_WRITE;
    CHECK(pte_prot(kernel_entry(va)) == want);
    CHECK(pte_physical(kernel_entry(va)) == boot->kernel_physical + (va - start));
    exo_word alias = want & EXO_WRITE ? EXO_READ | EXO_WRITE : EXO_READ;
    CHECK(pte_prot(kernel_entry(EXO_DIRECT_BASE + boot->kernel_physical + (va - start))) == alias);
  }
  CHECK(pte_prot(kernel_entry((uint64_t)direct(boot->trampoline_physical))) == EXO_READ);
  CHECK(!pte_present(kernel_entry(EXO_PERCPU_BASE)));
}
