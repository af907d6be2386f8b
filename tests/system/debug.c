// debug.c: debug points: they stop where they should, and nobody else.
#include "system.h"
#include "machine.h"
#include <exo/boot.h>

void call_debug_set(void);

static const uint64_t WRITE8 = EXO_DEBUG_POINT(EXO_WRITE, 8), ACCESS4 = EXO_DEBUG_POINT(EXO_READ | EXO_WRITE, 4),
                      EXEC = EXO_DEBUG_POINT(EXO_EXEC, 1);

static exo_result point_of(exo_slot slot, exo_env env, uint64_t index, uint64_t address, uint64_t control) {
  return exo_debug_set((struct exo_debug_set){slot, env, os_self.cpu, index, address, control});
}
#define point(index, address, control) point_of(EXO_SLOTS, 0, index, (uint64_t)(address), control) // by no slot

// No point on this machine: so it says.
static bool without(void) {
  if (ARCH_DEBUG_POINTS) return false;
  EXPECT_IS(point(0, place(3), WRITE8), EXO_NO_CALL);
  note("this machine has no debug points");
  return true;
}

static exo_result other_child(exo_slot slot) { return point_of(slot, os_self.parent, 0, 4096, EXEC); }

void call_debug_set(void) {
  if (without()) return;
  uint64_t end = (1ull << (EXO_ADDRESS_BITS - 1)) - EXO_PAGE;
  const uint64_t kernel[] = {end, EXO_DIRECT_BASE, EXO_PERCPU_BASE, 1ull << (EXO_ADDRESS_BITS - 1), ~7ull, 1ull << 63};
  for (size_t i = 0; i < sizeof kernel / sizeof *kernel; i++) EXPECT_IS(point(0, kernel[i], WRITE8), EXO_RANGE);
  for (uint64_t length = 0; length < 300; length++)
    if (length != 1 && length != 2 && length != 4 && length != 8)
      EXPECT_IS(point(0, place(3), length << 8 | EXO_WRITE), EXO_RANGE);
  for (uint64_t kind = 1; kind < 256; kind++)
    if (kind != EXO_WRITE && kind != (EXO_READ | EXO_WRITE) && kind != EXO_EXEC)
      EXPECT_IS(point(0, place(3), EXO_DEBUG_POINT(kind, 1)), EXO_RANGE);
  EXPECT_IS(point(0, (uint64_t)place(3) + 4, WRITE8), EXO_RANGE);
  EXPECT_IS(point(0, (uint64_t)place(3) + 2, ACCESS4), EXO_RANGE);
  EXPECT_IS(point(0, place(3), EXO_DEBUG_POINT(EXO_EXEC, 4)), EXO_RANGE);
  EXPECT_IS(point(ARCH_DEBUG_POINTS, place(3), WRITE8), EXO_RANGE);
  EXPECT_IS(point(~0ull, place(3), WRITE8), EXO_RANGE);
  EXPECT_IS(exo_debug_set((struct exo_debug_set){.cpu = EXO_MAX_CPUS}), EXO_EMPTY);
  EXPECT_IS(exo_debug_set((struct exo_debug_set){.cpu = ~0ull}), EXO_EMPTY);
  EXPECT_IS(point_of(OS_SLOT_SELF, ~0ull, 0, 0, 0), EXO_NO_ENV);
  EXPECT_IS(other_child(OS_SLOT_SELF), EXO_DENIED);
  EXPECT_IS(other_child(EXO_SLOTS), EXO_NO_SLOT);
  for (uint64_t i = 0; i < ARCH_DEBUG_POINTS; i++) {
    EXPECT_IS(point(i, place(400), WRITE8), EXO_OK);
    EXPECT_IS(point(i, 0, 0), EXO_OK);
  }
}

// --- Our own points: each hit is noted, its point taken away, and the program goes on

static struct {
  volatile uint64_t count, cause, address, pc;
} hit;

static bool hit_note(struct exo_uarea *u, struct exo_record *r) {
  (void)u;
  if (r->cause != EXO_CAUSE_POINT) return false;
  hit.count++;
  hit.cause = r->cause;
  hit.address = r->address;
  hit.pc = *arch_frame_pc(&r->regs);
  for (uint64_t i = 0; i < ARCH_DEBUG_POINTS; i++) (void)point(i, 0, 0);
  return true;
}

static void hit_is(uint64_t count, const volatile void *address, const volatile void *pc) {
  EXPECT_IS(hit.count, count);
  EXPECT_IS(hit.address, address);
  EXPECT_IS(hit.pc, pc);
}

