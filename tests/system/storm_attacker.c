// storm_attacker.c: a blind interpreter. A seed is its program: a stream of operations, each a call, a batch of calls,
// a touch of memory or a yield. A call's arguments come from pools by what they stand for; then some are replaced by
// anything else: others' numbers, dead ones, the boundaries of everything, earlier results. It knows nothing of what is
// right; it only remembers what it was told.
#include "storm.h"
#include "machine.h"
#include <exo/boot.h>

enum { FRAMES = 40, PAGES = 32, MADE = 6, REMEMBERED = 32, LONGEST = 12 };
static uint64_t seed, remembered[REMEMBERED];
static exo_frame frame[FRAMES];
static exo_env made[MADE];
static volatile struct storm_page *page;

static uint64_t any(uint64_t n) { return os_random(&seed) % n; }

// --- Pools

// What an argument stands for: a slot, a frame of a kind, what goes with them, an environment, a slice.
enum pool : uint8_t {
  WORD,
  SLOT,
  OUT,
  IN,
  FREE,
  USER,
  PAIR,
  TABLE,
  ROOT,
  LEAF,
  ENTRY,
  COUNT,
  PROT,
  SKIP,
  NAME,
  RIGHTS
};
enum : uint8_t {
  INDEX = RIGHTS + 1,
  FLAG,
  SMALL,
  NOWHERE,
  POINT,
  KNOWN,
  CHILD,
  PAYER,
  RUNNER,
  CPU,
  SLICES,
  SLICE,
  LENGTH,
  SLICE_NAME
};
// What the arguments of each call stand for, in the order of call.def.
static const uint8_t shape[EXO_CALL_COUNT][EXO_CALL_WORDS] = {
    [EXO_CALL_cap_grant] = {SLOT, KNOWN, INDEX, NAME, RIGHTS},
    [EXO_CALL_cap_drop] = {SLOT, KNOWN, INDEX},
    [EXO_CALL_cap_open] = {INDEX, FLAG},
    [EXO_CALL_frame_take] = {SLOT, FREE, NAME, PAYER},
    [EXO_CALL_frame_guard] = {SLOT, USER, NAME},
    [EXO_CALL_frame_drop] = {SLOT, USER},
    [EXO_CALL_table_root] = {SLOT, USER},
    [EXO_CALL_table_link] = {SLOT, TABLE, SMALL, USER},
    [EXO_CALL_table_drop] = {SLOT, TABLE},
    [EXO_CALL_map] = {SLOT, LEAF, ENTRY, SLOT, USER, PROT},
    [EXO_CALL_protect] = {SLOT, LEAF, ENTRY, COUNT, PROT, SKIP},
    [EXO_CALL_unmap] = {SLOT, LEAF, ENTRY, COUNT, SKIP},
    [EXO_CALL_env_create] = {SLOT, USER, NAME},
    [EXO_CALL_env_cpu] = {SLOT, CHILD, CPU, USER, PAIR},
    [EXO_CALL_env_space] = {SLOT, CHILD, ROOT},
    [EXO_CALL_env_start] = {SLOT, CHILD, CPU},
    [EXO_CALL_env_stop] = {SLOT, CHILD, WORD},
    [EXO_CALL_env_ceiling] = {SLOT, CHILD, SMALL},
    [EXO_CALL_slice_set] = {SLICES, CPU, SLICE, RUNNER, LENGTH, SLICE_NAME},
    [EXO_CALL_console_write] = {OUT, FLAG, SMALL, WORD, WORD, WORD},
    [EXO_CALL_console_read] = {IN},
    [EXO_CALL_machine_exit] = {SLOT, WORD},
    [EXO_CALL_gate] = {SLOT, CHILD, WORD, WORD, WORD, WORD},
    [EXO_CALL_gate_reply] = {WORD, WORD, WORD, WORD},
    [EXO_CALL_message] = {SLOT, CHILD, CPU, WORD, WORD, WORD},
    [EXO_CALL_ring] = {SLOT, CHILD, CPU, SMALL},
    [EXO_CALL_predicate_set] = {SMALL, SMALL},
    [EXO_CALL_wait] = {CHILD, WORD},
    [EXO_CALL_revoke] = {SLOT, CHILD, SMALL, SMALL, WORD},
    [EXO_CALL_repossess] = {SLOT, CHILD, USER},
    [EXO_CALL_sweep] = {SLOT, LEAF, ENTRY, COUNT},
    [EXO_CALL_table_join] = {SLOT, LEAF, FLAG},
    [EXO_CALL_age] = {SLOT, LEAF, ENTRY, COUNT, FLAG, SKIP},
    [EXO_CALL_debug_set] = {SLOT, KNOWN, CPU, SMALL, NOWHERE, POINT},
};

