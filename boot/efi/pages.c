// pages.c: builds the kernel's address space with the machine's own codec. Physical addresses are usable as pointers:
// all machines run the loader identity mapped (UEFI 2.10, 2.3).
#include "loader.h"
#include <arch/pte.h>

enum { ENTRIES = 512, BLOCK_FRAMES = 512, CHUNK = 16 };

static uint64_t table_take(void) {
  static uint64_t next, left;
  if (!left) {
    next = memory_take(CHUNK, UINT64_MAX, EXO_USE_KERNEL, "page tables");
    left = CHUNK;
  }
  uint64_t table = next;
  next += EXO_PAGE;
  left--;
  return table;
}

// The entry for va at `level`; tables on the way are made.
static pte_t *slot(uint64_t root, uint64_t va, int level) {
  pte_t *table = (pte_t *)root;
  for (int l = PTE_LEVELS - 1;; l--) {
    pte_t *e = &table[va >> (EXO_PAGE_BITS + 9 * l) & (ENTRIES - 1)];
    if (l == level) return e;
    if (!pte_present(*e)) *e = pte_table(table_take());
    if (pte_is_leaf(*e, l)) fail("page tables", "two mappings overlap");
    table = (pte_t *)pte_physical(*e);
  }
}

static void put(uint64_t root, uint64_t va, int level, pte_t entry) {
  pte_t *e = slot(root, va, level);
  if (pte_present(*e)) fail("page tables", "two mappings overlap");
  *e = entry;
}

static bool is_block(uint64_t va, uint64_t physical, uint64_t count) {
  return (va | physical) % BLOCK_BYTES == 0 && count >= BLOCK_FRAMES;
}

void pages_map(uint64_t root, uint64_t va, uint64_t physical, uint64_t count, uint64_t prot) {
  for (; count; count--, va += EXO_PAGE, physical += EXO_PAGE) put(root, va, 0, pte_leaf(physical, prot, false));
}

void pages_map_hole(uint64_t root, uint64_t va, uint64_t physical, uint64_t count) {
  for (; count; count--, va += EXO_PAGE) put(root, va, 0, pte_leaf(physical, EXO_READ, false));
}

void pages_map_device(uint64_t root, uint64_t physical, uint64_t size) {
  uint64_t end = physical + size;
  while (physical < end) {
    uint64_t va = EXO_DEVICE_BASE + physical;
    bool block = is_block(va, physical, (end - physical) / EXO_PAGE);
    put(root, va, block, block ? pte_device_block(physical) : pte_device(physical));
    physical += block ? BLOCK_BYTES : EXO_PAGE;
  }
}

static bool is_quiet(const struct quiet *quiet, uint64_t first, uint64_t count) {
  for (uint32_t i = 0; i < quiet->count; i++)
    if (quiet->span[i].first < first + count && first < quiet->span[i].first + quiet->span[i].count) return true;
  return false;
}

// 2 MiB at a time where all of it is alike, else page by page.
void pages_map_direct(uint64_t root, const struct map *ram, const struct quiet *quiet) {
  for (uint32_t i = 0; i < ram->count; i++) {
    uint64_t frame = ram->range[i].first, end = frame + ram->range[i].count;
    while (frame < end) {
      uint64_t physical = frame * EXO_PAGE, va = EXO_DIRECT_BASE + physical;
      if (is_block(va, physical, end - frame) && !is_quiet(quiet, frame, BLOCK_FRAMES)) {
        put(root, va, 1, pte_block(physical, EXO_READ | EXO_WRITE));
        frame += BLOCK_FRAMES;
      } else {
        put(root, va, 0, pte_leaf(physical, is_quiet(quiet, frame, 1) ? EXO_READ : EXO_READ | EXO_WRITE, false));
        frame++;
      }
    }
  }
}
