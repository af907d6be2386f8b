// frame.h: the registers of a program, as the kernel and the library save them. The tail is what iretq pops.
#pragma once
#define FRAME_R15 0
#define FRAME_R14 8
#define FRAME_R13 16
#define FRAME_R12 24
#define FRAME_RBP 32
#define FRAME_RBX 40
#define FRAME_R11 48
#define FRAME_R10 56
#define FRAME_R9 64
#define FRAME_R8 72
#define FRAME_RAX 80
#define FRAME_RCX 88
#define FRAME_RDX 96
#define FRAME_RSI 104
#define FRAME_RDI 112
#define FRAME_RIP 120
#define FRAME_CS 128
#define FRAME_RFLAGS 136
#define FRAME_RSP 144
#define FRAME_SS 152
#define FRAME_SIZE 160

#define ARCH_DEBUG_POINTS 4
#define ARCH_DEBUG_BEFORE 0 // a point at data stops behind the access
#define USER_CS 0x23
#define USER_SS 0x1b

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct arch_frame {
  uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
  uint64_t rip, cs, rflags, rsp, ss;
};
static_assert(offsetof(struct arch_frame, rax) == FRAME_RAX);
static_assert(offsetof(struct arch_frame, rdi) == FRAME_RDI);
static_assert(offsetof(struct arch_frame, rip) == FRAME_RIP);
static_assert(offsetof(struct arch_frame, ss) == FRAME_SS);
static_assert(sizeof(struct arch_frame) == FRAME_SIZE);

// The same names on every machine.
static inline uint64_t *arch_frame_pc(struct arch_frame *f) { return &f->rip; }
static inline uint64_t *arch_frame_sp(struct arch_frame *f) { return &f->rsp; }
static inline uint64_t *arch_frame_argument(struct arch_frame *f, int i) { // i < 3
  return i == 0 ? &f->rdi : i == 1 ? &f->rsi : &f->rdx;
}
static inline uint64_t arch_frame_fp(const struct arch_frame *f) { return f->rbp; } // frame pointer, for backtraces
static inline bool arch_frame_step(struct arch_frame *f, bool on) {                 // TF
  f->rflags = (f->rflags & ~0x100ull) | (on ? 0x100 : 0);
  return true;
}
#endif
