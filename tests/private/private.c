// private.c: what a program does with its own frames, its own space and its time on one CPU. Each operation is made
// once, and all that the core did to memory meanwhile is looked at: it wrote no line but those of this CPU and of what
// the operation is about, no other CPU had anything to do, and its atomic read-modify-writes are as few as is said
// here. Then the same is done to what others have, too, to see that it would be found.
#include <string.h>
#include "count.h"
#include "test.h"
#include "turns.h"

enum { CPU = 1, OTHER = 2, STACK = 256 << 10 };
enum : exo_slot { ENTER = 1, RING = 2 };
enum : uint64_t { MS = 1'000'000, GATE_DOOR = 0x403000, REPLY_DOOR = 0x404000 };
static struct child a, b, c; // a and b share a CPU, on which nobody else is; c runs on another
static bool own[FRAMES];     // frames that nobody has but a and b
static exo_frame pair, table;

// --- Whose is a line?

enum place { STACKS, RECORD, DESCRIPTOR, FRAME, ANOTHERS_RECORD, ANOTHERS_DESCRIPTOR, ANOTHERS_FRAME, GLOBAL, PLACES };
static const char *const place_name[] = {"stack",           "CPU record",       "descriptor",
                                         "frame",           "ANOTHER'S RECORD", "ANOTHER'S DESCRIPTOR",
                                         "ANOTHER'S FRAME", "GLOBAL DATA"};

static bool within(uint64_t at, uint64_t begin, uint64_t size) { return at >= begin && at - begin < size; }

static enum place place_of(uint64_t at) {
  uint64_t n = (at - EXO_DIRECT_BASE) / EXO_PAGE, d = (at / LINE * LINE - (uint64_t)frame_table()) / 32;
  if (within(at, turn_stack(CPU) - STACK, STACK)) return STACKS;
  if (within(at, EXO_PERCPU_BASE, EXO_MAX_CPUS * EXO_PERCPU_STRIDE))
    return within(at, (uint64_t)cpu_at(CPU), sizeof(struct cpu)) ? RECORD : ANOTHERS_RECORD;
  if (within(at, (uint64_t)frame_table(), FRAMES * 32)) // two of them share a line
    return own[d] && own[d + 1] ? DESCRIPTOR : ANOTHERS_DESCRIPTOR;
  if (within(at, EXO_DIRECT_BASE, RAM_END * EXO_PAGE)) return own[n] ? FRAME : ANOTHERS_FRAME;
  return GLOBAL;
}

// --- Counting

static uint64_t turns_of_others(void) {
  uint64_t turns = 0;
  for (unsigned i = 0; i < CPUS; i++) turns += i == CPU ? 0 : fake_cpu[i].turns;
  return turns;
}

// Makes the operation, says what it did, and returns how many of the lines it wrote are another's.
static unsigned count(const char *name, void (*operation)(void)) {
  unsigned lines[PLACES] = {}, updates[PLACES] = {}, others = 0;
  uint64_t turns = turns_of_others();
  memset(&counted, 0, sizeof counted);
  counting = true;
  operation();
  counting = false;
  CHECK(counted.lines < COUNTED_MAX && counted.updates < COUNTED_MAX);
  for (unsigned i = 0; i < counted.lines; i++) lines[place_of(counted.line[i])]++;
  for (unsigned i = 0; i < counted.updates; i++) updates[place_of(counted.update[i])]++;
  printf("%-18s %u barriers; read-modify-writes %u:", name, counted.barriers, counted.updates);
  for (unsigned p = 0; p < PLACES; p++)
    if (updates[p]) printf(" %u %s", updates[p], place_name[p]);
  printf("; lines %u:", counted.lines);
  for (unsigned p = 0; p < PLACES; p++)
    if (lines[p]) printf(" %u %s", lines[p], place_name[p]);
  printf("\n");
  for (unsigned p = ANOTHERS_RECORD; p < PLACES; p++) others += lines[p];
  return others + (unsigned)(turns_of_others() - turns);
}

// --- The operations, in an order in which each finds what it needs

