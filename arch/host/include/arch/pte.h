// pte.h: page-table entries that look like no real machine's, so that the core can not know their layout by accident:
// the frame number is scrambled, rights are stored as prohibitions, and no flag is where others have it.
#pragma once
#include <stdint.h>

typedef uint64_t pte_t;
enum { PTE_LEVELS = 4 }; // level 0 is the leaf table, level 3 the root

#define PTE_FORBID 7ull        // read, write, execute: set where it is not allowed
#define PTE_LINK (1ull << 3)   // leads to a table
#define PTE_SUPER (1ull << 4)  // the kernel's own
#define PTE_PARKED (1ull << 5) // holds a page that no access may reach
#define PTE_NUMBER_SHIFT 8
#define PTE_NUMBER ((1ull << 40) - 1)
#define PTE_SCRAMBLE 0x5A5A5A5A5Aull
#define PTE_KEPT_SHIFT 49
#define PTE_NOTED (1ull << 52) // has been writable
#define PTE_USED (1ull << 63)  // in every entry that is not empty

static inline bool pte_present(pte_t e) { return e & PTE_USED; }
static inline bool pte_live(pte_t e) { return (e & PTE_USED) && !(e & PTE_PARKED); } // a CPU may have remembered it
static inline bool pte_is_leaf(pte_t e, int level) { return level == 0 || !(e & PTE_LINK); }
static inline uint64_t pte_physical(pte_t e) { return ((e >> PTE_NUMBER_SHIFT & PTE_NUMBER) ^ PTE_SCRAMBLE) << 12; }
static inline pte_t pte_number(uint64_t physical) {
  return PTE_USED | ((physical >> 12 & PTE_NUMBER) ^ PTE_SCRAMBLE) << PTE_NUMBER_SHIFT;
}
static inline pte_t pte_table(uint64_t physical) { return pte_number(physical) | PTE_LINK; }

// A user's 4 KiB leaf but for the address. prot: 1 read, 2 write, 4 execute (EXO_READ...); 0: the page is kept but
// forbids every access.
#define PTE_USER(prot)                                                                                                 \
  (PTE_USED | (~(uint64_t)(prot) & PTE_FORBID) | ((prot) ? 0 : PTE_PARKED) | ((prot) & 2 ? PTE_NOTED : 0))
static inline pte_t pte_address(uint64_t physical) { return pte_number(physical); }
static inline pte_t pte_leaf(uint64_t physical, uint64_t prot, bool user) {
  return pte_address(physical) | (user ? PTE_USER(prot) : (PTE_USER(prot) & ~PTE_NOTED) | PTE_SUPER);
}
static inline pte_t pte_device(uint64_t physical) { return pte_leaf(physical, 3, false); }

// The rights kept in the entry: the low three of EXO_READ...
static inline pte_t pte_keep(pte_t e, uint64_t rights) { return e | (rights & 7) << PTE_KEPT_SHIFT; }
static inline uint64_t pte_kept(pte_t e) { return e >> PTE_KEPT_SHIFT & 7; }
static inline uint64_t pte_prot(pte_t e) { return e & PTE_USED && !(e & PTE_LINK) ? ~e & PTE_FORBID : 0; }
// The same page with other protection: what was kept, and what was noted of its use, stay.
#define PTE_STAYS ~(PTE_FORBID | PTE_PARKED)
static inline pte_t pte_change(pte_t e, uint64_t prot) { return (e & PTE_STAYS) | PTE_USER(prot); }
// The bits of an entry that may be changed to `prot` with no further question: the rights were kept, and if it is to be
// written, it has been so before. To execute there is always a question: no entry has all bits.
#define PTE_READY(prot) ((prot) & 4 ? ~0ull : (1ull | ((prot) & 2)) << PTE_KEPT_SHIFT | ((prot) & 2 ? PTE_NOTED : 0))
#define PTE_CARRY(e) 0ull        // what of an entry must be said in another bit when its protection changes
#define PTE_TOUCHED (1ull << 54) // accessed: set by fake_reach
#define PTE_DIRTIED (1ull << 55)
static inline bool pte_accessed(pte_t e) { return e & PTE_TOUCHED; }
static inline bool pte_dirty(pte_t e) { return e & PTE_DIRTIED; }
// A full leaf table's 512 entries as one leaf of the level above: it counts as accessed and, if it may be written,
// dirty.
static inline pte_t pte_join(pte_t e) { return e | PTE_TOUCHED | (pte_prot(e) & 2 ? PTE_DIRTIED : 0); }
// The same entry as never accessed (what & 1), never written (what & 2).
static inline pte_t pte_aged(pte_t e, uint64_t what) {
  return e & ~((what & 1 ? PTE_TOUCHED : 0) | (what & 2 ? PTE_DIRTIED : 0));
}
