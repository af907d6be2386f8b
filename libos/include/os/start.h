// start.h: what a parent leaves for the library of its child: in the u-area a pointer, behind it one page of facts and
// one of words. Written by env/spawn.c, read by core/start.c.
#pragma once
#include <os/mem.h>

#define OS_HANDOVER_MAGIC 0x7265766F646E6148ull // "Handover"
struct os_handover {                            // in the u-area's library bytes, behind the 16 words of doors.S
  uint64_t magic;
  uint64_t start; // address of struct os_start
};
enum { OS_HANDOVER_OFFSET = 128 };
static inline struct os_handover *os_handover(struct exo_uarea *u) {
  return (struct os_handover *)(void *)(u->library + OS_HANDOVER_OFFSET);
}

enum { OS_START_STACK = 2 }; // pages of the stack that the parent has mapped
enum { OS_START_TABLES = 32, OS_START_SPARE = 12, OS_START_ARGUMENTS = 64, OS_START_WORDS = EXO_PAGE };
struct os_start {
  exo_name name;
  exo_env parent;
  uint64_t cpu;
  uint64_t has_channel, has_shared;
  uint64_t archive_time; // what the parent thinks the time was at kernel entry, seconds since 1970
  uint64_t table_count;
  struct {
    uint64_t va, level;
    exo_frame frame;
  } table[OS_START_TABLES];        // root first
  exo_frame shadow;                // mapped at OS_CORE_SHADOW
  exo_frame spare[OS_START_SPARE]; // taken, unused, zero
  uint64_t argc;
  uint64_t argument[OS_START_ARGUMENTS]; // offsets into words
  _Alignas(EXO_PAGE) char words[OS_START_WORDS];
};
static_assert(sizeof(struct os_start) == 2 * EXO_PAGE);

// The archive's frames, below no program's name but the first's: 101. Children of the first are 11...
#define OS_GUARD_ARCHIVE EXO_NAME(5ull << 61, 3)

// tables.c: for the first program; for a child; and notes a table that exists.
void os_tables_first(exo_env self, exo_frame machine_frame);
void os_tables_child(const struct os_start *start);
void os_table_note(uint64_t va, unsigned level, exo_frame frame, uint64_t *shadow);
// frames.c: adds a taken, zero frame to the small stock that tables are made of.
void os_frame_stock(exo_frame frame);
exo_frame os_frame_from_stock(void);
void os_frame_stock_fill(void); // before tables are made; never while
