// mem.h: frames, tables, regions and the pager interface.
#pragma once
#include <os/os.h>

// --- Pages of OS_CORE, in the one leaf table that exists from the start
enum : uint64_t {
  OS_CORE_MACHINE = 0,    // the machine window, read-only
  OS_CORE_ENV = 1,        // the program's own env frame, read-only
  OS_CORE_START = 2,      // start information from the parent, 2 pages
  OS_CORE_UAREA = 4,      // u-area, 2 pages (the first program's lies elsewhere)
  OS_CORE_CHANNEL = 8,    // pages shared with the parent
  OS_CORE_SHARED = 16,    // one page shared as the parent wished
  OS_CORE_SHADOW = 24,    // the shadow of this very leaf table
  OS_CORE_TEMPORARY = 32, // pages mapped for a moment or by os_core_map, up to OS_CORE_VIEWS
  OS_CORE_VIEWS = 128,    // shadows of the other leaf tables, to 511
};
static inline void *os_core_page(uint64_t page) { return (void *)(OS_CORE + page * EXO_PAGE); }

// --- Frames: which are ours
// Takes a free frame (zeroed) with the program's own guard. 0: ceiling reached or none free (os_frame_why).
exo_frame os_frame_get(void);
extern exo_result os_frame_why;
// Takes a free frame for another environment's account, with a guard of one's choice. 0: os_frame_why.
exo_frame os_frame_get_for(exo_env env, exo_name guard);
// Takes a run of frames of one's choice, by reading the kernel's frame table: physical names are the program's
// business. Returns the first; 0: there is none, or the ceiling is reached (os_frame_why).
struct os_frames {
  uint64_t count;      // in a row; 0: one
  uint64_t align;      // the first one's number is a multiple of it; 0: any. 512 with count 512: a 2 MiB page
  exo_frame below;     // all numbers are; 1 << 20 is below 4 GiB; 0: anywhere
  uint64_t colours;    // of a cache: frame number modulo this (at most 64), which must be in
  uint64_t colour_set; // this set of bits; colours 0: any
};
exo_frame os_frames_get(const struct os_frames *want);
// Gives an unmapped frame back.
void os_frame_put(exo_frame frame);
// The kernel's descriptor of a frame, read-only. nullptr: there is no such RAM.
const struct exo_frame_desc *os_frame_desc(exo_frame frame);
// A frame that was free a moment ago, 0: none. Does not take it.
exo_frame os_frame_pick(void);
exo_frame os_frame_begins(exo_env env); // where the search of that program began
// How many frames are free now, by reading the whole table.
uint64_t os_frames_free(void);

// --- Tables: what the program linked, and a shadow of what it mapped, because a program can not read its root table
struct os_leaf {
  exo_frame frame;  // the leaf table
  uint64_t *shadow; // 512 words: frame << 3 | protection (EXO_READ...); 0: nothing mapped
};
// Finds the leaf table for an address; `make`: links missing tables. nullptr: none, or no frame for it.
struct os_leaf *os_table_leaf(uint64_t va, bool make);
// What is mapped at an address: frame << 3 | protection, 0: nothing.
uint64_t os_table_entry(uint64_t va);
// Maps a frame by a slot. Links tables on the way. EXO_CEILING when no frame is left for them.
exo_result os_map(uint64_t va, exo_slot frame_slot, exo_frame frame, uint64_t prot);
// Unmaps pages [start, end). `drop`: gives the frames back.
void os_unmap(uint64_t start, uint64_t end, bool drop);
// Changes the protection of present pages in [start, end).
exo_result os_protect(uint64_t start, uint64_t end, uint64_t prot);
// Maps a frame at a free temporary page of OS_CORE and returns its address; nullptr: refused.
void *os_core_map(exo_slot slot, exo_frame frame, uint64_t prot);
void os_core_unmap(const void *address);
// Another whose name reaches a frame may have taken our mapping of it (call `sweep`): a child its parent's view of it.
// Maps it again; false: that is not why the access failed.
bool os_core_fault(uint64_t address);

// --- Regions: what is meant to be where, and which pager answers for it
struct os_region;
// A pager fills pages. `fault`: make `page` usable after a fault of `cause`; false: the access is forbidden or no
// memory is left. `forget`: pages [start, end) leave the region: take them away. Runs on the fault stack: no faults of
// its own.
struct os_pager {
  const char *name;
  bool (*fault)(const struct os_region *region, uint64_t page, uint64_t cause);
  void (*forget)(const struct os_region *region, uint64_t start, uint64_t end);
  uint64_t (*give_back)(const struct os_region *region, uint64_t count); // returns how many frames it gave up
};
struct os_region {
  uint64_t start, end; // page-aligned
  uint64_t prot;       // EXO_READ...; 0: a guard, every access is a crash
  const struct os_pager *pager;
  uint64_t data[2]; // the pager's own
  bool committed;   // its pages count against the ceiling
};
extern const struct os_pager os_pager_zero; // zero pages on demand; writes at once: one trap, two calls
extern const struct os_pager
    os_pager_window; // consecutive frames from data[0] on by slot data[1], read-only, on demand

// Adds a region. EXO_BUSY: overlaps another; EXO_CEILING: more than the program may have; EXO_RANGE: malformed or too
// many.
exo_result os_region_add(struct os_region region);
// The region an address lies in; nullptr: none.
const struct os_region *os_region_find(uint64_t va);
// Takes [start, end) out of all regions, with its pages.
exo_result os_region_remove(uint64_t start, uint64_t end);
// Changes the protection of [start, end), which must be regions throughout. EXO_EMPTY: a hole; EXO_CEILING.
exo_result os_region_protect(uint64_t start, uint64_t end, uint64_t prot);
// A free stretch of the heap area. 0: none.
uint64_t os_region_gap(uint64_t bytes);
// Fresh zero pages on demand, anywhere in the heap area. nullptr: refused.
void *os_pages(uint64_t bytes);
// Called by the upcall: true when the fault is dealt with.
bool os_region_fault(uint64_t address, uint64_t cause);
// How many pages are promised, and how many may be.
uint64_t os_committed_pages(void), os_commit_limit(void);
void os_commit_limit_set(uint64_t pages);
