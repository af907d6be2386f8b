// frame.h: the registers of a program on the fake machine: few, and in an order that no real machine has.
#pragma once
#define FRAME_SIZE 96
#define FRAME_FLAGS_USER 0xF // what of the flags is a program's own
#define FRAME_FLAGS_FIXED 0x100
#define FRAME_FLAGS_STEP 8 // one of the user's: a step is asked for
#define ARCH_DEBUG_POINTS 4
#define ARCH_DEBUG_BEFORE 0

#include <stddef.h>
#include <stdint.h>

struct arch_frame {
  uint64_t flags, sp;
  uint64_t r[9];
  uint64_t pc;
};
static_assert(sizeof(struct arch_frame) == FRAME_SIZE);

// The same names on every machine.
static inline uint64_t *arch_frame_pc(struct arch_frame *f) { return &f->pc; }
static inline uint64_t *arch_frame_sp(struct arch_frame *f) { return &f->sp; }
static inline uint64_t *arch_frame_argument(struct arch_frame *f, int i) { return &f->r[i]; } // i < 3
static inline uint64_t arch_frame_fp(const struct arch_frame *f) { return f->r[8]; }
static inline bool arch_frame_step(struct arch_frame *f, bool on) {
  f->flags = (f->flags & ~(uint64_t)FRAME_FLAGS_STEP) | (on ? FRAME_FLAGS_STEP : 0);
  return true;
}
