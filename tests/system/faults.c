// faults.c: what a program does wrong arrives at its own door, exactly; and what it must not have, it does not get.
#include "system.h"
#include "machine.h"
#include <exo/boot.h>

#define USER_LIMIT ((1ull << (EXO_ADDRESS_BITS - 1)) - EXO_PAGE)

// --- Page faults

static void page_faults(void) {
  volatile uint64_t *hole = place(3) + 9;
  seen_begin(nullptr);
  EXPECT_IS(probe_load(hole), PROBE_FAULT);
  EXPECT_IS(seen.count, 1);
  EXPECT_IS(seen.cause, EXO_CAUSE_READ);
  EXPECT_IS(seen.address, hole);
  struct arch_frame f = seen.regs;
  EXPECT_IS(*arch_frame_pc(&f), probe_load);
  EXPECT_IS(seen.masked, 1);
  EXPECT_IS(os_self.uarea->masked, 0); // and open again
  probe_store(hole, 1);
  EXPECT_IS(seen.cause, EXO_CAUSE_WRITE);
  EXPECT_IS(seen.address, hole);
  f = seen.regs;
  EXPECT_IS(*arch_frame_pc(&f), probe_store);
  EXPECT_IS(probe_call(place(3), 1), PROBE_FAULT);
  EXPECT_IS(seen.cause, EXO_CAUSE_EXEC);
  EXPECT_IS(seen.address, place(3));
  f = seen.regs;
  EXPECT_IS(*arch_frame_pc(&f), place(3));
  EXPECT_IS(seen.count, 3);
  seen_end();
}

static void protection_faults(void) {
  frame_account();
  exo_frame f = frame_new();
  EXPECT_IS(place_map(3, f, EXO_READ), EXO_OK);
  seen_begin(nullptr);
  EXPECT_IS(probe_load(place(3)), 0);
  EXPECT_IS(seen.count, 0);
  probe_store(place(3), 5);
  EXPECT_IS(seen.cause, EXO_CAUSE_WRITE);
  EXPECT_IS(probe_call(place(3), 0), PROBE_FAULT);
  EXPECT_IS(seen.cause, EXO_CAUSE_EXEC);
  EXPECT_IS(probe_load(place(3)), 0);
  probe_store((volatile void *)(uintptr_t)probe_load, 1); // program text
  EXPECT_IS(seen.cause, EXO_CAUSE_WRITE);
  EXPECT_IS(seen.count, 3);
  seen_end();
  EXPECT_IS(place_unmap(3, 1), 1);
  frame_end(f);
}

static void null_page(void) {
  seen_begin(nullptr);
  for (uint64_t a = 0; a < EXO_PAGE; a += 1024) {
    EXPECT_IS(probe_load((const volatile void *)a), PROBE_FAULT);
    EXPECT_IS(seen.address, a);
    EXPECT_IS(probe_call((const volatile void *)a, 0), PROBE_FAULT);
  }
  EXPECT_IS(seen.count, 8);
  seen_end();
}

static const uint64_t forbidden[] = {
    EXO_DIRECT_BASE,          EXO_DIRECT_BASE + (1 << 20), EXO_FRAME_TABLE_BASE, EXO_FRAME_TABLE_BASE + 4096,
    EXO_PERCPU_BASE + 0x1ff8, EXO_PERCPU_BASE + 0xC000,    EXO_DEVICE_BASE,      0xFFFFFFFF80000000,
    0xFFFFFFFF80001000,       0xFFFF800000000000,          0xFFFF800000001000,   0xFFFFFFFFFFFFF000,
    0x0000800000000000,       0x8000000000000000,          0x00FF900000000000,   USER_LIMIT,
};

