// pte.h: the page-table entry codec of x86_64 (Intel SDM vol. 3A, 4.5). Pure functions, shared by kernel, loader,
// library.
#pragma once
#include <stdint.h>

typedef uint64_t pte_t;
enum { PTE_LEVELS = 4 }; // level 0 is the leaf table, level 3 the root

#define PTE_P (1ull << 0)
#define PTE_W (1ull << 1)
#define PTE_U (1ull << 2)
#define PTE_PWT (1ull << 3)
#define PTE_PCD (1ull << 4)
#define PTE_A (1ull << 5)
#define PTE_D (1ull << 6)
#define PTE_PS (1ull << 7)
#define PTE_G (1ull << 8)
#define PTE_NX (1ull << 63)
#define PTE_ADDRESS 0x000FFFFFFFFFF000ull
// Bits the machine ignores: the rights kept when the entry was made, "holds a page that no access may reach", and "has
// been writable".
#define PTE_KEPT_SHIFT 52
#define PTE_PARKED (1ull << 55)
#define PTE_NOTED (1ull << 56)

static inline bool pte_present(pte_t e) { return e & (PTE_P | PTE_PARKED); } // holds a frame or a table
static inline bool pte_live(pte_t e) { return e & PTE_P; }                   // a CPU may have remembered it
static inline bool pte_is_leaf(pte_t e, int level) { return level == 0 || (e & PTE_PS); }
static inline uint64_t pte_physical(pte_t e) { return e & PTE_ADDRESS; }
static inline pte_t pte_table(uint64_t physical) { return physical | PTE_P | PTE_W | PTE_U; }

// A user's 4 KiB leaf but for the address. prot: 1 read, 2 write, 4 execute (EXO_READ...); 0: the page is kept but
// forbids every access.
#define PTE_USER(prot)                                                                                                 \
  ((prot) ? PTE_P | PTE_U | ((prot) & 2 ? PTE_W | PTE_NOTED : 0) | ((prot) & 4 ? 0 : PTE_NX) : PTE_PARKED | PTE_NX)
static inline pte_t pte_address(uint64_t physical) { return physical; }
static inline pte_t pte_leaf(uint64_t physical, uint64_t prot, bool user) {
  if (user || !prot) return pte_address(physical) | PTE_USER(prot);
  return pte_address(physical) | PTE_P | (prot & 2 ? PTE_W : 0) | (prot & 4 ? 0 : PTE_NX) | PTE_G;
}
static inline pte_t pte_device(uint64_t physical) {
  return physical | PTE_P | PTE_W | PTE_NX | PTE_G | PTE_PCD | PTE_PWT;
}
// 2 MiB leaves of the kernel's own maps (level 1).
static inline pte_t pte_block(uint64_t physical, uint64_t prot) { return pte_leaf(physical, prot, false) | PTE_PS; }
static inline pte_t pte_device_block(uint64_t physical) { return pte_device(physical) | PTE_PS; }

// The rights kept in the entry: the low three of EXO_READ...
static inline pte_t pte_keep(pte_t e, uint64_t rights) { return e | (rights & 7) << PTE_KEPT_SHIFT; }
static inline uint64_t pte_kept(pte_t e) { return e >> PTE_KEPT_SHIFT & 7; }
static inline uint64_t pte_prot(pte_t e) {
  if (!(e & PTE_P)) return 0;
  return 1 | (e & PTE_W ? 2 : 0) | (e & PTE_NX ? 0 : 4);
}
// The same page with other protection: what was kept, and what was noted of its use, stay.
#define PTE_STAYS (PTE_ADDRESS | 7ull << PTE_KEPT_SHIFT | PTE_NOTED | PTE_A | PTE_D)
static inline pte_t pte_change(pte_t e, uint64_t prot) { return (e & PTE_STAYS) | PTE_USER(prot); }
// The bits of an entry that may be changed to `prot` with no further question: the rights were kept, and if it is to be
// written, it has been so before. To execute there is always a question: no entry has all bits.
#define PTE_READY(prot) ((prot) & 4 ? ~0ull : (1ull | ((prot) & 2)) << PTE_KEPT_SHIFT | ((prot) & 2 ? PTE_NOTED : 0))
static inline bool pte_accessed(pte_t e) { return e & PTE_A; }
static inline bool pte_dirty(pte_t e) { return e & PTE_D; }
// A full leaf table's 512 entries as one leaf of the level above: it counts as accessed and, if it may be written,
// dirty.
static inline pte_t pte_join(pte_t e) { return e | PTE_PS | PTE_A | (e & PTE_W ? PTE_D : 0); }
// The same entry as never accessed (what & 1), never written (what & 2).
static inline pte_t pte_aged(pte_t e, uint64_t what) { return e & ~((what & 1 ? PTE_A : 0) | (what & 2 ? PTE_D : 0)); }
#define PTE_CARRY(e) 0ull // what of an entry must be said in another bit when its protection changes
