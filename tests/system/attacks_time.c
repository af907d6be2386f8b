// attacks_time.c: attacks by when: what another CPU changes while the kernel reads it, each word of the u-area, and
// death after every call; and every instruction.
#include "attacks.h"
#include "machine.h"
#include "sweep.h"

enum { DONE = 0, BAD = 1, TRIES = 2, OTHER = 3, WORD = 4 };

// --- A batch that changes: the other CPU exchanges frame and protection under the kernel's eyes. What was mapped is
// what was checked: our own frame, or nothing; and the page that is not for writing stays as it is.

enum { ENTRIES = 8, AT = 3 };
static struct {
  struct exo_batch_entry *entry;
  exo_frame good, bad;
  volatile uint64_t stop;
} race;

static void exchange(void *unused) {
  (void)unused;
  for (uint64_t i = 0;; i++) {
    volatile struct exo_batch_entry *e = &race.entry[i / 2 % ENTRIES];
    if (e->number != EXO_CALL_map) continue;
    e->argument[4] = i & 1 ? race.bad : race.good;
    e->argument[5] = i & 1 ? 3 : 1;
  }
}

int racer(int argc, char **argv) {
  (void)argc;
  static struct thread t;
  enum : uint64_t { MARK = 0x600D600D600D600D };
  volatile uint64_t *out = os_self.shared;
  race.entry = os_self.uarea->batch;
  race.good = frame_new();
  race.bad = os_self.machine_frame; // readable by another slot, writable by none
  if (place_map(AT, race.good, 3) < 0) return 1;
  *place(AT) = MARK;
  (void)place_unmap(AT, 1);
  if (!thread_start(&t, 1, exchange, nullptr)) return 2;
  uint64_t rounds = os_number(argv[0], 1000), caught = 300; // so often the other must have been in time
  for (; (out[TRIES] < rounds || out[OTHER] < caught) && out[TRIES] < 100 * rounds; out[TRIES]++) {
    for (unsigned i = 0; i < ENTRIES; i++)
      race.entry[i] =
          os_entry_map((struct exo_map){OS_SLOT_SELF, place_table(), AT + i, OS_SLOT_SELF, race.good, EXO_READ});
    exo_result ran = exo_batch((struct exo_batch){ENTRIES});
    for (unsigned i = 0; i < ENTRIES; i++) {
      bool ok = (exo_result)i < ran && race.entry[i].result == EXO_OK;
      seen_begin(nullptr);
      uint64_t is = probe_load(place(AT + i));
      seen_end();
      if (is != (ok ? (uint64_t)MARK : PROBE_FAULT)) out[BAD]++;
      out[OTHER] += !ok;
    }
    (void)place_unmap(AT, ENTRIES);
  }
  out[DONE] = 1;
  return 0;
}