// One of our frames that is of a kind, as far as a few tries find it.
static exo_frame frame_of(uint64_t kind) {
  exo_frame f = frame[any(FRAMES)];
  for (int i = 0; i < 6 && frame_kind(f) != kind; i++) f = frame[any(FRAMES)];
  return f;
}
// One of an even number with the next: they were taken together.
static exo_frame frame_even(void) {
  uint64_t i = any(FRAMES / 2) * 2;
  for (int k = 0; k < 6 && (frame_kind(frame[i]) != EXO_KIND_USER || frame_kind(frame[i] + 1) != EXO_KIND_USER); k++)
    i = any(FRAMES / 2) * 2;
  return frame[i];
}
static exo_frame frame_root(void) {
  exo_frame f = frame_of(EXO_KIND_TABLE);
  for (int i = 0; i < 4; i++) {
    const struct exo_frame_desc *d = os_frame_desc(f);
    if (d && exo_state_kind(d->state) == EXO_KIND_TABLE && exo_state_level(d->state) > 1) break;
    f = frame_of(EXO_KIND_TABLE);
  }
  return f;
}
static exo_env child(void) {
  uint64_t i = any(MADE);
  for (int k = 0; k < MADE && !made[i]; k++) i = (i + 1) % MADE;
  return made[i];
}
static exo_name name(void) {
  switch (any(6)) {
  case 0: return sub(any(4));
  case 1: return exo_name_extend(sub(any(4)), any(4), 2);
  default: return os_self.name;
  }
}
static uint64_t number(uint8_t p) {
  static const uint64_t prot[] = {1, 3, 3, 5, 1, 0};
  switch (p) {
  case ENTRY:
  case COUNT: return any(PAGES);
  case PROT: return prot[any(6)];
  case SKIP: return any(4) ? 0 : os_random(&seed);
  case RIGHTS: return 1 + any(EXO_RIGHTS_ALL);
  case INDEX: return STORM_SLOT + any(STORM_SLOTS);
  case FLAG: return any(4) > 0;
  case SMALL: return any(6);
  case NOWHERE: return (uint64_t)place(8 * PAGES) + any(512) * 8;
  case POINT: return EXO_DEBUG_POINT(any(2) ? EXO_EXEC : EXO_WRITE | any(2), any(4) ? 1 : 8);
  case CPU: return any(os_self.machine->cpu_count);
  case SLICE: return STORM_SLICE + any(EXO_SLICES - STORM_SLICE);
  case LENGTH: return any(3) ? 50'000 + any(1'000'000) : 0;
  default: return os_random(&seed) >> any(64);
  }
}
static uint64_t draw(uint8_t p) {
  switch (p) {
  case SLOT: return any(8) ? (uint64_t)OS_SLOT_SELF : STORM_SLOT + any(STORM_SLOTS);
  case FREE: return frame_of(EXO_KIND_FREE);
  case USER: return frame_of(EXO_KIND_USER);
  case PAIR: return frame_even();
  case TABLE: return frame_of(EXO_KIND_TABLE);
  case ROOT: return frame_root();
  case LEAF: return any(8) ? place_table() : frame_of(EXO_KIND_TABLE);
  case NAME: return name();
  case KNOWN: return any(3) ? os_self.env : any(2) ? page->foreign[any(STORM_FOREIGN)] : child();
  case CHILD: return child();
  case PAYER: return any(4) ? 0 : child();
  case RUNNER: return any(3) == 0 ? 0 : any(2) ? os_self.env : child();
  case SLICES: return GIFT_SLICES;
  case SLICE_NAME: return exo_name_extend(EXO_GUARD_SLICE, 1, 4);
  case OUT: return GIFT_OUT;
  case IN: return GIFT_IN;
  default: return number(p);
  }
}

