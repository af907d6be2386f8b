// pte.h: the page-table entry codec of AArch64, 4 KiB granule (Arm ARM D8.3). Pure functions, shared by kernel, loader,
// library.
#pragma once
#include <stdint.h>

typedef uint64_t pte_t;
enum { PTE_LEVELS = 4 }; // level 0 is the leaf table (the Arm ARM's level 3), level 3 the root

#define PTE_VALID (1ull << 0)
#define PTE_PAGE (1ull << 1)    // a table, or a page at the last level; clear: a block
#define PTE_DEVICE (1ull << 2)  // AttrIndx 1; MAIR: 0 = normal write-back, 1 = device nGnRE
#define PTE_USER_AP (1ull << 6) // AP[1]
#define PTE_RO (1ull << 7)      // AP[2]
#define PTE_INNER (3ull << 8)   // SH: inner shareable
#define PTE_AF (1ull << 10)
#define PTE_NG (1ull << 11)
#define PTE_DBM (1ull << 51) // a write clears PTE_RO: "may be written", where PTE_RO then says "is clean"
#define PTE_PXN (1ull << 53)
#define PTE_UXN (1ull << 54)
#define PTE_ADDRESS 0x0000FFFFFFFFF000ull
// Bits the machine leaves to software: the rights kept when the entry was made, and "has been writable". Of an invalid
// entry the machine looks at bit 0 only.
#define PTE_KEPT_SHIFT 55
#define PTE_NOTED (1ull << 58)
#define PTE_WRITTEN (1ull << 59) // was dirty before its protection changed

static inline bool pte_present(pte_t e) { return e; }          // holds a frame or a table
static inline bool pte_live(pte_t e) { return e & PTE_VALID; } // a CPU may have remembered it
static inline bool pte_is_leaf(pte_t e, int level) { return level == 0 || !(e & PTE_PAGE); }
static inline uint64_t pte_physical(pte_t e) { return e & PTE_ADDRESS; }
static inline pte_t pte_table(uint64_t physical) { return physical | PTE_VALID | PTE_PAGE; }

// A user's 4 KiB leaf but for the address. prot: 1 read, 2 write, 4 execute (EXO_READ...); 0: the page is kept but
// forbids every access. It begins neither accessed nor dirty; the kernel's own leaves are both. What is user is never
// privileged-executable, and the other way round.
#define PTE_USER(prot)                                                                                                 \
  ((prot) ? PTE_PAGE | PTE_VALID | PTE_INNER | PTE_USER_AP | PTE_PXN | PTE_NG | PTE_RO |                               \
                ((prot) & 2 ? PTE_DBM | PTE_NOTED : 0) | ((prot) & 4 ? 0 : PTE_UXN)                                    \
          : PTE_PAGE | PTE_RO)
static inline pte_t pte_address(uint64_t physical) { return physical; }
static inline pte_t pte_leaf(uint64_t physical, uint64_t prot, bool user) {
  if (user || !prot) return pte_address(physical) | PTE_USER(prot);
  return pte_address(physical) | PTE_PAGE | PTE_VALID | PTE_INNER | (prot & 4 ? 0 : PTE_PXN) | PTE_UXN | PTE_AF |
         (prot & 2 ? 0 : PTE_RO);
}
static inline pte_t pte_device(uint64_t physical) {
  return physical | PTE_VALID | PTE_PAGE | PTE_DEVICE | PTE_AF | PTE_PXN | PTE_UXN;
}
// 2 MiB leaves of the kernel's own maps (level 1).
static inline pte_t pte_block(uint64_t physical, uint64_t prot) { return pte_leaf(physical, prot, false) & ~PTE_PAGE; }
static inline pte_t pte_device_block(uint64_t physical) { return pte_device(physical) & ~PTE_PAGE; }

// The rights kept in the entry: the low three of EXO_READ...
static inline pte_t pte_keep(pte_t e, uint64_t rights) { return e | (rights & 7) << PTE_KEPT_SHIFT; }
static inline uint64_t pte_kept(pte_t e) { return e >> PTE_KEPT_SHIFT & 7; }
static inline uint64_t pte_prot(pte_t e) {
  if (!(e & PTE_VALID)) return 0;
  return 1 | (!(e & PTE_RO) || (e & PTE_DBM) ? 2 : 0) | (e & (e & PTE_USER_AP ? PTE_UXN : PTE_PXN) ? 0 : 4);
}
// The same page with other protection: what was kept, and what was noted of its use, stay. That it was written shows in
// PTE_RO, which is the protection itself: so it moves to a bit of its own.
#define PTE_STAYS (PTE_ADDRESS | 7ull << PTE_KEPT_SHIFT | PTE_NOTED | PTE_WRITTEN | PTE_AF)
#define PTE_CARRY(e) ((~(e) & PTE_RO) << 52)
static_assert(PTE_RO << 52 == PTE_WRITTEN);
static inline pte_t pte_change(pte_t e, uint64_t prot) { return (e & PTE_STAYS) | PTE_CARRY(e) | PTE_USER(prot); }
// The bits of an entry that may be changed to `prot` with no further question: the rights were kept, and if it is to be
// written, it has been so before. To execute there is always a question: no entry has all bits.
#define PTE_READY(prot) ((prot) & 4 ? ~0ull : (1ull | ((prot) & 2)) << PTE_KEPT_SHIFT | ((prot) & 2 ? PTE_NOTED : 0))
static inline bool pte_accessed(pte_t e) { return e & PTE_AF; }
static inline bool pte_dirty(pte_t e) { return !(e & PTE_RO) || (e & PTE_WRITTEN); }
// A full leaf table's 512 entries as one leaf of the level above: it counts as accessed and, if it may be written,
// dirty.
static inline pte_t pte_join(pte_t e) { return (e & ~PTE_PAGE & ~(e & PTE_DBM ? PTE_RO : 0)) | PTE_AF; }
// The same entry as never accessed (what & 1), never written (what & 2).
static inline pte_t pte_aged(pte_t e, uint64_t what) {
  return (e & ~((what & 1 ? PTE_AF : 0) | (what & 2 ? PTE_WRITTEN : 0))) | (what & 2 ? PTE_RO : 0);
}
