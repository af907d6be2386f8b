// frame.h: the registers of a program, as the kernel and the library save them: pc in the place of x0, then x1 to x31.
#pragma once
#define FRAME_PC 0
#define FRAME_RA 8
#define FRAME_SP 16
#define FRAME_GP 24
#define FRAME_TP 32
#define FRAME_T0 40
#define FRAME_T1 48
#define FRAME_T2 56
#define FRAME_X(n) (8 * (n)) // n from 1 to 31
#define FRAME_SIZE 256
#define ARCH_DEBUG_POINTS 0 // triggers are machine mode's (Debug Specification, Sdtrig)
#define ARCH_DEBUG_BEFORE 1 // so stops a page that is protected

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct arch_frame {
  uint64_t pc;
  uint64_t ra, sp, gp, tp, t0, t1, t2, s0, s1, a0, a1, a2, a3, a4, a5, a6, a7;
  uint64_t s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t3, t4, t5, t6;
};
static_assert(offsetof(struct arch_frame, ra) == FRAME_RA && offsetof(struct arch_frame, sp) == FRAME_SP);
static_assert(offsetof(struct arch_frame, tp) == FRAME_TP && offsetof(struct arch_frame, t2) == FRAME_T2);
static_assert(offsetof(struct arch_frame, a0) == FRAME_X(10) && offsetof(struct arch_frame, t6) == FRAME_X(31));
static_assert(sizeof(struct arch_frame) == FRAME_SIZE);

// The same names on every machine.
static inline uint64_t *arch_frame_pc(struct arch_frame *f) { return &f->pc; }
static inline uint64_t *arch_frame_sp(struct arch_frame *f) { return &f->sp; }
static inline uint64_t *arch_frame_argument(struct arch_frame *f, int i) { // i < 3
  return i == 0 ? &f->a0 : i == 1 ? &f->a1 : &f->a2;
}
static inline uint64_t arch_frame_fp(const struct arch_frame *f) { return f->s0; } // frame pointer, for backtraces
static inline bool arch_frame_step(struct arch_frame *f, bool on) {                // nor is there a step in user mode
  (void)f;
  (void)on;
  return false;
}
#endif