// Anything at all, and what lies at the edges.
static uint64_t worse(void) {
  static const uint64_t edge[] = {
      0,          1,          2,         7,     31,  32,         63,         64,    65,    128,           129,
      511,        512,        4096,      ~0ull, ~0u, 1ull << 31, 1ull << 32, 49999, 50000, 1'000'000'000, 1'000'000'001,
      1ull << 40, 1ull << 63, ~0ull >> 1};
  switch (any(11)) {
  case 0: return os_random(&seed);
  case 1: return 1ull << any(64);
  case 2: return any(os_self.machine->frame_count);
  case 3: return os_self.machine->frame_count + any(4) - 2;
  case 4: return os_self.machine_frame + any(2);
  case 5: return any(2) ? EXO_GUARD_SYSTEM : EXO_NAME(os_random(&seed) & ~63ull, any(64));
  case 6: return any(2) ? child() : os_self.env;
  case 7: return frame[any(FRAMES)];
  case 8: return page->foreign[any(STORM_FOREIGN)];
  case 9: return remembered[any(REMEMBERED)];
  default: return edge[any(sizeof edge / sizeof *edge)];
  }
}

// --- Calls

// What would end this attacker without telling anything; tried now and then all the same.
static bool deadly(uint64_t n, const uint64_t a[EXO_CALL_WORDS]) {
  if (n == EXO_CALL_env_stop) return a[1] == 0 || a[1] == os_self.env;
  if (n == EXO_CALL_cap_drop) return a[2] < STORM_SLOT && (a[1] == 0 || a[1] == os_self.env);
  return n == EXO_CALL_resume && a[0] < 2;
}
// It sleeps not for long and writes nothing on the console.
static void tame(uint64_t n, uint64_t a[EXO_CALL_WORDS]) {
  if (n == EXO_CALL_yield && a[1]) a[1] = os_now_ns() + a[1] % 100'000;
  if (n == EXO_CALL_wait) a[1] = os_now_ns() + a[1] % 100'000;
  if (n == EXO_CALL_revoke && any(4)) a[4] = os_now_ns() + 1'100'000;
  if (n == EXO_CALL_console_write && a[2] <= 24) a[2] = 0;
  if (n == EXO_CALL_debug_set && a[4] < PLACE) a[4] &= 0xFFF; // not where it runs
}

// After these others may run, and the way back is by a door.
static bool gives_away(uint64_t n) { return n == EXO_CALL_yield || n == EXO_CALL_wait || n == EXO_CALL_gate; }

static uint64_t draw_call(uint64_t a[EXO_CALL_WORDS]) {
  static const uint8_t often[] = {EXO_CALL_map,         EXO_CALL_unmap,   EXO_CALL_frame_take,
                                  EXO_CALL_frame_guard, EXO_CALL_protect, EXO_CALL_env_create};
  uint64_t n;
  do {
    n = any(EXO_CALL_COUNT);
    bool hopeless = n >= EXO_CALL_env_cpu && n <= EXO_CALL_env_ceiling && !child();
    if (hopeless || any(4) == 0) n = often[any(sizeof often)];
    for (int i = 0; i < EXO_CALL_WORDS; i++) a[i] = draw(shape[n][i]);
    if (any(5) < 2) a[any(EXO_CALL_WORDS)] = worse();
    if (any(40) == 0) a[any(EXO_CALL_WORDS)] = worse();
    tame(n, a);
  } while (n == EXO_CALL_batch || (gives_away(n) && any(128)) || (deadly(n, a) && any(512)));
  return n;
}

static void count(uint64_t n, exo_result r) {
  page->calls++;
  page->wins += r >= 0;
  if (n < EXO_CALL_COUNT && r > -STORM_RESULTS) page->count[n][r < 0 ? -r : 0]++;
  if (r > 0) remembered[any(REMEMBERED)] = (uint64_t)r;
}

static void note_result(uint64_t n, const uint64_t a[EXO_CALL_WORDS], exo_result r) {
  count(n, r);
  if (n == EXO_CALL_env_create && r > 0) made[any(MADE)] = (exo_env)r;
  for (int i = 0; n == EXO_CALL_env_stop && r >= 0 && i < MADE; i++)
    if (made[i] == a[1]) made[i] = 0;
  // Somebody else has it now: another pair, by and by.
  if (n == EXO_CALL_frame_take && r == EXO_BUSY && any(64) == 0) frame[any(FRAMES)] = os_frame_pick();
}