void attack_batch(void) {
  struct kid k;
  if (os_self.machine->cpu_count < 2) return note("one CPU only: nothing to see");
  if (!kid_start(&k, (struct kid_how){}, "racer", 10'000, 0)) return;
  EXPECT(kid_wait(&k, MS(120000)));
  EXPECT_IS(k.shared[DONE], 1);
  EXPECT_IS(k.shared[BAD], 0);
  EXPECT(k.shared[OTHER] >= 300);
  note("%lu batches, %lu entries changed in time or behind those", k.shared[TRIES], k.shared[OTHER]);
  kid_end(&k);
}

// --- Each word of the u-area, spoilt once: then a call, a batch, a fault, a yield, the end of a slice

int spoiler(int argc, char **argv) {
  (void)argc;
  uint64_t at = os_number(argv[0], 0), value = os_number(argv[1], 0);
  volatile uint64_t *u = (volatile uint64_t *)os_self.uarea;
  seen_begin(nullptr);
  os_self.shared[DONE] = 1;
  u[at] = value;
  (void)exo_null((struct exo_null){});
  (void)exo_batch((struct exo_batch){EXO_BATCH});
  u[at] = value;
  (void)probe_load(place(3));
  u[at] = value;
  for (uint64_t begun = os_now_ns(); os_now_ns() - begun < MS(1);) (void)exo_null((struct exo_null){});
  if (!os_self.shared[TRIES]++) (void)exo_resume((struct exo_resume){at & 1}); // wherever that leads
  u[at] = value;
  os_yield(0, 0);
  return 0;
}

void attack_uarea(void) {
  static const uint64_t value[] = {0, 1, ~0ull, 1ull << 63, 1ull << (EXO_ADDRESS_BITS - 1), 0x400000, 8, ~7ull};
  enum { VALUES = sizeof value / sizeof *value, DOORS = 16, WORDS = EXO_UAREA_LIBRARY / 8, BATCH = EXO_PAGE / 8 };
  uint64_t seed = attack_seed, ended = 0, kids = 0;
  for (unsigned i = 0; i < DOORS * VALUES + (WORDS - DOORS) + 64 && !failures(); i++) {
    unsigned at = i < DOORS * VALUES ? i / VALUES : i - DOORS * VALUES + DOORS;
    if (at >= WORDS) at += BATCH - WORDS; // and the first entries of the batch
    uint64_t word = i < DOORS * VALUES ? value[i % VALUES] : os_random(&seed) % 3 ? value[seed % VALUES] : seed;
    struct kid k;
    struct kid_how how = {.cpu = i % os_self.machine->cpu_count, .slice_ns = 200'000, .give = OS_GIVE_ARCHIVE};
    if (!kid_start(&k, how, "spoiler", at, word)) return;
    ended += kid_wait(&k, MS(6));
    EXPECT(kid_until(&k, DONE, 1, MS(5000)));
    kids++;
    kid_end(&k);
  }
  note("%lu words, one environment each; %lu ended by it", kids, ended);
}

// --- Death after any call: of a program that makes random ones; every other one is killed, at a random time

void attack_deaths(void) {
  uint64_t seed = attack_seed, before = frame_account(), by_itself = 0, killed = 0, calls = 0;
  for (uint64_t i = 0; i < attack_deaths_wanted && !failures(); i++) {
    if (i % 16 == 0) machine_look();
    struct kid k;
    struct kid_how how = {.cpu = i % os_self.machine->cpu_count, .give = OS_GIVE_ARCHIVE | OS_GIVE_SLICES};
    uint64_t at = i % 2 ? ~0ull : 1 + os_random(&seed) % 300;
    if (!kid_start(&k, how, "attacker", os_random(&seed), at)) return;
    ((volatile struct storm_page *)k.shared)->go = 1;
    if (i % 2) {
      EXPECT(kid_until(&k, 0, 1, MS(20000)));
      for (uint64_t until = os_now_ns() + os_random(&seed) % 2'000'000; os_now_ns() < until;) arch_pause();
      killed += os_child_alive(&k.child);
    } else {
      EXPECT(kid_wait(&k, MS(20000)));
      by_itself++;
    }
    calls += ((volatile struct storm_page *)k.shared)->calls;
    kid_end(&k);
    EXPECT_IS(frame_account(), before);
  }
  note("%lu ended after their nth call, %lu killed in between; %lu calls", by_itself, killed, calls);
}

// --- Every instruction

int sweeper(int argc, char **argv) {
  (void)argc;
  (void)argv;
  enum { SLOTS = EXO_PAGE / SWEEP_BYTES, CODE = 3, SCRATCH = 5 };
  volatile uint64_t *out = os_self.shared;
  exo_frame f = frame_new(), scratch = frame_new();
  uint8_t *to = (uint8_t *)(uintptr_t)place(CODE);
  if (place_map(SCRATCH, scratch, 3) < 0) return 1;
  for (uint64_t i = 0, n = SLOTS; n == SLOTS; i += n) {
    if (place_map(CODE, f, 3) < 0) return 2;
    for (n = 0; n < SLOTS && sweep_code(i + n, to + n * SWEEP_BYTES);) n++;
    if (place_unmap(CODE, 1) != 1 || place_map(CODE, f, EXO_READ | EXO_EXEC) < 0) return 3;
    for (uint64_t k = 0; k < n; k++) {
      seen_begin(sweep_back);
      sweep_call(to + k * SWEEP_BYTES, place(SCRATCH));
      bool passed = !seen.count, may_not = sweep_must_fault(i + k);
      seen_end();
      if (passed && may_not && !out[BAD]++) out[WORD] = i + k;
      out[OTHER] += passed;
      out[TRIES]++;
    }
    (void)place_unmap(CODE, 1);
  }
  seen_begin(nullptr);
  if (privileged[0].run() != PROBE_FAULT) return 4; // still not allowed
  seen_end();
  out[DONE] = 1;
  return 0;
}

void attack_sweep(void) {
  struct kid k;
  if (!kid_start(&k, (struct kid_how){}, "sweeper", 0, 0)) return;
  EXPECT(kid_wait(&k, MS(120000)));
  EXPECT_IS(os_child_status(&k.child), 0);
  EXPECT_IS(k.shared[DONE], 1);
  if (k.shared[BAD]) EXPECT_IS(k.shared[WORD], ~0ull); // the first that passed and must not
  EXPECT_IS(k.shared[BAD], 0);
  note("%lu instructions, %lu pass", k.shared[TRIES], k.shared[OTHER]);
  kid_end(&k);
}
