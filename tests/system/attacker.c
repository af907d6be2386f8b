// attacker.c: the hostile children. Each call begins as a right one on a small set of frames; half of them then get one
// word replaced by something worse.
#include "system.h"
#include "machine.h"
#include "roles.h"

enum { FRAMES = 40, PAGES = 32, SLOT = 40, SLOTS = 8 };
static uint64_t seed;
static exo_frame frame[FRAMES];
static exo_env made[4];

static uint64_t any(uint64_t n) { return os_random(&seed) % n; }
static exo_frame any_frame(void) { return frame[any(FRAMES)]; }
// One that is of a kind, as far as a few tries find it.
static exo_frame any_of(uint64_t kind) {
  exo_frame f = any_frame();
  for (int i = 0; i < 6 && frame_kind(f) != kind; i++) f = any_frame();
  return f;
}
static exo_env any_made(void) {
  uint64_t i = any(4);
  for (int k = 0; k < 4 && !made[i]; k++) i = (i + 1) % 4;
  return made[i];
}

static exo_name any_name(void) {
  exo_name own = os_self.name;
  switch (any(6)) {
  case 0: return sub(any(4));
  case 1: return exo_name_extend(sub(any(4)), any(4), 2);
  default: return own;
  }
}

static uint64_t bad_word(void) {
  static const uint64_t worse[] = {0, 1, 2, 7, 63, 64, 511, 512, 4096, 1ull << 40, 1ull << 63, ~0ull, ~0ull >> 1};
  switch (any(9)) {
  case 0: return os_random(&seed);
  case 1: return 1ull << any(64);
  case 2: return any(os_self.machine->frame_count);
  case 3: return os_self.parent;
  case 4: return os_self.machine_frame;
  case 5: return any(2) ? EXO_GUARD_SYSTEM : EXO_NAME(os_random(&seed) & ~63ull, any(64));
  case 6: return made[any(4)];
  case 7: return any_frame();
  default: return worse[any(sizeof worse / sizeof *worse)];
  }
}

// A right call: fields as in call.def.
static void right_frame(uint64_t n, uint64_t a[6]) {
  bool table = n == EXO_CALL_table_link || n == EXO_CALL_table_drop;
  a[0] = OS_SLOT_SELF;
  a[1] = any_of(n == EXO_CALL_frame_take ? EXO_KIND_FREE : table ? EXO_KIND_TABLE : EXO_KIND_USER);
  if (n == EXO_CALL_frame_take || n == EXO_CALL_frame_guard || n == EXO_CALL_env_create) a[2] = any_name();
  if (n == EXO_CALL_table_link) a[2] = any(4), a[3] = any_of(EXO_KIND_USER);
  if (n < EXO_CALL_map || n > EXO_CALL_unmap) return;
  a[1] = any(8) ? place_table() : any_of(EXO_KIND_TABLE);
  a[2] = any(PAGES);
  if (n == EXO_CALL_map)
    a[3] = OS_SLOT_SELF, a[4] = any_of(EXO_KIND_USER), a[5] = any(3) == 0 ? 5 : any(2) ? 3 : 1;
  else
    a[3] = any(PAGES), a[4] = any(4) == 0 ? 0 : any(2) ? 3 : 1;
}

static void right_env(uint64_t n, uint64_t a[6]) {
  a[0] = OS_SLOT_SELF;
  a[1] = any_made();
  if (n == EXO_CALL_env_cpu)
    a[2] = any(os_self.machine->cpu_count), a[3] = any_of(EXO_KIND_USER), a[4] = any_of(EXO_KIND_USER);
  if (n == EXO_CALL_env_space) a[2] = any_of(EXO_KIND_TABLE);
  if (n == EXO_CALL_env_stop) a[2] = any(200);
  if (n == EXO_CALL_env_ceiling) a[2] = any(3);
}

static void right_cap(uint64_t n, uint64_t a[6]) {
  uint64_t at = SLOT + any(SLOTS);
  a[0] = any(2) ? OS_SLOT_SELF : at;
  if (n == EXO_CALL_cap_open) a[0] = at, a[1] = any(4) > 0;
  if (n == EXO_CALL_cap_drop) a[2] = at;
  if (n == EXO_CALL_cap_grant) a[1] = os_self.env, a[2] = at, a[3] = any_name(), a[4] = 1 + any(63);
}

