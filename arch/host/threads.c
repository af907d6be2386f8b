// threads.c: the CPUs of the fake machine as threads, which run truly at once: what a race detector can look at.
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
#include "turns.h"

enum { EAGER = 8, NAP_US = 20, LONGER = 64, LONGEST = 50 };
static pthread_t thread[EXO_MAX_CPUS];
static bool begun[EXO_MAX_CPUS];
static _Atomic bool quit;
static _Thread_local uint64_t base, passed, turns_then;
static _Thread_local unsigned self;

// A call that finds a lock held makes itself again, on a stack that grows where the race detector forbids tail calls:
// so who waits long sleeps long, until the holder's thread has had its time.
static void rest(uint64_t passes) {
  uint64_t naps = 1 + passes / LONGER;
  if (passes % EAGER)
    sched_yield();
  else
    usleep((useconds_t)(NAP_US * (naps < LONGEST ? naps : LONGEST)));
}

void turn_pass(void) {
  uint64_t turns_now = fake_cpu[self].turns;
  if (quit) pthread_exit(nullptr);
  passed = turns_now == turns_then ? passed + 1 : 0;
  turns_then = turns_now;
  rest(passed);
}

static void *body(void *i) {
  self = (unsigned)(uintptr_t)i;
  base = (uint64_t)__builtin_frame_address(0);
  fake_become(self);
  fake_life(self);
  return nullptr;
}

void turn_begin(unsigned i) {
  begun[i] = true;
  if (pthread_create(&thread[i], nullptr, body, (void *)(uintptr_t)i)) fake_broken("no thread");
}

void turn_reset(void) {
  quit = true;
  for (unsigned i = 0; i < EXO_MAX_CPUS; i++) {
    if (begun[i]) pthread_join(thread[i], nullptr);
    begun[i] = false;
  }
  quit = false;
}

uint64_t turn_stack(unsigned) { return 0; } // the core never asks for it
uint64_t turn_depth(void) { return base - (uint64_t)__builtin_frame_address(0); }

// All turns of all CPUs so far; `busy` says whether one of them has something to do.
static uint64_t turns(bool *busy) {
  uint64_t sum = 0;
  *busy = false;
  for (unsigned i = 0; i < EXO_MAX_CPUS; i++) {
    *busy |= fake_busy(&fake_cpu[i]);
    sum += fake_cpu[i].turns;
  }
  return sum;
}

// Whoever has nothing to do can be given something only by one who is busy: so all is quiet if all were twice, and none
// has found something to do in between.
void fake_run(void) {
  bool busy = true, still = true;
  for (uint64_t i = 1; busy || still; i++) {
    rest(i % LONGER);
    uint64_t before = turns(&busy);
    if (turns(&still) != before) busy = true;
    if (fake.off) return;
    if (i > 5'000'000) fake_broken("CPUs wait for each other");
  }
}
