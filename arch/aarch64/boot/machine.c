// machine.c: AArch64 for the loader.
#include "firmware.h"
#include "machine.h"
#include <string.h>

void machine_semihosting_exit(const uint64_t *block); // enter.S

uint64_t machine_cpu(void) {
  uint64_t mpidr;
  __asm__ volatile("mrs %0, mpidr_el1" : "=r"(mpidr));
  return mpidr & 0xFF00FFFFFFull; // the affinity fields, as PSCI and the tables write them
}

fault machine_check(void) {
  uint64_t mmfr0;
  __asm__ volatile("mrs %0, id_aa64mmfr0_el1" : "=r"(mmfr0));
  return (mmfr0 >> 28 & 15) == 15 ? "it has no 4 KiB pages" : nullptr; // Arm ARM D19.2.64, TGran4
}

void machine_ports(struct exo_boot *boot) { (void)boot; } // the tables tell all

// To the point of coherency, for the trampoline runs with caches off; then every instruction cache (Arm ARM B2.4.4).
void machine_sync_code(const void *at, size_t size) {
  uint64_t ctr, end = (uintptr_t)at + size;
  __asm__ volatile("mrs %0, ctr_el0" : "=r"(ctr));
  uint64_t line = 4ull << (ctr >> 16 & 15);
  for (uint64_t p = (uintptr_t)at & -line; p < end; p += line) __asm__ volatile("dc cvac, %0" ::"r"(p) : "memory");
  __asm__ volatile("dsb ish; ic ialluis; dsb ish; isb" ::: "memory");
}

extern uint8_t trampoline_begin[], trampoline_end[], trampoline_enter[], trampoline_root[], trampoline_low_root[],
    trampoline_kernel[];

static void patch(uint8_t *page, const uint8_t *label, uint64_t value) {
  memcpy(page + (label - trampoline_begin), &value, sizeof value);
}

void machine_trampoline(void *page, uint64_t root, uint64_t low_root, uint64_t entry) {
  size_t size = (size_t)(trampoline_end - trampoline_begin);
  memcpy(page, trampoline_begin, size);
  patch(page, trampoline_root, root);
  patch(page, trampoline_low_root, low_root);
  patch(page, trampoline_kernel, entry);
  machine_sync_code(page, size);
}

void machine_enter(uint64_t trampoline, uint64_t boot) {
  void (*enter)(uint64_t) = (void (*)(uint64_t))(trampoline + (uint64_t)(trampoline_enter - trampoline_begin));
  enter(boot);
  __builtin_unreachable();
}

void machine_exit(uint64_t power_base) {
  static const uint64_t block[2] = {0x20026, EXIT_LOADER}; // ADP_Stopped_ApplicationExit and the status
  (void)power_base;
  machine_semihosting_exit(block);
}
