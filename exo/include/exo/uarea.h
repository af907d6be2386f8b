// uarea.h: the two pages an environment shares with the kernel for each CPU it runs on.
//
// Page 0: this header, three records, and 2 KiB for the library's own use. Page 1: the batch.
// The kernel reaches both through the direct map, reads each word once, and trusts none: a library that lies here harms
// only itself. Offsets are fixed for all machines, so that entry.S and doors.S share them with C.
//
// Doors. The kernel enters the library at `fault_door` when the program trapped, and at `event_door` when something
// happened to it (a slice began or ends, a child died). Entered with: pc and sp from the header, first argument
// register = `self`, second = address of the record (self + its offset), masked = 1, the other registers hold nothing
// of the kernel's and are not to be relied on.
//   * fault: the trapped context is in the fault record, with cause and address; busy = 1, was_masked = masked before.
//     A fault while that record is busy, or with no fault door, ends the environment.
//   * event: delivered only while masked = 0 and pc is outside [resume_start, resume_end). The interrupted context is
//   in
//     the event record (busy = 1), or there is none (busy = 0: the last one gave the CPU away by `yield`).
//   * forced: an environment that could not be entered when its slice ended is saved in the forced record (busy = 1)
//   and
//     restored from it by the kernel at its next slice. Its creator starts an environment with exactly this record.
// Gates. Another environment that holds EXEC over this one's guard enters at `gate_door` on `gate_stack`, with the six
// argument registers of a call: self, the caller's number (the kernel's word), four words of message; masked = 1. The
// answer goes back by gate_reply, which enters the caller at its `reply_door` on its `reply_stack` with EXO_OK and four
// words in those registers; all others are zero, both ways. Whoever calls a gate or replies keeps nothing in the
// kernel: what its registers held lies where its library put it, as with yield.
//
// A record is resumed by the call `resume`, or on x86_64 by the library itself inside [resume_start, resume_end).
#pragma once

#define EXO_UAREA_SELF 0
#define EXO_UAREA_FAULT_DOOR 8
#define EXO_UAREA_FAULT_STACK 16
#define EXO_UAREA_EVENT_DOOR 24
#define EXO_UAREA_EVENT_STACK 32
#define EXO_UAREA_RESUME_START 40
#define EXO_UAREA_RESUME_END 48
#define EXO_UAREA_MASKED 56
#define EXO_UAREA_PENDING 64
#define EXO_UAREA_REPLY_DOOR 120
#define EXO_UAREA_REPLY_STACK 128

#define EXO_RECORD_SIZE 512
#define EXO_RECORD_FAULT 512
#define EXO_RECORD_EVENT 1024
#define EXO_RECORD_FORCED 1536
#define EXO_UAREA_LIBRARY 2048 // the library's own bytes, to the end of page 0

// Inside a record; the registers (struct arch_frame) come first.
#define EXO_RECORD_CAUSE 384
#define EXO_RECORD_ADDRESS 392
#define EXO_RECORD_BUSY 400
#define EXO_RECORD_WAS_MASKED 408

// Causes in a fault record and in an obituary.
#define EXO_CAUSE_READ 1       // page fault: no mapping or no right to read at `address`
#define EXO_CAUSE_WRITE 2      // page fault: write
#define EXO_CAUSE_EXEC 3       // page fault: instruction fetch
#define EXO_CAUSE_ILLEGAL 4    // instruction that does not exist or is privileged
#define EXO_CAUSE_BREAKPOINT 5 // breakpoint instruction
#define EXO_CAUSE_ALIGN 6      // misaligned access
#define EXO_CAUSE_ARITHMETIC 7 // divide error, floating-point exception; address = machine's detail
#define EXO_CAUSE_PROTECTION 8 // everything else the machine forbids; address = machine's detail
#define EXO_CAUSE_FOREIGN 9    // a system-call instruction whose number is not Veridian's; pc is behind it
#define EXO_CAUSE_BAD_PC 10    // a resumed record named a pc outside the program
// Only in an obituary:
#define EXO_CAUSE_STOPPED 11 // env_stop; address = status
#define EXO_CAUSE_NO_DOOR 12 // its slice began and there was no door to enter it at
#define EXO_CAUSE_DOUBLE 13  // a fault while the fault record was busy
// Debugging. A record that is resumed by the call `resume` with a step asked for (arch_frame_step) comes back after one
// instruction; a system call counts as one. x86_64's request stays in the record, AArch64's is spent.
#define EXO_CAUSE_STEP 14 // pc: the next instruction
#define EXO_CAUSE_POINT                                                                                                \
  15 // a debug point was hit; address: the instruction, or the data as far as the machine says. Of
     // data, AArch64 stops before the access is made, x86_64 behind the instruction that made it

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>
#include <arch/frame.h>
#include <exo/prog.h>
#include <exo/types.h>

