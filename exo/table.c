// table.c: page tables, supplied and named by the caller: made, linked, taken out; one walk for all machines.
//
// A table frame's MAPS count is the number of its live entries; its home says of which root it is a part and where. A
// root's home is the set of CPUs it is loaded on: they alone can hold its translations.
#include "core.h"

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

// The first address below entry `index` of a table.
static uint64_t linked_va(const struct claim *table, uint64_t index) {
  uint64_t level = exo_state_level(table->state), va = level == PTE_LEVELS - 1 ? 0 : exo_home_va(table->desc->home);
  return va + (index << (EXO_PAGE_BITS + 9 * level));
}

static exo_result link_check(const struct exo_table_link *a, const struct claim *table, const struct claim *child) {
  if (exo_state_kind(table->state) != EXO_KIND_TABLE || exo_state_level(table->state) == 0) return EXO_KIND;
  if (exo_state_kind(child->state) != EXO_KIND_USER) return EXO_KIND;
  unsigned level = (unsigned)exo_state_level(table->state);
  if (level == PTE_LEVELS - 1 && a->index >= USER_ENTRIES) return EXO_RANGE;
  // The page at the very top stays empty, so that no pc runs out of the user half; its whole leaf table does.
  uint64_t end = linked_va(table, a->index + 1);
  if (level == 1 && end > ARCH_USER_LIMIT) return EXO_RANGE;
  return !state_idle(child->state) || pte_present(table_entries(table->desc)[a->index]) ? EXO_BUSY : EXO_OK;
}

exo_result sys_table_link(const struct exo_table_link *a) {
  if (a->index >= ENTRIES) return EXO_RANGE;
  if (a->table == a->frame) return frame_at(a->frame) ? EXO_KIND : EXO_NO_FRAME;
  struct claim table = {.slot = a->slot, .frame = a->table, .rights = EXO_MANAGE};
  struct claim child = {.slot = a->slot, .frame = a->frame, .rights = EXO_MANAGE};
  if (!claim_lock(&table)) return CLAIM_REFUSED(table, a, table_link);
  if (!claim_lock(&child)) {
    claim_release(&table, 0);
    return CLAIM_REFUSED(child, a, table_link);
  }
  exo_result r = link_check(a, &table, &child);
  if (r == EXO_OK) {
    frame_clear(a->frame);
    bool top = exo_state_level(table.state) == PTE_LEVELS - 1;
    child.desc->home = exo_home_table(top ? a->table : exo_home_root(table.desc->home), linked_va(&table, a->index));
    child.state = EXO_KIND_TABLE | (exo_state_level(table.state) - 1) << EXO_STATE_LEVEL_SHIFT;
    __atomic_store_n(&table_entries(table.desc)[a->index], pte_table(a->frame << EXO_PAGE_BITS), __ATOMIC_RELEASE);
    arch_table_fence();
  }
  frame_unlock(child.desc, child.state);
  claim_release(&table, r == EXO_OK ? ONE_MAP : 0);
  return r;
}

// The entry that leads to a table. It can not change while the table is locked, nor can those above it.
static pte_t *table_entry(uint64_t home, uint64_t level) {
  pte_t *t = frame_memory(exo_home_root(home));
  for (uint64_t at = PTE_LEVELS - 1;; at--) {
    pte_t *entry = &t[exo_home_va(home) >> (EXO_PAGE_BITS + 9 * at) & (ENTRIES - 1)];
    if (at == level + 1) return entry;
    t = direct(pte_physical(*entry));
  }
}

// Takes a table's entry out of its parent. Both locked.
static void table_unlink(pte_t *entry, exo_frame root) {
  __atomic_store_n(entry, 0, __ATOMIC_RELEASE);
  if (arch_self()->root == root) arch_flush_all(); // walkers keep upper levels too
  (void)shoot_down(loaded_elsewhere(root), EXO_OK);
}

