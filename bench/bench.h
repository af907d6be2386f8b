// bench.h: instruction counts of single operations, in a table (main.c). An operation is prepared, run and verified
// each time: `run` alone is counted.
#pragma once
#include <counter.h>
#include <os/env.h>
#include <os/mem.h>

struct bench {
  const char *name;
  uint64_t budget;         // x86_64; 0: none
  uint64_t parts;          // how many operations one run is
  bool (*begin)(void);     // once; nullptr: nothing to do
  void (*prepare)(void);   // before each run; nullptr
  uint64_t (*run)(void);   // 0, or the ticks that it took by its own measure + 1
  bool (*verify)(void);    // after each: the effect is there
  void (*end)(void);       // once; nullptr
  uint64_t (*empty)(void); // what to take off, measured like `run`; nullptr: a run that does nothing
  uint64_t elsewhere;      // budget on other machines; 0: half as much again
};
extern const struct bench longest_benches[], call_benches[], fault_benches[], memory_benches[],
    switch_benches[]; // nameless one at the end
uint64_t bench_random(uint64_t below);
exo_result bench_batch(uint64_t count); // runs the batch page; what an interrupt left over, one by one
#define BENCH_PLACE (OS_CORE + 0x3000000000)
int switch_child(void), gate_child(void), wait_child(void); // the other end of a yield, of a gate, of a wait
