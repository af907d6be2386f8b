// watch.c: the library's watched words, breakpoints and steps: one picture on all machines (os/debug.h).
#include "system.h"
#include "machine.h"
#include <os/debug.h>

static struct {
  volatile uint64_t count, address, pc, value, steps;
  volatile enum os_stop why;
} seen_stop;
static volatile uint64_t *page; // of our own memory
static bool (*volatile and_then)(enum os_stop why, uint64_t pc);

static bool note_stop(struct exo_record *r, enum os_stop why, uint64_t address) {
  uint64_t pc = *arch_frame_pc(&r->regs);
  if (why == OS_STOP_STEP)
    seen_stop.steps++;
  else {
    seen_stop.count++;
    seen_stop.address = address;
    seen_stop.pc = pc;
    seen_stop.why = why;
    seen_stop.value = why == OS_STOP_WATCH && ARCH_DEBUG_POINTS > 0 ? page[4] : 0; // RISC-V: is protected again
  }
  return and_then && and_then(why, pc);
}

static void begin(bool (*then)(enum os_stop why, uint64_t pc)) {
  if (!page) page = os_pages(2 * EXO_PAGE);
  seen_stop.count = seen_stop.steps = 0;
  and_then = then;
  os_debug_hook = note_stop;
}
static void end(void) {
  os_debug_hook = nullptr;
  os_fault_hook = nullptr;
}

static void watch_write(void) {
  begin(nullptr);
  EXPECT_IS(os_watch(&page[4], 8, EXO_WRITE), EXO_OK);
  for (uint64_t i = 1; i <= 20; i++) {
    page[3] = page[5] = i; // neighbours
    EXPECT_IS(probe_load(&page[4]), i - 1);
    EXPECT_IS(seen_stop.count, i - 1);
    probe_store(&page[4], i);
    EXPECT_IS(seen_stop.count, i);
    EXPECT_IS(seen_stop.address, &page[4]);
    EXPECT_IS(seen_stop.why, OS_STOP_WATCH);
    EXPECT_IS(seen_stop.pc, probe_stored); // behind it,
    if (ARCH_DEBUG_POINTS) EXPECT_IS(seen_stop.value, i);
    EXPECT_IS(page[4], i); // and it was made
  }
  EXPECT_IS(os_unwatch(&page[4]), EXO_OK);
  probe_store(&page[4], 0);
  EXPECT_IS(seen_stop.count, 20);
  EXPECT_IS(os_unwatch(&page[4]), EXO_EMPTY);
  end();
}

static void watch_access(void) {
  begin(nullptr);
  volatile uint32_t *half = (volatile uint32_t *)&page[8];
  EXPECT_IS(os_watch(&half[1], 4, EXO_READ | EXO_WRITE), EXO_OK);
  EXPECT_IS(os_watch(&page[10], 2, EXO_WRITE), EXO_OK);
  half[0] = 7;
  EXPECT_IS(half[0], 7);
  EXPECT_IS(seen_stop.count, 0);
  EXPECT_IS(half[1], 0);
  EXPECT_IS(seen_stop.count, 1);
  EXPECT_IS(seen_stop.address, &half[1]);
  half[1] = 9;
  EXPECT_IS(seen_stop.count, 2);
  EXPECT_IS(probe_load(&page[8]), 9ull << 32 | 7); // both halves at once
  EXPECT_IS(seen_stop.count, 3);
  EXPECT_IS(seen_stop.address, &half[1]);
  EXPECT_IS(page[10], 0); // for writes only
  EXPECT_IS(seen_stop.count, 3);
  probe_store(&page[10], 5);
  EXPECT_IS(seen_stop.count, 4);
  EXPECT_IS(seen_stop.address, &page[10]);
  EXPECT_IS(os_unwatch(&half[1]), EXO_OK);
  EXPECT_IS(os_unwatch(&page[10]), EXO_OK);
  EXPECT_IS(half[1], 9);
  EXPECT_IS(os_watch(&page[1], 3, EXO_WRITE), EXO_RANGE);
  EXPECT_IS(os_watch((const uint8_t *)(uintptr_t)&page[1] + 1, 4, EXO_WRITE), EXO_RANGE);
  EXPECT_IS(os_watch((const void *)0xFFFFFFFF80001000, 8, EXO_WRITE), EXO_RANGE);
  EXPECT_IS(seen_stop.count, 4);
  end();
}

static void watch_code(void) {
  begin(nullptr);
  if (!ARCH_DEBUG_POINTS) {
    EXPECT_IS(os_watch(probe_steps_end, 1, EXO_EXEC), EXO_NO_CALL);
    note("this machine has no breakpoints but ebreak");
    end();
    return;
  }
  EXPECT_IS(os_watch(probe_steps_end, 1, EXO_EXEC), EXO_OK);
  for (uint64_t i = 1; i <= 20; i++) {
    EXPECT_IS(probe_steps(), 0);
    EXPECT_IS(seen_stop.count, i);
    EXPECT_IS(seen_stop.address, probe_steps_end);
    EXPECT_IS(seen_stop.pc, probe_steps_end);
    EXPECT_IS(seen_stop.why, OS_STOP_BREAK);
  }
  EXPECT_IS(os_unwatch(probe_steps_end), EXO_OK);
  EXPECT_IS(probe_steps(), 0);
  EXPECT_IS(seen_stop.count, 20);
  end();
}

