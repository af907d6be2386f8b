// fibers.c: the CPUs of the fake machine as fibers: one runs at a time, and only arch_pause and `mingle` pass the turn
// on, so that a seed says it all.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <ucontext.h>
#include "turns.h"

enum { STACK = 256 << 10 };
enum : uint64_t { PATIENCE = 50'000 };
static _Alignas(4096) char stacks[EXO_MAX_CPUS][STACK];
static ucontext_t driver, context[EXO_MAX_CPUS];
static unsigned running;
static const void *driver_stack;
static size_t driver_size;

// The C library's own swapcontext: the sanitizer's warns that it knows no fibers, but we tell it of every switch.
static void swap(ucontext_t *from, const ucontext_t *to) {
  static int (*real)(ucontext_t *, const ucontext_t *);
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "swapcontext");
  real(from, to);
}

void turn_pass(void) {
  void *kept;
  __sanitizer_start_switch_fiber(&kept, driver_stack, driver_size);
  swap(&context[running], &driver);
  __sanitizer_finish_switch_fiber(kept, nullptr, nullptr);
}

static void turn(unsigned i) {
  void *kept;
  running = i;
  fake_become(i);
  __sanitizer_start_switch_fiber(&kept, stacks[i], STACK);
  swap(&driver, &context[i]);
  __sanitizer_finish_switch_fiber(kept, nullptr, nullptr);
  fake_self = nullptr;
}

static void fiber(unsigned i) {
  __sanitizer_finish_switch_fiber(nullptr, &driver_stack, &driver_size);
  fake_life(i);
}

void turn_begin(unsigned i) {
  __asan_unpoison_memory_region(stacks[i], STACK); // what an abandoned life left
  getcontext(&context[i]);
  context[i].uc_stack.ss_sp = stacks[i];
  context[i].uc_stack.ss_size = STACK;
  makecontext(&context[i], (void (*)(void))fiber, 1, i);
}

void turn_reset(void) {} // a fiber that gets no turn is gone

uint64_t turn_stack(unsigned i) { return (uint64_t)&stacks[i][STACK]; }
uint64_t turn_depth(void) { return turn_stack(running) - (uint64_t)__builtin_frame_address(0); }

void fake_run(void) {
  for (uint64_t rounds = 0;; rounds++) {
    bool any = false;
    for (unsigned i = 0; i < EXO_MAX_CPUS; i++) {
      if (!fake_busy(&fake_cpu[i])) continue;
      turn(i);
      any = true;
    }
    if (!any) return;
    if (rounds > PATIENCE) fake_broken("CPUs wait for each other, or an interrupt comes again and again");
  }
}