// Event bits, in `pending`.
enum : uint64_t {
  EXO_EVENT_SLICE_BEGIN = 1,   // the CPU is yours
  EXO_EVENT_SLICE_END = 2,     // save what you want and yield: past the grace the CPU is taken
  EXO_EVENT_OBITUARY = 4,      // a child of yours has ended
  EXO_EVENT_WAKE = 8,          // a deadline has passed, or what was waited for is true (or can not be seen any more)
  EXO_EVENT_GATE = 16,         // an environment whose gate was called has ended: there will be no reply
  EXO_EVENT_MESSAGE = 32,      // a message has come
  EXO_EVENT_REVOKE = 64,       // frames or slices are asked for: struct exo_revocation of the env window
  EXO_EVENT_TAKEN = 128,       // something was taken: the repossession vector of the env window
  EXO_EVENT_RING = 1ull << 32, // the first of 32 doorbells that others may ring, for the library to give a meaning
};

struct exo_record {
  struct arch_frame regs;
  uint8_t reserved[EXO_RECORD_CAUSE - sizeof(struct arch_frame)];
  uint64_t cause, address, busy, was_masked;
  uint64_t library[12]; // the library's own
};

// What `wait` can wait for: a program whose inputs are words of memory, eight bytes each. In the batch page for the
// call predicate_set.
enum { EXO_PREDICATE_WORDS = 8, EXO_PREDICATE_OPS = 32 };
struct exo_predicate_word {
  exo_slot slot; // by which the sleeper reads it
  exo_frame frame;
  uint64_t offset;     // in the frame, a multiple of 8
  uint64_t generation; // written by the kernel
};
struct exo_predicate {
  struct exo_predicate_word word[EXO_PREDICATE_WORDS];
  struct exo_prog_op op[EXO_PREDICATE_OPS];
};

struct exo_batch_entry {
  uint64_t number;
  uint64_t argument[6];
  int64_t result; // written by the kernel
};

struct exo_uarea {
  // Written by the library.
  uint64_t self; // where the library sees this u-area
  uint64_t fault_door, fault_stack;
  uint64_t event_door, event_stack;
  uint64_t resume_start, resume_end; // the library's own resume sequence: events wait while pc is in it
  uint64_t masked;                   // not 0: events wait. Set by the kernel on entering a door
  uint64_t pending;                  // EXO_EVENT_*: set by the kernel with an atomic or, taken by an atomic exchange
  // Written by the kernel, for information.
  uint64_t cpu;          // index of the CPU this u-area belongs to
  uint64_t env;          // own environment number
  uint64_t slice_end_ns; // when the running slice ends
  uint64_t entered;      // how often the kernel gave this environment this CPU
  // Written by the library (gates, see below).
  uint64_t gate_door, gate_stack;
  uint64_t reply_door, reply_stack;
  // A message (call `message`), one at a time: written by the kernel while `from` is 0; the library clears it.
  uint64_t message_from; // who sent it; ~0: it is being written
  uint64_t message[3];
  uint8_t reserved[EXO_RECORD_FAULT - 21 * 8];
  struct exo_record fault, event, forced;
  uint8_t library[4096 - EXO_UAREA_LIBRARY];
  struct exo_batch_entry batch[EXO_BATCH]; // page 1
};

static_assert(sizeof(struct exo_record) == EXO_RECORD_SIZE);
static_assert(offsetof(struct exo_record, cause) == EXO_RECORD_CAUSE);
static_assert(offsetof(struct exo_record, was_masked) == EXO_RECORD_WAS_MASKED);
static_assert(offsetof(struct exo_uarea, self) == EXO_UAREA_SELF);
static_assert(offsetof(struct exo_uarea, fault_door) == EXO_UAREA_FAULT_DOOR);
static_assert(offsetof(struct exo_uarea, event_door) == EXO_UAREA_EVENT_DOOR);
static_assert(offsetof(struct exo_uarea, resume_start) == EXO_UAREA_RESUME_START);
static_assert(offsetof(struct exo_uarea, masked) == EXO_UAREA_MASKED);
static_assert(offsetof(struct exo_uarea, pending) == EXO_UAREA_PENDING);
static_assert(offsetof(struct exo_uarea, reply_door) == EXO_UAREA_REPLY_DOOR);
static_assert(offsetof(struct exo_uarea, reply_stack) == EXO_UAREA_REPLY_STACK);
static_assert(offsetof(struct exo_uarea, fault) == EXO_RECORD_FAULT);
static_assert(offsetof(struct exo_uarea, event) == EXO_RECORD_EVENT);
static_assert(offsetof(struct exo_uarea, forced) == EXO_RECORD_FORCED);
static_assert(offsetof(struct exo_uarea, library) == EXO_UAREA_LIBRARY);
static_assert(offsetof(struct exo_uarea, batch) == 4096);
static_assert(sizeof(struct exo_uarea) == 8192);
#endif
