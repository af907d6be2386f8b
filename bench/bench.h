// bench.h: operations and their price. A row is one block of C, with BENCH, in any file here: it is prepared, run and
// verified each time, and `run` alone is counted. What stands in bench/*.c is the same on Veridian and on Linux: it is
// said in the primitives of system.h, which each of them has. Rows of one system alone are in veridian/ and linux/.
#pragma once
#include <counter.h>
#include <os/os.h>

struct bench {
  const char *name;        // "a" and "a.b" are two ways to do the same: the cheaper one counts
  const char *sosp;        // what the papers on Aegis and Xok call it; nullptr
  uint64_t budget;         // x86_64; 0: none
  uint64_t elsewhere;      // budget on other machines; 0: half as much again
  uint64_t parts;          // how many operations one run is; 0: one
  bool control;            // the same instructions on all systems: must cost the same
  bool (*known)(void);     // does the system know such a thing? nullptr: yes
  bool (*begin)(void);     // once; nullptr: nothing to do
  void (*prepare)(void);   // before each run; nullptr
  uint64_t (*run)(void);   // 0, or the ticks that it took by its own measure + 1
  bool (*verify)(void);    // after each: the effect is there; nullptr: a thing without one
  void (*end)(void);       // once; nullptr
  uint64_t (*empty)(void); // what to take off, measured like `run`; nullptr: a run that does nothing
};
#define BENCH(row, ...)                                                                                                \
  [[gnu::used, gnu::retain, gnu::section("bench_rows")]] static const struct bench row = {__VA_ARGS__}

extern volatile char bench_marks[128];
void bench_mark(uint64_t n);
uint64_t bench_random(uint64_t below);
// The other end of what takes two: a role is run by a second process or environment (sys_partner).
struct bench_role {
  const char *name;
  void (*run)(void); // does not return
};
#define ROLE(role)                                                                                                     \
  [[gnu::used, gnu::retain, gnu::section("bench_roles")]] static const struct bench_role role_##role = {#role, role}
void bench_role(const char *name); // runs it
int bench_main(int argc, char **argv);

// trap.S: traps between two readings of the counter.
extern uint64_t bench_before, bench_after, bench_at_door, bench_continue;
uint64_t bench_null(uint64_t word), bench_null_empty(uint64_t word);
void bench_store(volatile void *at), bench_illegal(void), bench_foreign(void), bench_nothing(void), bench_door(void);
extern const char bench_store_after[], bench_illegal_after[], bench_foreign_after[];
static inline uint64_t bench_own(uint64_t ticks) { return ticks + 1; }

#include <system.h>
