// map_test.c: the firmware's memory map and the list of device windows.
#include "test.h"

struct descriptor {
  uint32_t type, pad;
  uint64_t physical, virtual, pages, attribute, more; // firmware makes them longer than the specification does
};
static struct map map, ram;

static void check_order(const struct map *m) {
  for (uint32_t i = 0; i < m->count; i++) {
    WANT(m->range[i].count && m->range[i].first + m->range[i].count <= 1ull << FRAME_LIMIT_BITS);
    if (i) WANT(m->range[i - 1].first + m->range[i - 1].count <= m->range[i].first);
  }
}

void parse_map(const void *input, size_t size) {
  if (map_read(&map, input, size, sizeof(struct descriptor)) == nullptr) {
    check_order(&map);
    map_claim(&map, test_random() % 4096, test_random() % 4096, EXO_USE_KERNEL);
    check_order(&map);
    map_limit(&map, test_random() % 4096);
    check_order(&map);
  }
}

static void claims(void) {
  WANT(!map_claim(&map, 0x18, 0x10, EXO_USE_KERNEL)); // over the border of two uses
  WANT(map.count == 4 && map.range[0].count == 0x18 && map.range[1].use == EXO_USE_KERNEL &&
       map.range[1].count == 0x10);
  WANT(map.range[2].first == 0x28 && map.range[2].use == EXO_USE_FIRMWARE);
  WANT(map_is_taken(&map, 0, 0x19) && map_is_taken(&map, 0x27, UINT64_MAX) && !map_is_taken(&map, 0x28, 100));
  WANT(!map_claim(&map, 0x30, 0x50, EXO_USE_APP)); // over a hole: what is no RAM stays none
  WANT(map.range[3].first == 0x80 || map.range[2].count == 8);
  check_order(&map);
  WANT(!map_claim(&map, 5, UINT64_MAX, EXO_USE_FREE));
  WANT(!map_claim(&map, UINT64_MAX, UINT64_MAX, EXO_USE_APP));
  check_order(&map);
  map_ram(&ram, &map, 128);
  WANT(ram.count == 2 && ram.range[0].first == 0 && ram.range[0].count == 128 && ram.range[1].first == 256);
}

static void devices(void) {
  static struct exo_boot boot;
  WANT(!device_add(&boot, 0x10000, 0x1000) && !device_add(&boot, 0x12000, 0x1000) && boot.device_count == 2);
  WANT(!device_add(&boot, 0x11010, 0x10) && boot.device_count == 1); // fills the gap
  WANT(boot.device[0].physical == 0x10000 && boot.device[0].size == 0x3000);
  WANT(device_add(&boot, 1, 0) && device_add(&boot, UINT64_MAX, 2) && device_add(&boot, 4096, UINT64_MAX));
  for (uint64_t i = 1; i < EXO_BOOT_DEVICES; i++) WANT(!device_add(&boot, i << 20, 1));
  WANT(says(device_add(&boot, 1ull << 40, 1), "more register windows"));
  for (uint64_t i = 0; i < 20; i++) device_add_cpu(&boot, i % 18);
  WANT(boot.cpu_count == EXO_MAX_CPUS && boot.cpus_left_out == 2);
}

void map_test(void) {
  struct descriptor d[] = {
      // type, pad, physical, virtual, pages, attribute: unsorted on purpose
      {7, 0, 0x100000, 0, 0x10, 8, 0}, {4, 0, 0x10000, 0, 0x10, 8, 0},  {5, 0, 0x20000, 0, 0x10, 8, 0},
      {3, 0, 0x0, 0, 0x10, 8, 0},      {11, 0, 0x50000, 0, 0x10, 8, 0}, {7, 0, 0x60000, 0, 0x10, 1, 0},
  };
  WANT(!map_read(&map, d, sizeof d, sizeof d[0]));
  WANT(map.count == 3 && map.range[0].first == 0 && map.range[0].count == 0x20 && map.range[0].use == EXO_USE_FREE);
  WANT(map.range[1].use == EXO_USE_FIRMWARE && map.range[2].first == 0x100);
  claims();
  WANT(!map_read(&map, d, sizeof d, sizeof d[0]) && map.left_out == 0);
  map_limit(&map, 0x110);
  WANT(map.count == 3 && map.left_out == 0);
  map_limit(&map, 0x108); // through the middle of the last range
  WANT(map.count == 3 && map.range[2].count == 8 && map.left_out == 8);
  map_limit(&map, 0x20); // before the last two
  WANT(map.count == 1 && map.range[0].count == 0x20 && map.left_out == 0x20);
  map_limit(&map, 0);
  WANT(map.count == 0 && map.left_out == 0x40);
  WANT(says(map_read(&map, d, sizeof d, 16), "multiple") &&
       says(map_read(&map, d, sizeof d - 1, sizeof d[0]), "multiple"));
  WANT(says(map_read(&map, d, 0, sizeof d[0]), "no memory"));
  test_damage(d, sizeof d, parse_map, 20000);
  d[0].physical = 0x18000;
  WANT(says(map_read(&map, d, sizeof d, sizeof d[0]), "overlap"));
  d[0].physical = 0x100001;
  WANT(says(map_read(&map, d, sizeof d, sizeof d[0]), "begin on a page"));
  d[0].physical = 0x100000, d[0].pages = UINT64_MAX;
  WANT(says(map_read(&map, d, sizeof d, sizeof d[0]), "16 TiB"));
  devices();
}