static void right(uint64_t n, uint64_t a[6]) {
  for (int i = 0; i < 6; i++) a[i] = 0;
  if (n >= EXO_CALL_cap_grant && n <= EXO_CALL_cap_open) right_cap(n, a);
  if ((n >= EXO_CALL_frame_take && n <= EXO_CALL_unmap) || n == EXO_CALL_env_create) right_frame(n, a);
  if (n >= EXO_CALL_env_cpu && n <= EXO_CALL_env_ceiling) right_env(n, a);
  if (n == EXO_CALL_slice_set) a[0] = OS_SLOT_SLICE, a[2] = 31, a[5] = EXO_GUARD_SLICE;
  if (n >= EXO_CALL_console_write && n <= EXO_CALL_machine_exit) a[0] = any(6);
  if (n == EXO_CALL_gate || n == EXO_CALL_message || n == EXO_CALL_ring) a[1] = any_made(), a[2] = any(2);
  if (n == EXO_CALL_revoke) a[0] = OS_SLOT_SELF, a[1] = any_made(), a[2] = any(4), a[3] = 1, a[4] = os_now_ns() + MS(2);
  if (n == EXO_CALL_repossess) a[0] = OS_SLOT_SELF, a[1] = any_made(), a[2] = any_frame();
  if (n == EXO_CALL_sweep)
    a[0] = any(2) ? OS_SLOT_SELF : SLOT + any(SLOTS), a[1] = place_table(), a[2] = any(PAGES), a[3] = any(3);
  if (n == EXO_CALL_table_join) a[0] = OS_SLOT_SELF, a[1] = place_table(), a[2] = any(2);
  if (n == EXO_CALL_age)
    a[0] = OS_SLOT_SELF, a[1] = place_table(), a[2] = any(PAGES), a[3] = any(PAGES), a[4] = 1 + any(3);
  if (n == EXO_CALL_predicate_set) a[0] = any(9), a[1] = any(33);
  if (n == EXO_CALL_debug_set)
    a[1] = any(2) ? any_made() : 0, a[2] = any(2), a[3] = any(5), a[4] = (uint64_t)place(500) + any(9),
    a[5] = EXO_DEBUG_POINT(any(2) ? EXO_EXEC : EXO_WRITE, 1 + any(2));
}

// What would only end the caller itself, or what the parent could not clean up by the account alone.
static bool pointless(uint64_t n, const uint64_t a[6]) {
  if (n == EXO_CALL_env_stop) return a[1] == 0 || a[1] == os_self.env;
  if (n == EXO_CALL_cap_drop || n == EXO_CALL_cap_open)
    return a[n == EXO_CALL_cap_drop ? 2 : 0] < SLOT || (a[1] == os_self.parent && n == EXO_CALL_cap_drop);
  if (n == EXO_CALL_frame_take) return a[3] != 0 && a[3] != os_self.parent;
  if (n == EXO_CALL_resume) return a[0] < 2;
  if (n == EXO_CALL_debug_set) return a[4] < PLACE && a[4] >= EXO_PAGE;
  return n == EXO_CALL_yield || n == EXO_CALL_batch || n == EXO_CALL_wait;
}

static void count(uint64_t n, exo_result r) {
  volatile uint64_t *s = os_self.shared;
  s[HOSTILE_CALLS]++;
  s[HOSTILE_WINS] += r >= 0;
  if (n < EXO_CALL_COUNT && r > -HOSTILE_RESULTS) ++*hostile_count(s, n, r < 0 ? (uint64_t)-r : 0);
}

static uint64_t draw(uint64_t a[6]) {
  uint64_t n;
  do {
    n = any(EXO_CALL_COUNT);
    bool hopeless = (n >= EXO_CALL_slice_set && n <= EXO_CALL_machine_exit) ||
                    (n >= EXO_CALL_env_cpu && !any_made()); // it has no such right, or no child
    if (hopeless && any(8)) n = any(4) == 0 ? EXO_CALL_env_create : any(2) ? EXO_CALL_map : EXO_CALL_unmap;
    right(n, a);
    if (any(5) < 2) a[any(6)] = bad_word();
  } while (pointless(n, a));
  return n;
}