static void one(void) {
  uint64_t a[EXO_CALL_WORDS], n = draw_call(a);
  if (gives_away(n)) {
    struct os_switch s = {.number = EXO_CALL_BASE + n};
    for (int i = 0; i < EXO_CALL_WORDS; i++) s.argument[i] = a[i];
    os_switch(&s);
    count(n, s.how == OS_RETURNED ? s.result : EXO_OK);
    if (n == EXO_CALL_gate) (void)exo_gate((struct exo_gate){});
    return;
  }
  note_result(n, a, arch_call(n, a));
}

// Drawn like single calls, with all that may not stand there.
static void many(void) {
  struct exo_batch_entry *entry = os_self.uarea->batch;
  uint64_t length = any(LONGEST), n[LONGEST], a[LONGEST][EXO_CALL_WORDS];
  for (uint64_t i = 0; i < length; i++) {
    n[i] = draw_call(a[i]);
    if (any(64) == 0) n[i] = any(2) ? (uint64_t)EXO_CALL_batch : worse();
  }
  for (uint64_t i = 0; i < length; i++) { // at last: to draw may have used the page
    entry[i].number = n[i];
    for (int k = 0; k < EXO_CALL_WORDS; k++) entry[i].argument[k] = a[i][k];
  }
  exo_result ran = exo_batch((struct exo_batch){any(30) ? length : worse() | 65});
  count(EXO_CALL_batch, ran);
  for (uint64_t i = 0; i < length && (exo_result)i < ran; i++) note_result(n[i], a[i], entry[i].result);
}

// --- Memory

static uint64_t place_to_touch(void) {
  static const uint64_t edge[] = {0,
                                  EXO_DIRECT_BASE,
                                  EXO_FRAME_TABLE_BASE,
                                  EXO_PERCPU_BASE,
                                  ~7ull,
                                  (1ull << (EXO_ADDRESS_BITS - 1)) - 8,
                                  1ull << (EXO_ADDRESS_BITS - 1),
                                  ~0ull << (EXO_ADDRESS_BITS - 1)};
  switch (any(8)) {
  case 0: return edge[any(sizeof edge / sizeof *edge)];
  case 1: return EXO_DIRECT_BASE + any(os_self.machine->frame_count) * EXO_PAGE;
  case 2: return worse() & ~7ull;
  default: return (uint64_t)place(any(PAGES)) + any(EXO_PAGE / 8) * 8;
  }
}

// Reads anywhere and writes where only our own frames are, or nothing of a program's. Nothing of the kernel's half is
// ever seen.
static void touch(void) {
  uint64_t at = place_to_touch(), kernel = at >> 63;
  bool own = at >= (uint64_t)place(0) && at < (uint64_t)place(PAGES);
  seen_begin(nullptr);
  if ((own || kernel) && any(2))
    probe_store((volatile void *)at, worse()); // NOLINT
  else if (probe_load((volatile void *)at) != PROBE_FAULT && kernel)
    page->leaks++;
  if (kernel && !seen.count) page->leaks++;
  page->faults += seen.count;
  seen_end();
}

int storm_attacker(int argc, char **argv) {
  (void)argc;
  page = (volatile struct storm_page *)os_self.shared;
  seed = os_number(argv[0], 1) | 1;
  uint64_t calls = os_number(argv[1], 1000);
  for (unsigned i = 0; i < FRAMES; i += 2) {
    frame[i] = frame_pair();
    frame[i + 1] = frame[i] + 1;
  }
  (void)place_table();
  for (exo_slot s = GIFT_OUT; s < STORM_SLOT + STORM_SLOTS; s++) (void)exo_cap_open((struct exo_cap_open){s, 1});
  page->ready = 1;
  while (!page->go) os_yield(os_self.parent, os_now_ns() + 200'000);
  while (page->calls < calls && os_self.window->slot[OS_SLOT_SELF].rights & EXO_RIGHTS_ALL) {
    uint64_t what = any(16);
    storm_turns(&page->ran);
    if (any(1 << 14) == 0) (void)exo_null((struct exo_null){EXO_CHECK_WORD}); // it may be ended while it looks
    if (what == 0)
      many();
    else if (what == 1)
      touch();
    else
      one();
  }
  return 0;
}
