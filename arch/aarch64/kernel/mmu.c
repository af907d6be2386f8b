// mmu.c: address spaces: roots, translations, and the accessed and dirty bits where the CPU does not keep them.
#include "machine.h"

// TCR_EL1 (Arm ARM D19.2.139). Sizes, granules and attributes are the loader's.
#define TCR_HA (1ull << 39)
#define TCR_HD (1ull << 40)
enum { MAIR_WANTED = 0x04FF }; // index 0: normal write-back, 1: device nGnRE

void arch_root_init(pte_t *table) { (void)table; } // the kernel's half hangs at TTBR1

void arch_root_load(uint64_t root, uint64_t asid, bool fresh) {
  sysreg_write("ttbr0_el1", root | asid << 48);
  isb();
  if (fresh) arch_flush_all();
}

void mmu_init(void) {
  uint64_t tcr = sysreg_read("tcr_el1"), mair = sysreg_read("mair_el1");
  if ((mair & 0xFFFF) != MAIR_WANTED) panic("the loader left memory attributes %lx", mair);
  if ((tcr & 63) != 16 || (tcr >> 16 & 63) != 16)
    panic("the loader left addresses of other than 48 bits (TCR %lx)", tcr);
  // HAFDBS 2: the CPU keeps both bits; 0 and 1: mmu_touch does. Then these aborts must pass by C.
  bool keeps = field4(sysreg_read("id_aa64mmfr1_el1"), 0) >= 2;
  sysreg_write("tcr_el1", keeps ? tcr | TCR_HA | TCR_HD : tcr & ~(TCR_HA | TCR_HD));
  isb();
  arch_flush_all();
  enum { TRANSLATION = 1 << 1, PERMISSION = 1 << 3 };
  machine_self()->aborts = keeps ? TRANSLATION | PERMISSION : TRANSLATION;
}

// The running program's leaf entry for an address. Tables can not go away under the walk: taking one out needs an
// answer of this CPU, which is busy here.
static pte_t *user_leaf(uint64_t va) {
  if (va >= ARCH_USER_LIMIT) return nullptr;
  uint64_t table = sysreg_read("ttbr0_el1") & PTE_ADDRESS;
  for (int level = PTE_LEVELS - 1;; level--) {
    pte_t *e = (pte_t *)direct(table) + (va >> (12 + 9 * level) & 511);
    if (level == 0) return e;
    pte_t at = __atomic_load_n(e, __ATOMIC_RELAXED);
    if (!(at & PTE_VALID) || pte_is_leaf(at, level)) return nullptr;
    table = pte_physical(at);
  }
}

// For an entry that was refused as not accessed, or as clean.
bool mmu_touch(uint64_t va, bool write) {
  pte_t *entry = user_leaf(va);
  if (!entry) return false;
  pte_t e = __atomic_load_n(entry, __ATOMIC_RELAXED), want;
  do {
    if (!(e & PTE_VALID) || (write && !(pte_prot(e) & 2))) return false;
    want = (e | PTE_AF) & ~(write ? PTE_RO : 0); // nothing new: another CPU was faster, or the TLB older
  } while (!__atomic_compare_exchange_n(entry, &e, want, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  arch_flush_page(va);
  return true;
}