static void null(void) { EQ(CALL(CPU, null, .echo = 5), 5); }
static void batch(void) {
  for (unsigned i = 0; i < 4; i++) BATCH(CPU, i, null, .echo = i);
  EQ(CALL(CPU, batch, .count = 4), 4);
}
static void take(void) { EQ(CALL(CPU, frame_take, .frame = pair, .guard = a.guard), EXO_OK); }
static void drop(void) { EQ(CALL(CPU, frame_drop, .frame = pair), EXO_OK); }
static void map(void) {
  EQ(CALL(CPU, map, .table = a.leaf, .index = 100, .frame = pair, .prot = EXO_READ | EXO_WRITE), EXO_OK);
}
static void narrow(void) { EQ(CALL(CPU, protect, .table = a.leaf, .index = 100, .count = 1, .prot = EXO_READ), 1); }
static void widen(void) { EQ(CALL(CPU, protect, .table = a.leaf, .index = 100, .count = 1, .prot = 3), 1); }
static void age(void) { EQ(CALL(CPU, age, .table = a.leaf, .index = 100, .count = 1, .what = 3), 1); }
static void unmap(void) { EQ(CALL(CPU, unmap, .table = a.leaf, .index = 100, .count = 1), 1); }
static void link(void) { EQ(CALL(CPU, table_link, .table = a.middle, .index = 200, .frame = table), EXO_OK); }
static void table_drop(void) { EQ(CALL(CPU, table_drop, .table = table), EXO_OK); }
static void fault(void) { machine_fault(CPU, 1, 0x5000); }
static void resume(void) { EQ(CALL(CPU, resume, .record = 0), AWAY); }
static void wait_over(void) { EQ(CALL(CPU, wait, .deadline_ns = 1), EXO_WAIT_PASSED); }
static void yield(void) {
  EQ(CALL(CPU, yield, .to = 0), AWAY);
  EQ(runs_on(CPU), a.number);
}
static void yield_to(void) {
  EQ(CALL(CPU, yield, .to = b.number), AWAY);
  EQ(runs_on(CPU), b.number);
}
static void yield_back(void) {
  EQ(CALL(CPU, yield, .to = a.number), AWAY);
  EQ(runs_on(CPU), a.number);
}
static void ring(void) { EQ(CALL(CPU, ring, .slot = RING, .env = b.number, .cpu = CPU, .bits = 1), EXO_OK); }
static void gate(void) {
  EQ(CALL(CPU, gate, .slot = ENTER, .env = b.number, .m0 = 1), AWAY);
  EQ(runs_on(CPU), b.number);
}
static void reply(void) {
  EQ(CALL(CPU, gate_reply, .m0 = 2), AWAY);
  EQ(runs_on(CPU), a.number);
}
static void nothing(void) {}
static void b_masked(void) { uarea_of(b.number, CPU)->masked = 0; }
static void b_asleep(void) { // so that a yield of a's comes back to it
  yield_to();
  uarea_of(b.number, CPU)->pending = 0;
  EQ(CALL(CPU, yield, .deadline_ns = ~0ull >> 1), AWAY);
  EQ(runs_on(CPU), a.number);
}
static void heard(void) { uarea_of(a.number, CPU)->pending = 0; }
static void touch(void) { CHECK(fake_reach(CPU, CHILD_UAREA + 100 * EXO_PAGE, EXO_WRITE)); }

// At most so many read-modify-writes and barriers. The first one or two of a call about frames are their locks.
static const struct operation {
  const char *name;
  void (*before)(void), (*run)(void);
  unsigned updates, barriers;
} operations[] = {
    {"null", nothing, null, 0, 0},
    {"batch of 4", nothing, batch, 0, 0},
    {"frame_take", nothing, take, 2, 0},
    {"map", nothing, map, 2, 0},
    {"protect, narrower", nothing, narrow, 1, 2},
    {"protect, wider", nothing, widen, 1, 2},
    {"age", touch, age, 2, 1},
    {"unmap", nothing, unmap, 2, 1},
    {"frame_drop", nothing, drop, 2, 0},
    {"table_link", nothing, link, 2, 0},
    {"table_drop", nothing, table_drop, 2, 1},
    {"fault", nothing, fault, 0, 0},
    {"resume", nothing, resume, 0, 0},
    {"wait, passed", heard, wait_over, 0, 2},
    {"yield, to b", nothing, yield_to, 4, 4},
    {"yield, back", nothing, yield_back, 4, 4},
    {"yield, to nobody", b_asleep, yield, 3, 3},
    {"ring, same CPU", nothing, ring, 2, 1},
    {"gate", b_masked, gate, 2, 3},
    {"gate_reply", nothing, reply, 2, 3},
};