static volatile uint64_t word[4];

static void debug_data(void) {
  if (without()) return;
  const void *at = ARCH_DEBUG_BEFORE ? (const void *)(uintptr_t)probe_store : probe_stored;
  hit.count = 0;
  os_fault_hook = hit_note;
  for (uint64_t i = 0; i < ARCH_DEBUG_POINTS; i++) {
    EXPECT_IS(point(i, &word[1], WRITE8), EXO_OK);
    probe_store(&word[0], 1);
    probe_store(&word[2], 1);
    EXPECT_IS(probe_load(&word[1]), i);
    EXPECT_IS(hit.count, 2 * i);
    probe_store(&word[1], i + 1);
    hit_is(2 * i + 1, &word[1], at);
    EXPECT_IS(word[1], i + 1);
    probe_store(&word[1], i + 1); // none any more
    EXPECT_IS(hit.count, 2 * i + 1);
    EXPECT_IS(point(i, (uint64_t)&word[1] + 4, ACCESS4), EXO_OK);
    EXPECT_IS(*(volatile uint32_t *)&word[1], i + 1); // the other half
    EXPECT_IS(hit.count, 2 * i + 1);
    EXPECT_IS(((volatile uint32_t *)&word[1])[1], 0);
    EXPECT_IS(hit.count, 2 * i + 2);
    EXPECT_IS(hit.address, (uint64_t)&word[1] + 4);
  }
  // Several at once, at bytes of one word: the one that is touched.
  EXPECT_IS(point(0, (uint64_t)&word[3] + 1, EXO_DEBUG_POINT(EXO_WRITE, 1)), EXO_OK);
  EXPECT_IS(point(1, (uint64_t)&word[3] + 6, EXO_DEBUG_POINT(EXO_WRITE, 2)), EXO_OK);
  uint64_t before = hit.count;
  ((volatile uint8_t *)&word[3])[0] = ((volatile uint8_t *)&word[3])[5] = 1;
  EXPECT_IS(hit.count, before);
  ((volatile uint8_t *)&word[3])[7] = 1;
  EXPECT_IS(hit.count, before + 1);
  EXPECT(hit.address - (uint64_t)&word[3] - 6 < 2);
  word[3] = 0x1b; // on x86_64 the stack segment
  hit.count = 0;
  EXPECT_IS(point(0, &word[3], ACCESS4), EXO_OK);
  probe_odd(&word[3]); // the kernel lives, and tells of it or, where it was its own entry that was stopped, does not
  EXPECT(hit.count <= 1);
  os_fault_hook = nullptr;
}

static void debug_code(void) {
  if (without()) return;
  hit.count = 0;
  os_fault_hook = hit_note;
  for (uint64_t i = 0; i < ARCH_DEBUG_POINTS; i++) {
    EXPECT_IS(point(i, probe_steps_end, EXEC), EXO_OK);
    (void)probe_flags();
    EXPECT_IS(hit.count, i);
    EXPECT_IS(probe_steps(), 0);
    hit_is(i + 1, probe_steps_end, probe_steps_end);
    EXPECT_IS(probe_steps(), 0);
    EXPECT_IS(hit.count, i + 1);
  }
  os_fault_hook = nullptr;
}

// --- Others

enum { ROUNDS = 0, STOP = 1, FAULTS = 2, ADDRESS = 3 };
enum { PLAIN, OWN_POINTS, SPIN };

// Touches what its parent watches, at the same addresses, and counts what stops it.
static bool watcher_note(struct exo_uarea *u, struct exo_record *r) {
  (void)u;
  if (r->cause != EXO_CAUSE_POINT && r->cause != EXO_CAUSE_STEP) return false;
  for (uint64_t i = 0; i < ARCH_DEBUG_POINTS; i++) (void)point(i, 0, 0);
  os_self.shared[ADDRESS] = r->address;
  os_self.shared[FAULTS]++; // at last: another one may be set then
  return true;
}

static int watcher(int argc, char **argv) {
  (void)argc;
  uint64_t how = os_number(argv[0], 0);
  os_fault_hook = watcher_note;
  if (how == OWN_POINTS && point(0, &word[2], WRITE8) < 0) return 1;
  if (how == OWN_POINTS && point(1, probe_flags, EXEC) < 0) return 2;
  while (!os_self.shared[STOP]) {
    probe_store(&word[1], os_self.shared[ROUNDS]);
    (void)probe_steps();
    os_self.shared[ROUNDS]++;
    if (how != SPIN) os_yield(os_self.parent, 0);
  }
  return 0;
}