exo_result sys_table_drop(const struct exo_table_drop *a) {
  struct exo_frame_desc *d, *parent;
  uint64_t s, parent_state;
  pte_t *entry;
  for (;;) { // a parent is locked after its child only by trying
    parent = nullptr;
    exo_result r = frame_claim(a->slot, a->table, EXO_MANAGE, &d, &s);
    if (r != EXO_OK) return r;
    if (exo_state_kind(s) != EXO_KIND_TABLE || !state_idle(s)) {
      frame_unlock(d, s);
      return exo_state_kind(s) != EXO_KIND_TABLE ? EXO_KIND : EXO_BUSY;
    }
    if (exo_state_level(s) == PTE_LEVELS - 1) break;
    entry = table_entry(d->home, exo_state_level(s));
    parent = &frame_table()[((uint64_t)entry - EXO_DIRECT_BASE) >> EXO_PAGE_BITS];
    if (frame_try_lock(parent, &parent_state)) break;
    frame_unlock(d, s);
    cpu_relax();
  }
  if (parent) {
    table_unlink(entry, exo_home_root(d->home));
    frame_unlock(parent, parent_state - ONE_MAP);
  }
  frame_clear(a->table);
  d->home = 0;
  frame_unlock(d, EXO_KIND_USER);
  return EXO_OK;
}

// --- Joining: a full leaf table of one 2 MiB run stands in its parent as one leaf. It stays where it is and counts
// what it maps, so nothing but the parent's entry changes, and splitting needs no memory.

// Other CPUs see nothing there for a moment (break before make: Arm ARM D8.14); a fault meanwhile is to be tried again.
static void parent_change(pte_t *entry, pte_t to, exo_frame root) {
  __atomic_store_n(entry, 0, __ATOMIC_RELEASE);
  if (arch_self()->root == root) arch_flush_all();
  (void)shoot_down(loaded_elsewhere(root), EXO_OK);
  __atomic_store_n(entry, to, __ATOMIC_RELEASE);
  arch_table_fence();
}

// The parent of a locked leaf table, locked; nullptr: it is held.
static struct exo_frame_desc *parent_lock(const struct exo_frame_desc *d, pte_t **entry, uint64_t *state) {
  *entry = table_entry(d->home, 0);
  struct exo_frame_desc *parent = &frame_table()[((uint64_t)*entry - EXO_DIRECT_BASE) >> EXO_PAGE_BITS];
  return frame_try_lock(parent, state) ? parent : nullptr;
}

bool table_split(struct exo_frame_desc *d) {
  pte_t *entry;
  uint64_t parent_state;
  struct exo_frame_desc *parent = parent_lock(d, &entry, &parent_state);
  if (!parent) return false;
  parent_change(entry, pte_table(frame_number(d) << EXO_PAGE_BITS), exo_home_root(d->home));
  frame_unlock(parent, parent_state);
  __atomic_fetch_and(&d->state, ~EXO_STATE_JOINED, __ATOMIC_RELAXED);
  return true;
}

// 512 pages in a row, alike in everything but what the machine notes of their use, and not forbidden.
static bool may_join(const struct exo_frame_desc *d, uint64_t s) {
  const pte_t *e = table_entries(d);
  pte_t first = pte_aged(entry_get(&e[0]), 3);
  if (exo_state_maps(s) != ENTRIES || !pte_live(first) || pte_physical(first) % (ENTRIES * EXO_PAGE)) return false;
  pte_t flags = first ^ pte_address(pte_physical(first));
  for (uint64_t i = 1; i < ENTRIES; i++)
    if ((pte_aged(entry_get(&e[i]), 3) ^ pte_address(pte_physical(first) + i * EXO_PAGE)) != flags) return false;
  return true;
}

exo_result sys_table_join(const struct exo_table_join *a) {
  if (a->joined > 1) return EXO_RANGE;
  for (;;) {
    struct exo_frame_desc *d, *parent;
    uint64_t s, parent_state;
    pte_t *entry;
    exo_result r = frame_claim(a->slot, a->table, EXO_MANAGE, &d, &s);
    if (r != EXO_OK) return r;
    bool joined = s & EXO_STATE_JOINED;
    if (!joined && !is_leaf_table(s)) r = EXO_KIND;
    if (r == EXO_OK && !joined && a->joined && !may_join(d, s)) r = EXO_BUSY;
    if (r != EXO_OK || joined == (bool)a->joined) {
      frame_unlock(d, s);
      return r;
    }
    parent = parent_lock(d, &entry, &parent_state);
    if (parent) {
      pte_t to = joined ? pte_table(a->table << EXO_PAGE_BITS) : pte_join(entry_get(table_entries(d)));
      parent_change(entry, to, exo_home_root(d->home));
      frame_unlock(parent, parent_state);
      frame_unlock(d, s ^ EXO_STATE_JOINED);
      return EXO_OK;
    }
    frame_unlock(d, s);
    cpu_relax();
  }
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
