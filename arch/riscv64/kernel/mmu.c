// mmu.c: page tables as the CPU sees them: loading, fences, flushes (Privileged Architecture, "satp" and "SFENCE.VMA").
//
// One address-space number, 0, for all: loading a root forgets the last one's translations. The kernel's pages are
// global and never change.
#include "machine.h"

enum { ENTRIES = 512, KERNEL_ENTRIES = 256 };

void arch_root_init(pte_t *table) {
  const pte_t *kernel = direct(machine_boot->root_physical);
  for (int i = KERNEL_ENTRIES; i < ENTRIES; i++) table[i] = kernel[i];
}

void arch_root_load(uint64_t root) {
  csr_write(satp, SATP_MODE | root >> 12);
  arch_flush_all();
}
