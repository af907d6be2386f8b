// machine.h: what the loader must know of RISC-V.
#pragma once
#define MACHINE_NAME "riscv64"
enum { MACHINE_ELF = 243, MACHINE_TWO_ROOTS = 0 };
#define MACHINE_TRAMPOLINE_LIMIT UINT64_MAX
#define MACHINE_ROOT_LIMIT UINT64_MAX
