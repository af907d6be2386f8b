// map.c: the firmware's memory map as sorted, disjoint, merged ranges; and who uses them. Pure.
#include "loader.h"
#include <string.h>

struct descriptor { // EFI_MEMORY_DESCRIPTOR (UEFI 2.10, 7.2.3)
  uint32_t type, pad;
  uint64_t physical, virtual, pages, attribute;
};
enum { // EFI_MEMORY_TYPE: the RAM among them
  LOADER_CODE = 1,
  LOADER_DATA,
  BOOT_CODE,
  BOOT_DATA,
  RUNTIME_CODE,
  RUNTIME_DATA,
  CONVENTIONAL,
  ACPI_TABLES = 9,
  ACPI_NVS = 10,
};
enum : uint64_t { WRITE_BACK = 8 }; // EFI_MEMORY_WB: what can not be cached is no RAM for us

// 0: not RAM. Boot services are over when anyone reads the result.
static uint32_t use_of(const struct descriptor *d) {
  if (!(d->attribute & WRITE_BACK)) return 0;
  if (d->type >= LOADER_CODE && d->type <= BOOT_DATA) return EXO_USE_FREE;
  if (d->type == CONVENTIONAL) return EXO_USE_FREE;
  if (d->type == RUNTIME_CODE || d->type == RUNTIME_DATA) return EXO_USE_FIRMWARE;
  return d->type == ACPI_TABLES || d->type == ACPI_NVS ? EXO_USE_FIRMWARE : 0;
}

static uint64_t end_of(const struct exo_boot_range *r) { return r->first + r->count; }

static fault insert(struct map *map, struct exo_boot_range new) {
  if (map->count == MAP_WORK) return "more entries than the loader has room for";
  uint32_t at = map->count;
  for (; at && map->range[at - 1].first > new.first; at--) map->range[at] = map->range[at - 1];
  map->range[at] = new;
  map->count++;
  if (at && end_of(&map->range[at - 1]) > new.first) return "two entries overlap";
  if (at + 1 < map->count && end_of(&new) > map->range[at + 1].first) return "two entries overlap";
  return nullptr;
}

static void merge(struct map *map) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < map->count; i++) {
    struct exo_boot_range *last = kept ? &map->range[kept - 1] : nullptr;
    if (last && end_of(last) == map->range[i].first && last->use == map->range[i].use)
      last->count += map->range[i].count;
    else
      map->range[kept++] = map->range[i];
  }
  map->count = kept;
}

fault map_read(struct map *map, const void *descriptors, size_t size, size_t stride) {
  map->count = 0;
  map->left_out = 0;
  if (stride < sizeof(struct descriptor) || size % stride) return "its size is no multiple of a descriptor's";
  for (size_t at = 0; at < size; at += stride) {
    struct descriptor d;
    memcpy(&d, (const uint8_t *)descriptors + at, sizeof d);
    if (!use_of(&d) || !d.pages) continue;
    uint64_t first = d.physical / EXO_PAGE, limit = 1ull << FRAME_LIMIT_BITS;
    if (d.physical % EXO_PAGE) return "an entry does not begin on a page";
    if (first >= limit || d.pages > limit - first) return "an entry ends above 16 TiB";
    fault f = insert(map, (struct exo_boot_range){first, d.pages, use_of(&d), 0});
    if (f) return f;
  }
  if (!map->count) return "there is no memory in it";
  merge(map);
  return nullptr;
}

void map_limit(struct map *map, uint64_t end) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < map->count; i++) {
    struct exo_boot_range *r = &map->range[i];
    uint64_t within = r->first >= end ? 0 : end - r->first < r->count ? end - r->first : r->count;
    map->left_out += r->count - within;
    r->count = within;
    if (within) kept = i + 1; // sorted: nothing within follows what is not
  }
  map->count = kept;
}

static fault append(struct map *map, uint64_t first, uint64_t end, uint32_t use) {
  if (first >= end) return nullptr;
  if (map->count == MAP_WORK) return "more pieces than the loader has room for";
  map->range[map->count++] = (struct exo_boot_range){first, end - first, use, 0};
  return nullptr;
}

fault map_claim(struct map *map, uint64_t first, uint64_t count, uint32_t use) {
  static struct map old;
  uint64_t end = count > UINT64_MAX - first ? UINT64_MAX : first + count;
  old = *map;
  map->count = 0;
  for (uint32_t i = 0; i < old.count; i++) {
    const struct exo_boot_range *r = &old.range[i];
    uint64_t r_end = end_of(r);
    uint64_t from = first < r->first ? r->first : first > r_end ? r_end : first;
    uint64_t to = end > r_end ? r_end : end < from ? from : end;
    fault f;
    if ((f = append(map, r->first, from, r->use)) || (f = append(map, from, to, use)) ||
        (f = append(map, to, r_end, r->use)))
      return f;
  }
  merge(map);
  return nullptr;
}

bool map_is_taken(const struct map *map, uint64_t first, uint64_t count) {
  for (uint32_t i = 0; i < map->count; i++) {
    const struct exo_boot_range *r = &map->range[i];
    bool mine = r->use != EXO_USE_FREE && r->use != EXO_USE_FIRMWARE;
    if (mine && first < end_of(r) && (r->first < first || r->first - first < count)) return true;
  }
  return false;
}

void map_ram(struct map *ram, const struct map *map, uint64_t align) {
  ram->count = 0;
  for (uint32_t i = 0; i < map->count; i++) {
    uint64_t first = map->range[i].first & -align, end = (end_of(&map->range[i]) + align - 1) & -align;
    struct exo_boot_range *last = ram->count ? &ram->range[ram->count - 1] : nullptr;
    if (last && end_of(last) >= first)
      last->count = end - last->first;
    else
      ram->range[ram->count++] = (struct exo_boot_range){first, end - first, EXO_USE_FREE, 0};
  }
}

bool map_same(const struct map *a, const struct map *b) {
  return a->count == b->count && memcmp(a->range, b->range, a->count * sizeof a->range[0]) == 0;
}
