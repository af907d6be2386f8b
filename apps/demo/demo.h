// demo.h: what the demo's programs share: a page between the demo and each worker, and a computation that both can do.
#pragma once
#include <os/env.h>

enum { PAGES = 48, WORDS = PAGES * EXO_PAGE / 8 };
enum worker_mode : uint64_t { MODE_ATTACK, MODE_RUN, MODE_DOOR };

// The shared page. The demo writes the first half before the start, the worker the second half.
struct desk {
  volatile uint64_t seed, calls, mode;
  volatile exo_env peer; // whom to attack; 0: wait until it is known
  volatile exo_name peer_name;
  volatile uint64_t stop;                               // MODE_RUN: come to an end
  volatile uint64_t steps, checksum, faults;            // of the computation
  volatile uint64_t refused, harmless, breaches, worst; // attack: refused, legally granted, should never have been
  volatile uint64_t in_door, done;
};

// One step of the computation on `memory`: a random walk that reads and writes.
struct walk {
  uint64_t random, sum;
};
static inline void walk_step(struct walk *w, volatile uint64_t *memory) {
  uint64_t x = os_random(&w->random), at = x % WORDS;
  memory[at] = memory[at] * 6364136223846793005ull + x;
  w->sum = (w->sum << 7 | w->sum >> 57) ^ memory[at];
}
// What a worker's pager leaves in the first word of a fresh page.
static inline uint64_t page_stamp(uint64_t seed, uint64_t page) { return (seed + page) * 0x9E3779B97F4A7C15ull; }

uint64_t expected(uint64_t seed, uint64_t steps); // the checksum an undisturbed worker ends with
int worker(void);                                 // worker.c: a child's main
void attack_start(struct desk *d);                // attack.c
void attack_once(struct desk *d, uint64_t *random);
exo_result start_worker(struct os_child *child, struct desk **desk, const struct desk *order, uint64_t cpu); // main.c
void end_worker(struct desk *desk);
int kill_rounds(uint64_t rounds, uint64_t seed, uint64_t cpus); // kill.c
int witness(int argc, char **argv);
