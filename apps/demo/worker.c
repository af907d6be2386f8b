// worker.c: one of the two that distrust each other: computes on memory that its own pager fills, and attacks its peer.
#include "demo.h"

enum : uint64_t { MEMORY = OS_HEAP_END - PAGES * EXO_PAGE };
static struct desk *desk;

// A zero page, then the stamp: the sum comes out right only if every page came from here, once.
static bool stamp_fault(const struct os_region *region, uint64_t page, uint64_t cause) {
  if (desk->mode == MODE_DOOR && desk->faults == PAGES / 2) {
    desk->in_door = 1;
    for (;;) arch_pause(); // dies here
  }
  if (!os_pager_zero.fault(region, page, cause)) return false;
  *(volatile uint64_t *)page = page_stamp(desk->seed, (page - region->start) / EXO_PAGE);
  desk->faults = desk->faults + 1;
  return true;
}
static void stamp_forget(const struct os_region *region, uint64_t start, uint64_t end) {
  os_pager_zero.forget(region, start, end);
}
static uint64_t stamp_give_back(const struct os_region *region, uint64_t count) {
  return os_pager_zero.give_back(region, count);
}
static const struct os_pager pager_stamp = {
    .name = "stamped pages", .fault = stamp_fault, .forget = stamp_forget, .give_back = stamp_give_back};

int worker(void) {
  desk = (struct desk *)(uintptr_t)os_self.shared;
  volatile uint64_t *memory = (volatile uint64_t *)MEMORY;
  struct os_region r = {
      .start = MEMORY, .end = MEMORY + PAGES * EXO_PAGE, .prot = EXO_READ | EXO_WRITE, .pager = &pager_stamp};
  if (os_region_add(r) != EXO_OK) return 1;
  struct walk w = {.random = desk->seed | 1};
  uint64_t random = desk->seed * 3 | 1, steps = 0;
  bool attacks = desk->mode == MODE_ATTACK;
  while (attacks && !desk->peer) os_yield(0, os_now_ns() + 100'000);
  if (attacks) attack_start(desk);
  for (; attacks ? steps < desk->calls : !desk->stop; steps++) {
    walk_step(&w, memory);
    if (attacks) attack_once(desk, &random);
    desk->steps = steps + 1;
  }
  desk->checksum = w.sum;
  desk->done = 1;
  return 0;
}

uint64_t expected(uint64_t seed, uint64_t steps) {
  uint64_t *memory = os_alloc(PAGES * EXO_PAGE);
  if (!memory) return 0;
  for (uint64_t i = 0; i < PAGES; i++) memory[i * EXO_PAGE / 8] = page_stamp(seed, i);
  struct walk w = {.random = seed | 1};
  for (uint64_t i = 0; i < steps; i++) walk_step(&w, memory);
  os_free(memory);
  return w.sum;
}
