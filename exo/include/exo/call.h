// call.h: call.def made into numbers and argument structs.
#pragma once
#include <exo/types.h>

// Where a call's number goes: x86_64 rax = EXO_CALL_BASE + n; RISC-V a7 likewise; AArch64 x8 = n with `svc #0xE0`.
#define EXO_CALL_BASE 0xE0000000ull
enum { EXO_CALL_WORDS = 6 };

enum exo_number : uint64_t {
#define EXO_CALL(number, name, ...) EXO_CALL_##name = number,
#include <exo/call.def>
#undef EXO_CALL
  EXO_CALL_COUNT
};

#define EXO_CALL(number, name, ...)                                                                                    \
  struct exo_##name {                                                                                                  \
    __VA_ARGS__;                                                                                                       \
  };                                                                                                                   \
  static_assert(sizeof(struct exo_##name) % 8 == 0 && sizeof(struct exo_##name) <= EXO_CALL_WORDS * 8);
#include <exo/call.def>
#undef EXO_CALL
