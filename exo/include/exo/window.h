// window.h: the kernel tables that a library may map read-only, with the accessors that outlive a kernel.
//
// Frames of kind WINDOW, and env frames, map with EXO_READ only. The machine window is one frame; its number reaches
// the first program in a register (second argument at its start) and is handed on from there.
#pragma once
#include <exo/types.h>

// Kinds of a frame.
enum exo_kind : uint64_t {
  EXO_KIND_ABSENT = 0, // no RAM there
  EXO_KIND_FREE = 1,
  EXO_KIND_USER = 2,
  EXO_KIND_TABLE = 3,   // a page table; level in the state
  EXO_KIND_ENV = 4,     // struct exo_env_window and what the kernel must trust
  EXO_KIND_ENV_CPU = 5, // private state of an environment on one CPU: never mapped
  EXO_KIND_UAREA = 6,
  EXO_KIND_WINDOW = 7, // kernel tables, read-only
  EXO_KIND_KERNEL = 8, // the kernel's own and the firmware's: never handed out
};

// One per frame of RAM, 32 bytes. The state is changed by compare-and-swap only.
struct exo_frame_desc {
  uint64_t state; // see EXO_STATE_*
  exo_name guard;
  uint32_t account;    // number of the env frame that is charged for this frame; 0: none
  uint32_t generation; // changes when the frame is dropped; env frames: of the environment; bit 31: it has ended
  uint64_t home;       // see below
};
// The home of a frame that is mapped once: its table frame << 9 | index. Of a root table: the set of CPUs it is loaded
// on, and from bit EXO_HOME_REMEMBERS on those that may still remember its translations (and all that is said there is
// true). Of any other table: the root it hangs under, and the first address it translates.
enum { EXO_HOME_REMEMBERS = 32 };
static inline uint64_t exo_home_table(uint64_t root, uint64_t va) { return root << 27 | va >> 21; }
static inline uint64_t exo_home_root(uint64_t home) { return home >> 27; }
static inline uint64_t exo_home_va(uint64_t home) { return (home & ((1ull << 27) - 1)) << 21; }
static_assert(sizeof(struct exo_frame_desc) == 32);

#define EXO_STATE_KIND 0xFull
#define EXO_STATE_LOCK (1ull << 4)
#define EXO_STATE_DIRTY (1ull << 5) // content of an earlier owner: cleared when next taken
#define EXO_STATE_WRITE (1ull << 6) // mapped writable somewhere since it was last unmapped everywhere
#define EXO_STATE_EXEC (1ull << 7)  // mapped executable, likewise: never both
#define EXO_STATE_LEVEL_SHIFT 8     // tables: 0 = leaf table ... 3 = root
#define EXO_STATE_LEVEL (3ull << EXO_STATE_LEVEL_SHIFT)
#define EXO_STATE_JOINED (1ull << 10) // leaf tables: its entries stand in the level above as one leaf
#define EXO_STATE_MAPS_SHIFT 16       // mappings of the frame; for a table: its live entries
#define EXO_STATE_MAPS (0xFFFFFFull << EXO_STATE_MAPS_SHIFT)
#define EXO_STATE_PINS_SHIFT 40 // uses by the kernel: u-area in service, root of an environment; mappings of a table
#define EXO_STATE_PINS (0xFFFFull << EXO_STATE_PINS_SHIFT)

static inline uint64_t exo_state_kind(uint64_t s) { return s & EXO_STATE_KIND; }
static inline uint64_t exo_state_level(uint64_t s) { return (s & EXO_STATE_LEVEL) >> EXO_STATE_LEVEL_SHIFT; }
static inline uint64_t exo_state_maps(uint64_t s) { return (s & EXO_STATE_MAPS) >> EXO_STATE_MAPS_SHIFT; }
static inline uint64_t exo_state_pins(uint64_t s) { return (s & EXO_STATE_PINS) >> EXO_STATE_PINS_SHIFT; }