static void kernel_addresses(void) {
  seen_begin(nullptr);
  for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
    volatile uint64_t *at = (volatile uint64_t *)forbidden[i];
    uint64_t before = seen.count;
    EXPECT_IS(probe_load(at), PROBE_FAULT);
    probe_store(at, 0);
    EXPECT_IS(probe_call(at, 0), PROBE_FAULT);
    EXPECT_IS(seen.count, before + 3);
  }
  for (exo_frame f = 0; f < os_self.machine->frame_count;
       f += 97) // all of the direct map and the frame table, coarsely
    if (probe_load((volatile void *)(EXO_DIRECT_BASE + f * EXO_PAGE)) != PROBE_FAULT ||
        probe_load((volatile void *)(EXO_FRAME_TABLE_BASE + f * 32)) != PROBE_FAULT)
      EXPECT_IS(f, ~0ull);
  seen_end();
}

// --- Registers

static void pattern(struct arch_frame *f) {
  uint64_t seed = os_now_ns() | 1, *word = (uint64_t *)f;
  for (size_t i = 0; i < sizeof *f / 8; i++) word[i] = os_random(&seed);
}

static void registers(bool foreign) {
  struct arch_frame in, out;
  uint64_t kept = registers_kept(foreign), *was = (uint64_t *)&in, *is = (uint64_t *)&out;
  for (int round = 0; round < 50; round++) {
    pattern(&in);
    out = (struct arch_frame){};
    registers_prepare(&in, foreign);
    uint64_t before = seen.count;
    (foreign ? registers_foreign : registers_illegal)(&in, &out);
    EXPECT_IS(seen.count, before + 1);
    struct arch_frame f = seen.regs;
    const uint64_t *saved = (const uint64_t *)&f;
    for (size_t i = 0; i < sizeof in / 8; i++) {
      if (!(kept >> i & 1)) continue;
      EXPECT_IS(saved[i], was[i]);
      EXPECT_IS(is[i], was[i]);
    }
    EXPECT_IS(*arch_frame_pc(&f), foreign ? (uint64_t)registers_foreign_after : (uint64_t)registers_illegal_at);
  }
}

static void registers_fault(void) {
  seen_begin(registers_illegal_after);
  registers(false);
  EXPECT_IS(seen.cause, EXO_CAUSE_ILLEGAL);
  seen_end();
}

static void registers_call(void) {
  seen_begin(registers_foreign_after);
  registers(true);
  EXPECT_IS(seen.cause, EXO_CAUSE_FOREIGN);
  seen_end();
}

// --- Instructions

static void instructions(const struct instruction *list) {
  uint64_t count = 0, passed = 0;
  seen_begin(nullptr);
  for (const struct instruction *i = list; i->name; i++, count++) {
    uint64_t before = seen.count;
    (void)i->run();
    bool faulted = seen.count == before + 1, may_pass = i->causes & 1;
    if (faulted ? !(i->causes >> seen.cause & 1) : !may_pass) {
      note("%s", i->name);
      os_print("instruction %s: cause %lu after %lu faults\n", i->name, seen.cause, seen.count - before);
      EXPECT_IS(faulted ? seen.cause : 0, i->causes);
    }
    passed += !faulted;
  }
  seen_end();
  EXPECT(count > 0);
  if (!failures()) note("%lu instructions, %lu pass harmlessly", count, passed);
}

static void privileged_instructions(void) { instructions(privileged); }
static void trapping_instructions(void) { instructions(trapping); }

// --- Hostile registers

static uint64_t hostile_pc;
static unsigned hostile_flags;
static void twist_pc(struct arch_frame *f) { *arch_frame_pc(f) = hostile_pc; }
static void twist_flags(struct arch_frame *f) { (void)flags_hostile(f, hostile_flags); }

static void hostile_pcs(void) {
  seen_begin(nullptr);
  for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
    hostile_pc = forbidden[i];
    seen_twist = twist_pc;
    uint64_t before = seen.count;
    EXPECT_IS(probe_load(place(3)), PROBE_FAULT);
    EXPECT_IS(seen.count, before + 2); // the load, then the resumed record
    EXPECT_IS(seen.cause, EXO_CAUSE_BAD_PC);
    struct arch_frame f = seen.regs;
    EXPECT_IS(*arch_frame_pc(&f), hostile_pc);
  }
  seen_end();
}

