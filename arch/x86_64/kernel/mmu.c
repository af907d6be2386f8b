// mmu.c: install a table, forget a translation, the kernel's own mapping.
#include "machine.h"

static pte_t *kernel_root;
enum { ROOT_HALF = 256 };

void mmu_init(const struct exo_boot *boot) { kernel_root = direct(boot->root_physical); }

// The kernel's half never changes after boot: every root shares its second-level tables.
void arch_root_init(pte_t *table) { memcpy(table + ROOT_HALF, kernel_root + ROOT_HALF, ROOT_HALF * sizeof *table); }

void arch_root_load(uint64_t root, uint64_t, bool) { __asm__ volatile("mov %0, %%cr3" ::"r"(root) : "memory"); }
