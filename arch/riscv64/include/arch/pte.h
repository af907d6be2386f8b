// pte.h: the page-table entry codec of RISC-V Sv48 and Sv39 (Privileged Architecture, "Sv39" and "Sv48"). Pure
// functions, shared by kernel, loader, library.
#pragma once
#ifndef __ASSEMBLER__
#include <stdint.h>

typedef uint64_t pte_t;
enum { PTE_LEVELS = (EXO_ADDRESS_BITS - 12) / 9 }; // level 0 is the leaf table, the last is the root

#define PTE_V (1ull << 0)
#define PTE_R (1ull << 1)
#define PTE_W (1ull << 2)
#define PTE_X (1ull << 3)
#define PTE_U (1ull << 4)
#define PTE_G (1ull << 5)
#define PTE_A (1ull << 6)
#define PTE_D (1ull << 7)
#define PTE_PPN (((1ull << 44) - 1) << 10)
// The two bits left to software: the right to write, kept when the entry was made, and with it "has been writable";
// without it the second is the right to execute. Nobody keeps both rights, and reading goes without saying.
#define PTE_KEPT_W (1ull << 8)
#define PTE_SECOND (1ull << 9)
// "Holds a page that no access may reach". With V = 0 all other bits are software's; with V = 1 this one is never set.
#define PTE_PARKED (1ull << 60)

static inline bool pte_present(pte_t e) { return e & (PTE_V | PTE_PARKED); } // holds a frame or a table
static inline bool pte_live(pte_t e) { return e & PTE_V; }                   // a CPU may have remembered it
static inline bool pte_is_leaf(pte_t e, int level) { return level == 0 || (e & (PTE_R | PTE_W | PTE_X)); }
static inline uint64_t pte_physical(pte_t e) { return (e & PTE_PPN) << 2; }
static inline pte_t pte_table(uint64_t physical) { return physical >> 2 | PTE_V; }

// A user's 4 KiB leaf but for the address. prot: 1 read, 2 write, 4 execute (EXO_READ...); 0: the page is kept but
// forbids every access. A and D are set from the start: a CPU may fault instead of setting them (Svade), and nobody
// here waits for such faults. (After pte_aged such a CPU needs the library to protect the page again.)
#define PTE_USER(prot)                                                                                                 \
  ((prot) ? PTE_V | PTE_R | PTE_A | PTE_U | ((prot) & 2 ? PTE_W | PTE_D | PTE_KEPT_W | PTE_SECOND : 0) |               \
                ((prot) & 4 ? PTE_X : 0)                                                                               \
          : PTE_PARKED | PTE_U)
static inline pte_t pte_address(uint64_t physical) { return physical >> 2; }
static inline pte_t pte_leaf(uint64_t physical, uint64_t prot, bool user) {
  pte_t kernel = ((PTE_USER(prot) & ~(PTE_KEPT_W | PTE_SECOND)) ^ PTE_U) | PTE_G;
  return pte_address(physical) | (user || !prot ? PTE_USER(prot) : kernel);
}
// The physical memory attributes, not the entry, say that a device is uncached.
static inline pte_t pte_device(uint64_t physical) { return pte_leaf(physical, 3, false); }
// 2 MiB leaves of the kernel's own maps (level 1): any valid entry with a right is a leaf.
static inline pte_t pte_block(uint64_t physical, uint64_t prot) { return pte_leaf(physical, prot, false); }
static inline pte_t pte_device_block(uint64_t physical) { return pte_device(physical); }

// The rights kept in the entry: the low three of EXO_READ...
static inline pte_t pte_keep(pte_t e, uint64_t rights) {
  return e | (rights & 2 ? PTE_KEPT_W : rights & 4 ? PTE_SECOND : 0);
}
static inline uint64_t pte_kept(pte_t e) { return 1 | (e & PTE_KEPT_W ? 2 : e & PTE_SECOND ? 4 : 0); }
static inline uint64_t pte_prot(pte_t e) {
  if (!(e & PTE_V)) return 0;
  return (e & PTE_R ? 1 : 0) | (e & PTE_W ? 2 : 0) | (e & PTE_X ? 4 : 0);
}
// The same page with other protection: what was kept, and what was noted of its use, stay.
#define PTE_STAYS (PTE_PPN | PTE_KEPT_W | PTE_SECOND | PTE_A | PTE_D)
#define PTE_CARRY(e) 0ull // what of an entry must be said in another bit when its protection changes
static inline pte_t pte_change(pte_t e, uint64_t prot) { return (e & PTE_STAYS) | PTE_USER(prot); }
// The bits of an entry that may be changed to `prot` with no further question: the rights were kept, and if it is to be
// written, it has been so before. To execute there is always a question: no entry has all bits.
#define PTE_READY(prot) ((prot) & 4 ? ~0ull : PTE_U | ((prot) & 2 ? PTE_KEPT_W | PTE_SECOND : 0))
static inline bool pte_accessed(pte_t e) { return e & PTE_A; }
static inline bool pte_dirty(pte_t e) { return e & PTE_D; }
// A full leaf table's 512 entries as one leaf of the level above: it counts as accessed and, if it may be written,
// dirty.
static inline pte_t pte_join(pte_t e) { return e | PTE_A | (e & PTE_W ? PTE_D : 0); }
// The same entry as never accessed (what & 1), never written (what & 2).
static inline pte_t pte_aged(pte_t e, uint64_t what) { return e & ~((what & 1 ? PTE_A : 0) | (what & 2 ? PTE_D : 0)); }
#endif