// A capability slot. An empty slot has no rights; an open one takes a grant.
struct exo_slot_window {
  exo_name name;
  exo_word mask;   // exo_name_mask(name), kept so that the check is one masked compare
  uint64_t rights; // EXO_READ... in the low 32 bits, a version above: changes with every change of the slot
  uint64_t open;   // 1: a grant may land here
};

// What the kernel wrote when an environment ended.
struct exo_obituary {
  uint64_t cause;   // EXO_CAUSE_*; 0 while alive
  uint64_t address; // of the fault; the status for EXO_CAUSE_STOPPED
  uint64_t pc, sp;
  uint64_t by; // number of the environment that stopped it; 0: a fault of its own
  uint64_t cpu;
  uint64_t reg[34]; // the registers as they lie in struct arch_frame, when it ended in a fault
};

// The last request to give something back (call `revoke`).
struct exo_revocation {
  uint64_t deadline_ns; // 0: there has been none
  uint64_t what;        // EXO_REVOKE_*
  uint64_t slices;      // still to be given up; frames: as long as `used` is above `ceiling`
  exo_env by;
};
// What was taken by force. The vector is a ring: entry i of all that ever were is at i % EXO_TAKEN.
enum { EXO_TAKEN = 32 };
enum : uint64_t {
  EXO_TAKEN_FRAME = 1,    // name: the frame
  EXO_TAKEN_SLICE = 2,    // name: EXO_SLICE_NAME
  EXO_TAKEN_MAPPINGS = 3, // name: table frame << 9 | index of the first entry looked at; above the low byte: how many
};
struct exo_taken {
  uint64_t what;
  uint64_t name;
};

// The start of an env frame.
struct exo_env_window {
  uint64_t version;         // 1
  exo_env number;           // frame | generation << 40
  exo_env parent;           // told when this one ends
  uint64_t alive;           // 1, then 0
  uint64_t root;            // frame of the root table, 0: none
  uint64_t used;            // frames charged to this environment
  uint64_t ceiling;         // at most so many
  uint64_t cpus;            // bit i: has a u-area on CPU i
  uint64_t state_frame[16]; // per CPU: its ENV_CPU frame
  struct exo_obituary obituary;
  struct exo_slot_window slot[EXO_SLOTS];
  uint64_t floor; // so many frames can not be asked back
  struct exo_revocation revocation;
  uint64_t taken_count; // how many ever; those before the last EXO_TAKEN are written over
  struct exo_taken taken[EXO_TAKEN];
};
static_assert(sizeof(struct exo_env_window) <= 4096);

// The machine window, one frame.
enum { EXO_WINDOW_RANGES = 32 };
struct exo_machine_window {
  uint64_t version; // 1
  uint64_t cpu_count;
  uint64_t frame_count; // descriptors: frames at or above do not exist
  uint64_t range_count;
  struct { // descriptors of frames [first, first + count) lie in the frames from `table` on, 128 a frame
    uint64_t first, count, table;
  } range[EXO_WINDOW_RANGES];
  uint64_t clock_hz;    // of the counter that arch_counter() reads
  uint64_t clock_zero;  // its value at kernel entry
  uint64_t stage_ns[7]; // stage i was reached so long after entry; 0: not yet
  uint64_t archive_frame, archive_bytes;
  uint64_t spare_frame, spare_count; // what the loader prepared for the first program beyond its segments
  uint64_t free_at_start;            // frames free when the first program began
  uint64_t kernel_frames;            // frames the kernel itself uses, frame table included
  uint64_t shootdowns, crosses;      // counts since boot
  uint64_t trace_frame;              // the rings of trace.h, one a CPU; 0: this kernel traces nothing
  char build_id[41];                 // hex
  uint8_t reserved[4096 - 985];      // nothing else of the kernel's lies in this frame
};
static_assert(sizeof(struct exo_machine_window) == 4096);