// --- The machine

static void even(void) { // descriptors share a line by pairs: so do their owners
  if (frame_free_at(64) % 2) (void)frame_new(test_guard(9));
}
static exo_frame pair_free(void) {
  exo_frame n = frame_free_at(64);
  while (n % 2 || kind_of(n + 1) != EXO_KIND_FREE) n = frame_free_at(n + 1);
  return n;
}

static void child_own(const struct child *who) {
  const exo_frame all[] = {who->env,  who->root,       who->upper,      who->middle,
                           who->leaf, who->state[CPU], who->uarea[CPU], who->uarea[CPU] + 1};
  for (unsigned i = 0; i < sizeof all / sizeof *all; i++) own[all[i]] = true;
}

static void child_doors(const struct child *who) {
  struct exo_uarea *u = uarea_of(who->number, CPU);
  u->gate_door = GATE_DOOR;
  u->reply_door = REPLY_DOOR;
}

static void machine(void) {
  machine_start();
  even();
  child_make(&a, 1, 1 << CPU);
  child_make(&b, 2, 1 << CPU);
  even();
  child_make(&c, 3, 1 << CPU | 1 << OTHER);
  child_own(&a);
  child_own(&b);
  child_doors(&a);
  child_doors(&b);
  EQ(CALL(0, env_ceiling, .env = a.number, .ceiling = 8), EXO_OK);
  EQ(CALL(0, cap_grant, .env = a.number, .index = ENTER, .name = b.guard, .rights = EXO_EXEC), EXO_OK);
  EQ(CALL(0, cap_grant, .env = a.number, .index = RING, .name = b.guard, .rights = EXO_WRITE), EXO_OK);
  child_run(&a, CPU, 0, 10 * MS);
  child_run(&b, CPU, 1, 10 * MS);
  child_run(&c, OTHER, 0, 10 * MS);
  EQ(runs_on(CPU), a.number);
  for (exo_frame *of[] = {&pair, &table}, i = 0; i < 2; i++) { // one of a pair is counted, a has the other
    exo_frame n = *of[i] = pair_free();
    own[n] = own[n + 1] = true;
    EQ(CALL(CPU, frame_take, .frame = n + 1, .guard = a.guard), EXO_OK);
    if (i) EQ(CALL(CPU, frame_take, .frame = n, .guard = a.guard), EXO_OK);
  }
}

// --- What is shared is seen

static void shared_space(void) { EQ(CALL(CPU, unmap, .slot = 3, .table = c.leaf, .index = 100, .count = 1), 1); }
static void shared_pair(void) { EQ(CALL(CPU, frame_take, .frame = pair_free(), .guard = a.guard), EXO_OK); }
static void shared_env(void) { EQ(CALL(CPU, ring, .slot = 3, .env = c.number, .cpu = OTHER, .bits = 1), EXO_OK); }
static void shared_slices(void) {
  EQ(CALL(CPU, slice_set, .slot = 4, .cpu = OTHER, .index = 9, .guard = EXO_GUARD_SLICE), EXO_OK);
}

static void shared(void) {
  EQ(CALL(0, cap_grant, .env = a.number, .index = 3, .name = c.guard, .rights = EXO_RIGHTS_ALL), EXO_OK);
  EQ(CALL(0, cap_grant, .env = a.number, .index = 4, .name = EXO_GUARD_SLICE, .rights = EXO_RIGHTS_ALL), EXO_OK);
  CHECK(count("half of a pair", shared_pair) == 1);
  CHECK(count("ring, other CPU", shared_env) > 1);
  CHECK(count("slice, other CPU", shared_slices) > 1);
  EQ(CALL(CPU, map, .slot = 3, .table = c.leaf, .index = 100, .frame = pair + 1, .prot = EXO_READ), EXO_OK);
  CHECK(count("unmap, on two CPUs", shared_space) > 1);
}

int main(void) {
  test_running = "private operations";
  machine();
  for (unsigned i = 0; i < sizeof operations / sizeof *operations; i++) {
    const struct operation *o = &operations[i];
    o->before();
    EQ(count(o->name, o->run), 0);
    CHECK(counted.updates <= o->updates && counted.barriers <= o->barriers);
  }
  printf("and where there is another:\n");
  shared();
  return 0;
}
