// pager_window.c: policy: frames that exist already, consecutive from data[0] on, mapped read-only by slot data[1] when
// they are first touched, sixteen at a time: the boot archive, kernel tables.
#include <os/mem.h>

enum { AROUND = 16 };

static bool window_fault(const struct os_region *region, uint64_t page, uint64_t cause) {
  if (cause != EXO_CAUSE_READ) return false;
  if (os_table_entry(page)) return true;
  const struct os_leaf *leaf = os_table_leaf(page, true);
  if (!leaf) return false;
  struct exo_batch_entry entry[AROUND];
  unsigned count = 0;
  uint64_t table_end = (page | 0x1FFFFF) + 1, end = region->end < table_end ? region->end : table_end;
  for (uint64_t va = page; va < end && count < AROUND && !os_table_entry(va); va += EXO_PAGE)
    entry[count++] = os_entry_map((struct exo_map){.slot = OS_SLOT_SELF,
                                                   .table = leaf->frame,
                                                   .index = va >> EXO_PAGE_BITS & 511,
                                                   .frame_slot = region->data[1],
                                                   .frame = region->data[0] + (va - region->start) / EXO_PAGE,
                                                   .prot = EXO_READ});
  unsigned done = os_batch(entry, count);
  for (unsigned i = 0; i < done; i++) leaf->shadow[entry[i].argument[2]] = entry[i].argument[4] << 3 | EXO_READ;
  return done > 0;
}

static void window_forget(const struct os_region *region, uint64_t start, uint64_t end) {
  (void)region;
  os_unmap(start, end, false);
}

static uint64_t window_give_back(const struct os_region *region, uint64_t count) {
  (void)region;
  (void)count;
  return 0; // its frames are not on this program's account
}

const struct os_pager os_pager_window = {
    .name = "window", .fault = window_fault, .forget = window_forget, .give_back = window_give_back};
