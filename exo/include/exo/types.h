// types.h: the words of the contract: numbers, names, rights, results.
#pragma once
#include <stdint.h>

enum { EXO_PAGE_BITS = 12, EXO_PAGE = 1 << EXO_PAGE_BITS };

typedef uint64_t exo_frame; // physical frame number: physical address / 4096
typedef uint64_t exo_slot;  // index of one of the caller's capability slots
typedef uint64_t exo_env;   // environment: number of its first env frame | generation << 40; 0 = none (or: the caller)
typedef uint64_t exo_name;  // see below
typedef uint64_t exo_word;

// A name is a bit string of at most 58 bits, left-aligned; the low 6 bits hold its length. A capability with name N
// reaches a resource with guard G when N is a prefix of G: ((G ^ N) & mask(N)) == 0 and len(G) >= len(N).
#define EXO_NAME(bits, length) ((exo_name)(bits) | (length))
enum { EXO_NAME_MAX = 58 };
static inline unsigned exo_name_length(exo_name n) { return n & 63; }
static inline exo_word exo_name_mask(exo_name n) { // the bits that count; 0 for the empty name, prefix of all
  unsigned length = exo_name_length(n);
  return length ? ~0ull << (64 - length) : 0;
}
static inline bool exo_name_valid(exo_name n) {
  return exo_name_length(n) <= EXO_NAME_MAX && (n & ~63ull & ~exo_name_mask(n)) == 0;
}
static inline bool exo_name_is_prefix(exo_name n, exo_name of) {
  return ((of ^ n) & exo_name_mask(n)) == 0 && exo_name_length(of) >= exo_name_length(n);
}
// N followed by the `width` low bits of `value`.
static inline exo_name exo_name_extend(exo_name n, exo_word value, unsigned width) {
  unsigned length = exo_name_length(n) + width;
  return (n & ~63ull) | value << (64 - length) | length;
}

// Guards of what exists before any program: the first environment's slot 0 holds the empty name, which reaches all.
#define EXO_GUARD_SYSTEM EXO_NAME(1ull << 60, 4)    // 0001: prefix of all guards below
#define EXO_GUARD_WINDOW EXO_NAME(0x11ull << 56, 8) // read-only kernel tables
#define EXO_GUARD_CONSOLE_OUT EXO_NAME(0x12ull << 56, 8)
#define EXO_GUARD_CONSOLE_IN EXO_NAME(0x13ull << 56, 8)
#define EXO_GUARD_RESULTS EXO_NAME(0x14ull << 56, 8) // the second serial port
#define EXO_GUARD_EXIT EXO_NAME(0x15ull << 56, 8)    // end of the machine
#define EXO_GUARD_SLICE EXO_NAME(0x16ull << 56, 8)   // slices nobody owns
#define EXO_GUARD_FIRST EXO_NAME(1ull << 63, 1)      // 1: the first environment, its frames; all that programs name

// Rights of a capability, and protection of a mapping (the first three).
enum : uint64_t {
  EXO_READ = 1,
  EXO_WRITE = 2,
  EXO_EXEC = 4,
  EXO_MANAGE = 8, // convert, drop, edit tables, start and stop, assign slices
  EXO_GUARD = 16, // set a longer guard
  EXO_GRANT = 32, // grant longer names to others
  EXO_RIGHTS_ALL = 63,
};

enum { EXO_SLOTS = 64, EXO_SLICES = 32, EXO_BATCH = 64, EXO_RANGE_MAX = 128 };

// Why `wait` returned at once.
enum : int64_t {
  EXO_WAIT_EVENT = 0,  // events are pending
  EXO_WAIT_TRUE = 1,   // the predicate is true
  EXO_WAIT_LOST = 2,   // a word of the predicate can not be seen any more: its frame or the right to it is gone
  EXO_WAIT_PASSED = 3, // the deadline is over
};

// What `revoke` asks for. Clean: never mapped writable since it was last mapped nowhere.
enum : uint64_t { EXO_REVOKE_ANY = 0, EXO_REVOKE_CLEAN = 1, EXO_REVOKE_DIRTY = 2, EXO_REVOKE_SLICES = 3 };
enum : uint64_t { EXO_REVOKE_NS = 1'000'000 };
// In a slice's length: its owner takes lent time as soon as it wakes, not at its next turn.
#define EXO_SLICE_EAGER 1ull
#define EXO_SLICE_NAME(cpu, index) ((exo_word)(cpu) << 32 | (index))

// The call null with this word asks a kernel that checks itself (docs/debug.md) to do so: 0: all invariants hold; BUSY:
// the caller is being ended; else the line of exo/debug/check.c where the first one does not. Other kernels echo it.
enum : uint64_t { EXO_CHECK_WORD = 0x6B63656863 };
// The control word of debug_set. Kind: EXO_EXEC, EXO_WRITE, or EXO_READ | EXO_WRITE.
#define EXO_DEBUG_POINT(kind, length) ((exo_word)(length) << 8 | (kind))

// Ports of console_write.
enum : uint64_t { EXO_PORT_CONSOLE = 0, EXO_PORT_RESULTS = 1 };

// Results. >= 0 is the answer. One list: name, value, sentence.
#define EXO_RESULTS(X)                                                                                                 \
  X(OK, 0, "done")                                                                                                     \
  X(NO_CALL, -1, "no such call")                                                                                       \
  X(NO_SLOT, -2, "the slot's number is out of range or the slot is empty")                                             \
  X(DENIED, -3, "the slot's name is not a prefix of the guard, or its rights do not suffice")                          \
  X(NO_FRAME, -4, "no such frame of memory")                                                                           \
  X(KIND, -5, "the frame is of a kind that this call does not take")                                                   \
  X(BUSY, -6, "the resource is in use (mapped, pinned, running, or not empty)")                                        \
  X(RANGE, -7, "an argument is out of range")                                                                          \
  X(NAME, -8, "the name is malformed or does not extend the slot's")                                                   \
  X(CEILING, -9, "the account has reached its ceiling")                                                                \
  X(NO_ENV, -10, "no such environment, or its generation has passed")                                                  \
  X(W_XOR_X, -11, "the frame would be writable and executable")                                                        \
  X(EMPTY, -12, "nothing there")                                                                                       \
  X(NOT_IN_BATCH, -13, "this call can not stand in a batch")                                                           \
  X(PROG, -14, "the program is not one that the verifier admits")

enum exo_result : int64_t {
#define EXO_RESULT_NAME(name, value, sentence) EXO_##name = value,
  EXO_RESULTS(EXO_RESULT_NAME)
#undef EXO_RESULT_NAME
};
typedef int64_t exo_result;
