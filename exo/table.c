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
