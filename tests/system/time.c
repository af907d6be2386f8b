// time.c: processor time: slices, shares, the grace and the force, sleeping, lending, directed yield.
#include "system.h"
#include "machine.h"

enum { TICKS = 0, COUNT = 1, STOP = 2, WRONG = 3, TO = 4, EVENTS = 5 };

// Counts the time of its turns, from its first look to its last, as the kernel does: with the host's pauses in them.
static int spin(int argc, char **argv) {
  (void)argc;
  (void)argv;
  volatile uint64_t *out = os_self.shared, *entered = &os_self.uarea->entered;
  uint64_t turn = *entered, begun = arch_counter(), now = begun, ran = 0;
  while (!out[STOP]) {
    if (*entered != turn) {
      ran += now - begun;
      turn = *entered;
      begun = arch_counter();
    }
    now = arch_counter();
    out[TICKS] = ran + (now - begun);
    out[COUNT]++;
  }
  return 0;
}

// Never opens a door: at the end of its slices it is forced off, and its registers come back exactly.
static int deaf(int argc, char **argv) {
  (void)argc;
  (void)argv;
  struct arch_frame in, out;
  uint64_t seed = 3, kept = registers_kept(false), *word = (uint64_t *)&in, *is = (uint64_t *)&out;
  os_self.uarea->masked = 1;
  os_fault_hook = nullptr;
  while (!os_self.shared[STOP]) {
    for (size_t i = 0; i < sizeof in / 8; i++) word[i] = os_random(&seed);
    registers_prepare(&in, false);
    seen_begin(registers_illegal_after);
    registers_illegal(&in, &out);
    for (size_t i = 0; i < sizeof in / 8; i++)
      if (kept >> i & 1 && word[i] != is[i]) os_self.shared[WRONG]++;
    os_self.shared[COUNT]++;
    os_self.shared[EVENTS] = os_self.uarea->entered;
  }
  return 0;
}

static bool two(struct kid *a, struct kid *b, const char *role_a, const char *role_b, uint64_t ns_a, uint64_t ns_b) {
  uint64_t cpu = second_cpu();
  if (!kid_start(a, (struct kid_how){.cpu = cpu, .slice_ns = ns_a}, role_a, 0, 0)) return false;
  if (kid_start(b, (struct kid_how){.cpu = cpu, .slice_ns = ns_b}, role_b, 0, 0)) return true;
  kid_end(a);
  return false;
}

static uint64_t share_once(struct kid *a, struct kid *b) {
  uint64_t from_a = a->shared[TICKS], from_b = b->shared[TICKS];
  os_sleep_until(os_now_ns() + MS(600));
  uint64_t ran_a = a->shared[TICKS] - from_a, ran_b = b->shared[TICKS] - from_b;
  return ran_a ? ran_b * 100 / ran_a : 0;
}

// Two that never yield, slices 10 ms and 30 ms: each gets its share and no more. The host's own pauses blur it: the
// best of a few looks counts.
static void shares(void) {
  struct kid a, b;
  if (!two(&a, &b, "spin", "spin", MS(10), MS(30))) return;
  EXPECT(kid_until(&a, TICKS, 1, MS(2000)) && kid_until(&b, TICKS, 1, MS(2000)));
  uint64_t low = 250, high = 350, percent = 0, looks = 0;
  if (!second_cpu()) low = 180, high = 240; // with 20 ms of others' idle slices lent to both in turn
  for (; looks < 6 && (percent < low || percent > high); looks++) percent = share_once(&a, &b);
  note("slices 10 ms and 30 ms: %lu percent of the time, look %lu", percent, looks);
  EXPECT(percent >= low && percent <= high);
  kid_end(&a);
  kid_end(&b);
}

static void force(void) {
  struct kid a, b;
  if (!two(&a, &b, "deaf", "spin", MS(1), MS(1))) return;
  EXPECT(kid_until(&a, EVENTS, 100, MS(10000))); // so often forced off and restored
  EXPECT(kid_until(&b, TICKS, 1, MS(1000)));     // and the other ran
  EXPECT(a.shared[COUNT] > 100);
  EXPECT_IS(a.shared[WRONG], 0);
  note("%lu times forced off, %lu times all registers compared", a.shared[EVENTS], a.shared[COUNT]);
  kid_end(&a);
  kid_end(&b);
}

