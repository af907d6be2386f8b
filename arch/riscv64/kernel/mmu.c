// mmu.c: page tables as the CPU sees them: loading, fences, flushes (Privileged Architecture, "satp" and "SFENCE.VMA").
// The kernel's pages are global and never change.
#include "machine.h"

enum { ENTRIES = 512, KERNEL_ENTRIES = 256 };

void arch_root_init(pte_t *table) {
  const pte_t *kernel = direct(machine_boot->root_physical);
  for (int i = KERNEL_ENTRIES; i < ENTRIES; i++) table[i] = kernel[i];
}

// How many address-space identifiers a hart has is its own affair, and may be none: bits that it has not read as 0.
void mmu_init(void) {
  uint64_t satp = csr_read(satp);
  csr_write(satp, satp | SATP_ASID);
  machine_of(arch_self())->has_asids = (csr_read(satp) & SATP_ASID) >> SATP_ASID_SHIFT >= ARCH_ASIDS;
  csr_write(satp, satp);
}

void arch_root_load(uint64_t root, uint64_t asid, bool fresh) {
  bool has = machine_of(arch_self())->has_asids;
  csr_write(satp, SATP_MODE | (has ? asid << SATP_ASID_SHIFT : 0) | root >> 12);
  if (fresh || !has)
    arch_flush_all();
  else
    arch_code_fence(); // what was written elsewhere in our absence
}