static void debug_others(void) {
  struct kid k;
  if (without()) return;
  if (!kid_start(&k, (struct kid_how){}, "watcher", PLAIN, 0)) return;
  os_fault_hook = hit_note;
  hit.count = 0;
  for (uint64_t i = 1; i <= 100; i++) {
    EXPECT_IS(point(0, &word[1], WRITE8), EXO_OK);
    EXPECT_IS(point(1, probe_steps_end, EXEC), EXO_OK);
    EXPECT(kid_until(&k, ROUNDS, k.shared[ROUNDS] + 3, MS(5000)));
    EXPECT_IS(hit.count, i - 1);
    probe_store(&word[1], 1);
    EXPECT_IS(hit.count, i);
  }
  os_fault_hook = nullptr;
  k.shared[STOP] = 1;
  EXPECT(kid_wait(&k, MS(5000)));
  EXPECT_IS(k.shared[FAULTS], 0);
  note("%lu rounds of another", k.shared[ROUNDS]);
  kid_end(&k);
}

// What an environment leaves behind stops neither us nor the next one.
static void debug_death(void) {
  if (without()) return;
  os_fault_hook = hit_note;
  hit.count = 0;
  for (int i = 0; i < 4; i++) {
    struct kid k;
    uint64_t how = i % 2 ? PLAIN : OWN_POINTS;
    if (!kid_start(&k, (struct kid_how){}, "watcher", how, 0)) break;
    EXPECT(kid_until(&k, ROUNDS, 3, MS(5000)));
    probe_store(&word[2], 1);
    (void)probe_flags();
    kid_end(&k); // by force
    probe_store(&word[2], 1);
    (void)probe_flags();
  }
  EXPECT_IS(hit.count, 0);
  os_fault_hook = nullptr;
}

// A debugger in another environment, on the same CPU and on another, sets points of a program that runs.
static void debug_from_outside(void) {
  if (without()) return;
  for (uint64_t cpu = 0; cpu <= second_cpu(); cpu++) {
    struct kid k;
    if (!kid_start(&k, (struct kid_how){.cpu = cpu, .slice_ns = MS(1)}, "watcher", SPIN, 0)) return;
    EXPECT(kid_until(&k, ROUNDS, 1, MS(5000)));
    for (uint64_t i = 1; i <= 20; i++) {
      bool data = i % 2;
      uint64_t at = data ? (uint64_t)&word[1] : (uint64_t)probe_steps_end;
      struct exo_debug_set set = {OS_SLOT_SELF, k.child.env, cpu, i & 1, at, data ? WRITE8 : EXEC};
      EXPECT_IS(exo_debug_set(set), EXO_OK);
      EXPECT(kid_until(&k, FAULTS, i, MS(5000)));
      EXPECT_IS(k.shared[FAULTS], i);
      EXPECT_IS(k.shared[ADDRESS], at);
    }
    k.shared[STOP] = 1;
    EXPECT(kid_wait(&k, MS(5000)));
    EXPECT_IS(os_child_status(&k.child), 0);
    kid_end(&k);
    if (!second_cpu()) break;
  }
}

// Stopped with no door to be told at, it ends as by any other fault.
static int doorless(int argc, char **argv) {
  (void)argc;
  (void)argv;
  os_self.uarea->fault_door = 0;
  (void)point(0, &word[1], WRITE8);
  probe_store(&word[1], 1);
  return 0;
}
static void debug_no_door(void) {
  struct kid k;
  if (without()) return;
  if (!kid_start(&k, (struct kid_how){}, "doorless", 0, 0)) return;
  EXPECT(kid_wait(&k, MS(5000)));
  EXPECT_IS(os_child_obituary(&k.child)->cause, EXO_CAUSE_POINT);
  EXPECT_IS(os_child_obituary(&k.child)->address, &word[1]);
  kid_end(&k);
}

const struct test debug_tests[] = {
    {"debug-data", debug_data},
    {"debug-code", debug_code},
    {"debug-others", debug_others},
    {"debug-death", debug_death},
    {"debug-from-outside", debug_from_outside},
    {"debug-no-door", debug_no_door},
    {},
};
const struct role debug_roles[] = {{"watcher", watcher}, {"doorless", doorless}, {}};