static void note_env(uint64_t n, const uint64_t a[6], exo_result r) {
  uint64_t i = any(4);
  if (n == EXO_CALL_env_create) made[i] = (uint64_t)r;
  for (i = 0; n == EXO_CALL_env_stop && i < 4; i++)
    if (made[i] == a[1]) made[i] = 0;
}

static void one(void) {
  uint64_t a[6], n = draw(a);
  exo_result r = arch_call(n, a);
  count(n, r);
  if (r >= 0) note_env(n, a, r);
}

// Drawn like single calls, with a few that may not stand there.
static void many(void) {
  struct exo_batch_entry *page = os_self.uarea->batch;
  uint64_t length = any(9), n[9] = {};
  for (uint64_t i = 0; i < length; i++) {
    uint64_t a[6] = {};
    page[i].number = n[i] = any(20) ? draw(a) : bad_word();
    for (int k = 0; k < 6; k++) page[i].argument[k] = a[k];
  }
  exo_result ran = exo_batch((struct exo_batch){any(30) ? length : bad_word() | 65});
  count(EXO_CALL_batch, ran);
  for (exo_result i = 0; i < ran; i++) count(n[i], page[i].result);
}

int hostile(int argc, char **argv) {
  (void)argc;
  uint64_t calls = os_number(argv[1], 1000);
  seed = os_number(argv[0], 1) | 1;
  for (unsigned i = 0; i < FRAMES; i += 2) {
    frame[i] = frame_pair();
    frame[i + 1] = frame[i] + 1;
  }
  (void)place_table();
  while (os_self.shared[HOSTILE_CALLS] < calls) {
    if (any(500) == 0) os_yield(any(2) ? os_self.parent : bad_word(), any(2) ? 0 : os_now_ns() + any(100'000));
    if (any(10) == 0)
      many();
    else
      one();
  }
  return 0;
}

// Everything in the u-area is the library's to spoil: random words anywhere in it, while calls, faults and slices go
// on.
int scribble(int argc, char **argv) {
  (void)argc;
  volatile uint64_t *u = (volatile uint64_t *)os_self.uarea;
  seed = os_number(argv[0], 1) | 1;
  for (;;) {
    uint64_t at = any(8) ? any(sizeof(struct exo_uarea) / 8) : any(16);
    u[at] = any(3) ? bad_word() : any(2) ? (uint64_t)probe_fault : any(2);
    os_self.shared[HOSTILE_CALLS]++;
    uint64_t what = any(64);
    if (what < 8) (void)exo_batch((struct exo_batch){any(EXO_BATCH)});
    if (what == 8) (void)exo_resume((struct exo_resume){any(2)});
    if (what == 9) (void)exo_yield((struct exo_yield){bad_word(), any(100'000)});
    if (what == 10) (void)probe_load(place(3));
  }
}

// Another CPU changes the batch and the records while the kernel reads them.
static volatile uint64_t *target;
static void disturb(void *word) {
  uint64_t mine = (uint64_t)word | 1;
  for (;;) {
    uint64_t r = os_random(&mine), at = EXO_UAREA_PENDING / 8;
    if (r % 4)
      at = EXO_PAGE / 8 + (r >> 8) % 128; // the first 16 entries
    else if (r % 3)
      at = EXO_RECORD_EVENT / 8 + (r >> 8) % 48 % 20; // registers of an event record
    target[at] = r % 5 ? (r >> 20) % 30 : r;
  }
}
int flip(int argc, char **argv) {
  (void)argc;
  static struct thread t;
  seed = os_number(argv[0], 1) | 1;
  target = (volatile uint64_t *)os_self.uarea;
  if (!thread_start(&t, 1 - os_self.cpu, disturb, (void *)(uintptr_t)seed)) return 1;
  for (;;) {
    (void)exo_batch((struct exo_batch){16});
    os_self.shared[HOSTILE_CALLS]++;
  }
}