static void hostile_states(void) {
  struct arch_frame scratch = {};
  unsigned count = 0;
  for (; flags_hostile(&scratch, count); count++) {
    hostile_flags = count;
    seen_begin(probe_flags);
    seen_twist = twist_flags;
    EXPECT(flags_harmless(probe_load(place(3))));
    EXPECT_IS(seen.count, 1);
    seen_begin(nullptr);
    EXPECT_IS(privileged[0].run(), PROBE_FAULT); // still not allowed
    EXPECT_IS(seen.count, 1);
    seen_end();
  }
  note("%u states", count);
}

// --- Doors that are shut

enum { DOUBLE = 1, NO_FAULT_DOOR, NO_EVENT_DOOR, KERNEL_DOOR, STACK_OVERFLOW };

static bool fault_again(struct exo_uarea *u, struct exo_record *r) {
  (void)u;
  (void)r;
  (void)probe_load(place(4));
  return true;
}

[[gnu::noinline]] static uint64_t deeper(uint64_t n) {
  volatile uint64_t here[32] = {n};
  return n ? deeper(n - 1) + here[n % 32] : 0;
}

static int shut(int argc, char **argv) {
  (void)argc;
  struct exo_uarea *u = os_self.uarea;
  uint64_t how = os_number(argv[0], 0);
  os_self.shared[0] = 1;
  if (how == DOUBLE) os_fault_hook = fault_again;
  if (how == NO_FAULT_DOOR) u->fault_door = 0;
  if (how == KERNEL_DOOR) u->fault_door = 0xFFFFFFFF80001000;
  if (how == NO_EVENT_DOOR) {
    u->event_door = 0;
    os_yield(0, 0);
  } else if (how == STACK_OVERFLOW)
    os_self.shared[1] = deeper(os_number(argv[1], 0));
  else
    (void)probe_load(place(3));
  return 0;
}

static void ends(uint64_t how, uint64_t cause) {
  struct kid k;
  if (!kid_start(&k, (struct kid_how){}, "shut", how, 1 << 20)) return;
  EXPECT(kid_wait(&k, MS(5000)));
  const struct exo_obituary *o = os_child_obituary(&k.child);
  EXPECT_IS(k.shared[0], 1);
  EXPECT_IS(o->cause, cause);
  EXPECT_IS(os_child_status(&k.child), 139);
  if (how <= NO_FAULT_DOOR) EXPECT_IS(o->address, place(how == DOUBLE ? 4 : 3));
  if (how <= NO_FAULT_DOOR) EXPECT_IS(o->pc, probe_load);
  kid_end(&k);
}

static void door_busy(void) { ends(DOUBLE, EXO_CAUSE_DOUBLE); }
static void door_none(void) {
  ends(NO_FAULT_DOOR, EXO_CAUSE_READ);
  ends(KERNEL_DOOR, EXO_CAUSE_READ);
  ends(NO_EVENT_DOOR, EXO_CAUSE_NO_DOOR);
}

// A stack that runs over its end meets no neighbour: the library reports and ends with 139.
static void stack_guard(void) {
  struct kid k;
  if (!kid_start(&k, (struct kid_how){}, "shut", STACK_OVERFLOW, 1 << 20)) return;
  EXPECT(kid_wait(&k, MS(20000)));
  const struct exo_obituary *o = os_child_obituary(&k.child);
  EXPECT_IS(o->cause, EXO_CAUSE_STOPPED);
  EXPECT_IS(o->address & 0xFF, 139);
  kid_end(&k);
}

const struct test faults_tests[] = {
    {"fault-page", page_faults},
    {"fault-protection", protection_faults},
    {"fault-null-page", null_page},
    {"fault-kernel-addresses", kernel_addresses},
    {"fault-registers", registers_fault},
    {"fault-foreign-call", registers_call},
    {"fault-privileged", privileged_instructions},
    {"fault-instructions", trapping_instructions},
    {"fault-hostile-pc", hostile_pcs},
    {"fault-hostile-state", hostile_states},
    {"fault-door-busy", door_busy},
    {"fault-door-none", door_none},
    {"fault-stack-guard", stack_guard},
    {},
};
const struct role faults_roles[] = {{"shut", shut}, {}};
