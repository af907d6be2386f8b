// roles.h: what the children of the kill and hostile tests do.
#pragma once
int caller(int argc, char **argv), faulter(int argc, char **argv), in_door(int argc, char **argv),
    both(int argc, char **argv), victim(int argc, char **argv);
int hostile(int argc, char **argv), scribble(int argc, char **argv), flip(int argc, char **argv);
// Its shared page: two words, and from the fourth on, in half words, how often each call had each result.
enum { HOSTILE_CALLS = 0, HOSTILE_WINS = 1, HOSTILE_COUNTS = 4, HOSTILE_RESULTS = 16 };
static inline volatile uint32_t *hostile_count(volatile uint64_t *page, uint64_t call, uint64_t result) {
  return (volatile uint32_t *)(page + HOSTILE_COUNTS) + call * HOSTILE_RESULTS + result;
}