static void deadline(void) {
  uint64_t late = 0;
  for (uint64_t i = 1; i <= 20; i++) {
    uint64_t at = os_now_ns() + i * 100'000;
    os_yield(0, at);
    while (os_now_ns() < at) os_yield(0, at);
    uint64_t now = os_now_ns();
    EXPECT(now >= at);
    late += now - at;
  }
  note("%lu us late on average", late / 20'000);
  os_yield(0, 1); // long past
  EXPECT(true);
}

// Hands the CPU to and fro.
static int pong(int argc, char **argv) {
  (void)argc;
  (void)argv;
  volatile uint64_t *out = os_self.shared;
  while (!out[STOP]) {
    out[COUNT]++;
    os_yield(os_self.parent, 0);
  }
  return 0;
}

static void directed(void) {
  struct kid k;
  if (!kid_start(&k, (struct kid_how){}, "pong", 0, 0)) return;
  EXPECT(kid_until(&k, COUNT, 1, MS(5000)));
  uint64_t hits = 0;
  for (int i = 0; i < 1000; i++) {
    uint64_t before = k.shared[COUNT];
    os_yield(k.child.env, 0);
    hits += k.shared[COUNT] > before;
  }
  note("%lu of 1000 yields reached it", hits);
  EXPECT(hits > 950);
  kid_end(&k);
}

// A slice of 1 ms beside an idle one of 9 ms: the idle one's time is lent.
static int sleeper(int argc, char **argv) {
  (void)argc;
  (void)argv;
  while (!os_self.shared[STOP]) {
    os_sleep_until(os_now_ns() + MS(50));
    os_self.shared[COUNT]++;
  }
  return 0;
}

static void lending(void) {
  struct kid a, b;
  if (!second_cpu()) {
    note("one CPU only: too many others");
    EXPECT(true);
    return;
  }
  if (!two(&a, &b, "spin", "sleeper", MS(1), MS(9))) return;
  EXPECT(kid_until(&a, TICKS, 1, MS(2000)) && kid_until(&b, COUNT, 1, MS(2000)));
  uint64_t from = a.shared[TICKS], begun = arch_counter(), woken = b.shared[COUNT];
  os_sleep_until(os_now_ns() + MS(600));
  uint64_t percent = (a.shared[TICKS] - from) * 100 / (arch_counter() - begun);
  note("with a tenth of the slices, %lu percent of the time", percent);
  EXPECT(percent > 25); // a tenth is its own; the host's pauses count against it
  EXPECT(b.shared[COUNT] - woken >= 6);
  kid_end(&a);
  kid_end(&b);
}

// Slices far apart: while the owner of the first sleeps, the CPU does not wait for it.
static void far_apart(void) {
  struct kid a, b;
  uint64_t cpu = second_cpu();
  if (!kid_start(&b, (struct kid_how){.cpu = cpu, .slice = 9, .slice_ns = MS(1)}, "sleeper", 0, 0)) return;
  if (!kid_start(&a, (struct kid_how){.cpu = cpu, .slice = 30, .slice_ns = MS(1)}, "spin", 0, 0)) return kid_end(&b);
  EXPECT(kid_until(&a, TICKS, 1, MS(2000)) && kid_until(&b, COUNT, 1, MS(2000)));
  uint64_t from = a.shared[TICKS], begun = arch_counter();
  os_sleep_until(os_now_ns() + MS(500));
  uint64_t percent = (a.shared[TICKS] - from) * 100 / (arch_counter() - begun);
  note("%lu percent of the time", percent);
  EXPECT(percent > (cpu ? 25 : 5));
  kid_end(&a);
  kid_end(&b);
}

// Says when its slice ends, and finds that it is asked first.
static volatile uint64_t ends;
static void count_ends(uint64_t bits) { ends += bits / EXO_EVENT_SLICE_END & 1; }
static int polite(int argc, char **argv) {
  (void)argc;
  (void)argv;
  os_event_hook = count_ends;
  while (!os_self.shared[STOP]) {
    os_self.shared[EVENTS] = ends;
    os_self.shared[COUNT]++;
    os_self.shared[WRONG] += os_self.uarea->masked;
  }
  return 0;
}

static void grace(void) {
  struct kid a, b;
  if (!two(&a, &b, "polite", "spin", MS(1), MS(1))) return;
  EXPECT(kid_until(&a, EVENTS, 20, MS(10000)));
  EXPECT(kid_until(&b, TICKS, 1, MS(1000)));
  EXPECT_IS(a.shared[WRONG], 0); // its doors are open again after each
  kid_end(&a);
  kid_end(&b);
}

const struct test time_tests[] = {
    {"time-share", shares},      {"time-force", force},     {"time-grace", grace},         {"time-deadline", deadline},
    {"time-directed", directed}, {"time-lending", lending}, {"time-far-apart", far_apart}, {},
};
const struct role time_roles[] = {{"spin", spin},       {"deaf", deaf},     {"pong", pong},
                                  {"sleeper", sleeper}, {"polite", polite}, {}};
