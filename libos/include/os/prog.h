// os/prog.h: programs for the kernel (exo/prog.h), written as text.
#pragma once
#include <exo/prog.h>

// Assembles a text of one instruction a line into `op`; returns how many they are, or minus the number of the first
// line that makes no sense. (Whether the kernel takes the program its verifier says.) Words are parted by spaces and
// commas;
// `#` begins a comment; registers are r0 to r7, numbers decimal or 0x, below 2^32.
//   load8 r1, in0[4]       also with a register: in0[r2], in0[r2+4]; likewise load16, 32, 64, net16, net32
//   move r1, r2            or a number; add, sub, mul, and, or, xor, shl, shr: add r1, r2, 7
//   high r1, r2, 0x8000    r1 = r2 + (0x8000 << 32)
//   eq r1, 7, found        goes on at the line `found:`, which is below; likewise ne, lt, le, lts, any
//   end r1                 or a number
int os_prog_assemble(const char *text, struct exo_prog_op op[EXO_PROG_OPS]);
