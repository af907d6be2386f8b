// frame.h: the registers of a program, as the kernel and the library save them.
#pragma once
#define FRAME_X(n) ((n) * 8) // x0 ... x30
#define FRAME_SP 248
#define FRAME_PC 256
#define FRAME_PSTATE 264
#define FRAME_SIZE 272

// What of a saved PSTATE is a program's own: N, Z, C, V. All else is composed: EL0t, nothing masked, AArch64; but SS
// asks for a step.
#define PSTATE_USER 0xF0000000
#define PSTATE_STEP_BIT 21
#define ARCH_DEBUG_POINTS 2 // so many breakpoints and so many watchpoints every CPU has (Arm ARM D2.8, D2.10)
#define ARCH_DEBUG_BEFORE 1 // a point at data stops before the access

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct arch_frame {
  uint64_t x[31];
  uint64_t sp, pc, pstate;
};
static_assert(offsetof(struct arch_frame, x) == FRAME_X(0));
static_assert(offsetof(struct arch_frame, sp) == FRAME_SP);
static_assert(offsetof(struct arch_frame, pc) == FRAME_PC);
static_assert(offsetof(struct arch_frame, pstate) == FRAME_PSTATE);
static_assert(sizeof(struct arch_frame) == FRAME_SIZE);

// The same names on every machine.
static inline uint64_t *arch_frame_pc(struct arch_frame *f) { return &f->pc; }
static inline uint64_t *arch_frame_sp(struct arch_frame *f) { return &f->sp; }
static inline uint64_t *arch_frame_argument(struct arch_frame *f, int i) { return &f->x[i]; } // i < 3
static inline uint64_t arch_frame_fp(const struct arch_frame *f) { return f->x[29]; } // frame pointer, for backtraces
static inline bool arch_frame_step(struct arch_frame *f, bool on) {
  f->pstate = (f->pstate & ~(1ull << PSTATE_STEP_BIT)) | (uint64_t)on << PSTATE_STEP_BIT;
  return true;
}
#endif
