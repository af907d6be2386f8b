// pager_zero.c: policy: zero pages on demand: "take this frame" and "map it". Two traps are fewer instructions than a
// batch of two; the kernel hands frames out cleared.
#include <os/mem.h>

// Maps a fresh frame at `page`. BUSY: another program took that frame first.
static exo_result fill(const struct os_region *region, uint64_t page, const struct os_leaf *leaf) {
  exo_frame frame = os_frame_pick();
  if (!frame) return os_frame_why < 0 ? os_frame_why : EXO_EMPTY;
  uint64_t index = page >> EXO_PAGE_BITS & 511;
  exo_result r = exo_frame_take((struct exo_frame_take){.slot = OS_SLOT_SELF, .frame = frame, .guard = os_self.name});
  if (r != EXO_OK) return os_frame_why = r;
  r = exo_map((struct exo_map){.slot = OS_SLOT_SELF,
                               .table = leaf->frame,
                               .index = index,
                               .frame_slot = OS_SLOT_SELF,
                               .frame = frame,
                               .prot = region->prot});
  if (r == EXO_OK)
    leaf->shadow[index] = frame << 3 | region->prot;
  else
    os_frame_put(frame);
  return r;
}

static bool zero_fault(const struct os_region *region, uint64_t page, uint64_t cause) {
  uint64_t need = cause == EXO_CAUSE_WRITE ? EXO_WRITE : cause == EXO_CAUSE_EXEC ? EXO_EXEC : EXO_READ;
  if (!(region->prot & need)) return false;
  const struct os_leaf *leaf = os_table_leaf(page, true);
  if (!leaf || !leaf->shadow) return false;
  uint64_t present = leaf->shadow[page >> EXO_PAGE_BITS & 511];
  if (present) return present & need; // the translation was still on its way
  exo_result r;
  do r = fill(region, page, leaf);
  while (r == EXO_BUSY);
  return r == EXO_OK;
}

static void zero_forget(const struct os_region *region, uint64_t start, uint64_t end) {
  (void)region;
  os_unmap(start, end, true);
}

// Pages hold what the program wrote: without a place to keep it none can be given back.
static uint64_t zero_give_back(const struct os_region *region, uint64_t count) {
  (void)region;
  (void)count;
  return 0;
}

const struct os_pager os_pager_zero = {
    .name = "zero pages", .fault = zero_fault, .forget = zero_forget, .give_back = zero_give_back};
