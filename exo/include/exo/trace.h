// trace.h: what happened when: the rings of a kernel that traces (docs/trace.md), and how they are read while it
// writes.
//
// One ring a CPU, which alone writes it; consecutive in the frames from the machine window's `trace_frame` on (0: this
// kernel traces nothing), kind WINDOW. The oldest record is overwritten: the difference of what was written and what
// the ring holds is what was lost.
#pragma once
#include <stdint.h>

enum { EXO_TRACE_VERSION = 1, EXO_TRACE_RECORDS = 1 << 15 };

enum exo_trace_kind : uint8_t {
  EXO_TRACE_CALL = 1,   // number: the call's; words: its first two arguments
  EXO_TRACE_RETURN,     // number: the call's; words: result
  EXO_TRACE_MARK,       // words: what the library said (EXO_MARK), by the call null
  EXO_TRACE_FAULT,      // number: EXO_CAUSE_*; words: address, pc
  EXO_TRACE_UPCALL,     // number: enum exo_trace_door; words: see there
  EXO_TRACE_RESUME,     // number: the record that is continued, 0 fault, 1 event, 2 forced; words: pc
  EXO_TRACE_SWITCH,     // env: who has the CPU now, 0: nobody; number: the slice; words: its end in ns
  EXO_TRACE_INTERRUPT,  // number: enum exo_trace_interrupt; words: which
  EXO_TRACE_REVOCATION, // number: enum exo_trace_revocation; words: see there
};
enum exo_trace_door : uint16_t {
  EXO_TRACE_DOOR_FAULT, // cause, pc
  EXO_TRACE_DOOR_EVENT, // pending events, pc interrupted or 0
  EXO_TRACE_DOOR_GATE,  // the caller's number, its first word
  EXO_TRACE_DOOR_REPLY, // the reply's first two words
};
enum exo_trace_interrupt : uint16_t { EXO_TRACE_TIMER, EXO_TRACE_CROSS, EXO_TRACE_DEVICE };
enum exo_trace_revocation : uint16_t {
  EXO_TRACE_ASKED,       // the slice ends: the library is asked for the CPU; end of the grace in ns
  EXO_TRACE_TAKEN,       // past the grace, or at a shut door: the CPU was taken; pc
  EXO_TRACE_ENDED,       // an environment ended and is off all CPUs; its number, the cause
  EXO_TRACE_REVOKED,     // an environment is asked for frames or slices: its number, how many
  EXO_TRACE_REPOSSESSED, // past the deadline: the loser's number, the name of what it lost
};

struct exo_trace {
  uint64_t time; // of the counter
  uint8_t kind, cpu;
  uint16_t number;
  uint32_t env; // frame of the running environment; 0: none
  uint64_t word[2];
};
static_assert(sizeof(struct exo_trace) == 32);

struct exo_trace_ring {
  uint64_t version, records;
  uint64_t written;              // records since boot: number n lies at n % records
  uint64_t clock_hz, clock_zero; // of `time`
  uint8_t reserved[4096 - 40];
  struct exo_trace record[EXO_TRACE_RECORDS];
};
static_assert(sizeof(struct exo_trace_ring) % 4096 == 0);

// Copies record number `n`. False: it is not written yet, or is overwritten (or about to be: the writer begins a record
// before it counts it).
static inline bool exo_trace_read(const struct exo_trace_ring *ring, uint64_t n, struct exo_trace *to) {
  if (n >= __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE)) return false;
  const uint64_t *from = (const uint64_t *)&ring->record[n % EXO_TRACE_RECORDS];
  uint64_t *word = (uint64_t *)to;
  for (unsigned i = 0; i < sizeof *to / 8; i++) word[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  return __atomic_load_n(&ring->written, __ATOMIC_RELAXED) - n < EXO_TRACE_RECORDS;
}
// How many records a reader at `n` has missed.
static inline uint64_t exo_trace_lost(const struct exo_trace_ring *ring, uint64_t n) {
  uint64_t written = __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE);
  return written - n < EXO_TRACE_RECORDS ? 0 : written - n - EXO_TRACE_RECORDS + 1;
}

// Marks: words for the call null with the highest bit set: what, and up to seven letters or a number.
enum exo_mark : uint64_t {
  EXO_MARK_BEGIN = 'B', // something of this name begins
  EXO_MARK_END = 'E',   // what began last ends
  EXO_MARK_POSIX = 'P', // a POSIX call begins; its number
  EXO_MARK_NAME = 'N',  // this is the program's name
};
#define EXO_MARK_BIT (1ull << 63)
static inline uint64_t exo_mark(enum exo_mark what, uint64_t payload) {
  return EXO_MARK_BIT | what << 56 | (payload & ~0ull >> 8);
}
static inline uint64_t exo_mark_letters(const char *name) {
  uint64_t letters = 0;
  for (int i = 0; i < 7 && *name; i++) letters |= (uint64_t)(uint8_t)*name++ << i * 8;
  return letters;
}
