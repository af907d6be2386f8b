// count.h: what the core does to memory between two moments: the lines it writes, its atomic read-modify-writes and its
// barriers. It is compiled as for a race detector, which calls a function at each access: these functions are
// count.c's.
#pragma once
#include <stdint.h>

enum { LINE = 64, COUNTED_MAX = 256 };
extern struct counted {
  unsigned lines, updates, barriers; // barriers: full fences, and stores that are ordered before later loads
  uint64_t line[COUNTED_MAX];        // that were written, each once: the address of the first byte
  uint64_t update[COUNTED_MAX];      // the words of the read-modify-writes
} counted;
extern bool counting;
