// machine.h: what the loader must know of AArch64.
#pragma once
#define MACHINE_NAME "aarch64"
enum { MACHINE_ELF = 183, MACHINE_TWO_ROOTS = 1 };
#define MACHINE_TRAMPOLINE_LIMIT UINT64_MAX
#define MACHINE_ROOT_LIMIT UINT64_MAX
