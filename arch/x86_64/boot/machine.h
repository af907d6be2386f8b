// machine.h: what the loader must know of x86_64.
#pragma once
#define MACHINE_NAME "x86_64"
enum { MACHINE_ELF = 62, MACHINE_TWO_ROOTS = 0 };
// A startup IPI names a page below 1 MiB (Intel SDM vol. 3A, 9.4.4); a CPU loads CR3 there with a 32-bit move.
#define MACHINE_TRAMPOLINE_LIMIT 0x9FFFFull
#define MACHINE_ROOT_LIMIT 0xFFFFFFFFull