// --- Steps

static volatile bool stepping;
static uint64_t at_begin, at_end;
static bool go_on(enum os_stop why, uint64_t pc) {
  (void)why;
  if (pc == (uint64_t)probe_steps) at_begin = seen_stop.steps;
  if (pc == (uint64_t)probe_steps_end) at_end = seen_stop.steps;
  return stepping;
}

static void step_count(void) {
  begin(go_on);
  for (int i = 0; i < 5; i++) {
    stepping = true;
    os_stop();
    EXPECT_IS(seen_stop.why, OS_STOP_CALLED);
    EXPECT_IS(probe_steps(), 0);
    stepping = false;
    EXPECT_IS(at_end - at_begin, PROBE_STEPS);
  }
  uint64_t steps = seen_stop.steps;
  EXPECT_IS(probe_steps(), 0); // no more of them
  EXPECT_IS(seen_stop.steps, steps);
  end();
}

// All kinds of instructions, calls, page faults and the first use of floating point give what they give without steps.
[[gnu::noinline]] static uint64_t work(char *text, size_t size, volatile uint64_t *fresh) {
  uint64_t seed = 7, fp[FP_WORDS_MAX] = {};
  fresh[0] = os_random(&seed); // a page that is not there yet
  uint64_t sum = fresh[0] + fresh[1] + (uint64_t)exo_null((struct exo_null){.echo = seed});
  for (unsigned i = 0; i < FP_WORDS_MAX; i++) fp[i] = sum ^ i;
  fp_fill(fp);
  fp_read(fp);
  for (unsigned i = 0; i < fp_word_count(); i++) sum += fp[i] << i % 8;
  int32_t low = (int32_t)sum;
  size_t n =
      os_format(text, size, "%lx %d %s %5u %c", sum, low / 3, low < 0 ? "below" : "above", (unsigned)low % 7, 'x');
  return sum + n + (uint64_t)strcmp(text, "5");
}

static void step_work(void) {
  static char plain[80], stepped[80];
  begin(go_on);
  stepping = false;
  uint64_t want = work(plain, sizeof plain, os_pages(EXO_PAGE));
  volatile uint64_t *fresh = os_pages(EXO_PAGE);
  os_yield(0, os_now_ns() + MS(1)); // floating point is off again
  stepping = true;
  os_stop();
  uint64_t is = work(stepped, sizeof stepped, fresh);
  stepping = false;
  EXPECT_IS(is, want);
  EXPECT(!strcmp(plain, stepped));
  EXPECT(seen_stop.steps > 500);
  note("%lu steps", seen_stop.steps);
  end();
}

// A breakpoint is told once, before its instruction, while all are stepped.
static void step_code(void) {
  if (!ARCH_DEBUG_POINTS) {
    note("this machine has no breakpoints but ebreak");
    return;
  }
  begin(go_on);
  EXPECT_IS(os_watch(probe_steps_end, 1, EXO_EXEC), EXO_OK);
  for (uint64_t i = 1; i <= 5; i++) {
    stepping = true;
    os_stop();
    EXPECT_IS(probe_steps(), 0);
    stepping = false;
    EXPECT_IS(seen_stop.count, 2 * i);
    EXPECT_IS(seen_stop.why, OS_STOP_BREAK);
    EXPECT_IS(seen_stop.pc, probe_steps_end);
  }
  EXPECT_IS(os_unwatch(probe_steps_end), EXO_OK);
  end();
}

// A watched word is told behind the same instruction while all are stepped.
static void step_watch(void) {
  begin(go_on);
  EXPECT_IS(os_watch(&page[4], 8, EXO_WRITE), EXO_OK);
  stepping = true;
  os_stop();
  for (uint64_t i = 1; i <= 5; i++) {
    probe_store(&page[4], i);
    stepping = i < 5;
  }
  EXPECT_IS(seen_stop.count, 6);
  EXPECT_IS(seen_stop.why, OS_STOP_WATCH);
  EXPECT_IS(seen_stop.pc, probe_stored);
  EXPECT_IS(page[4], 5);
  EXPECT(seen_stop.steps > 5);
  EXPECT_IS(os_unwatch(&page[4]), EXO_OK);
  end();
}

const struct test watch_tests[] = {
    {"watch-write", watch_write}, {"watch-access", watch_access},
    {"watch-code", watch_code},   {"step-count", step_count},
    {"step-work", step_work},     {"step-code", step_code},
    {"step-watch", step_watch},   {},
};
