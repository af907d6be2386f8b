// stale.c: no CPU uses a translation after the call that took it away has returned. A child runs on two CPUs at once:
// one takes a page away and changes the frame behind it by another mapping, the other looks as fast as it can.
#include "system.h"
#include "machine.h"
#include "stale.h"

enum { UNMAP = 0, PROTECT = 1, PAGE = 3, ALIAS = 5, ROUNDS = 300 };
enum : uint64_t { POISON = 0xDEADDEADDEADDEAD };

static struct {
  volatile uint64_t value, looks, stale, writes;
} other;

static void look(void *how) {
  for (uint64_t n = 1;; n++) {
    if (how) {
      other.writes = n;
      probe_store(place(PAGE), n);
    } else {
      uint64_t v = probe_load(place(PAGE));
      if (v == POISON) other.stale++;
      other.value = v;
    }
    __atomic_store_n(&other.looks, n, __ATOMIC_SEQ_CST);
  }
}

static bool wait_looks(uint64_t more) {
  uint64_t until = other.looks + more, limit = os_now_ns() + MS(500);
  while (other.looks < until)
    if (os_now_ns() > limit) return false;
  return true;
}

static uint64_t round_unmap(exo_frame f, uint64_t round) {
  *place(ALIAS) = round;
  if (place_map(PAGE, f, EXO_READ) < 0) return 1;
  if (!wait_looks(3) || other.value != round) return 2;
  if (place_unmap(PAGE, 1) != 1) return 3;
  *place(ALIAS) = POISON;
  if (!wait_looks(3) || other.value != PROBE_FAULT) return 4;
  return other.stale ? 5 : 0;
}

static uint64_t round_protect(exo_frame f) {
  struct exo_protect p = {OS_SLOT_SELF, place_table(), PAGE, 1, EXO_READ, 0};
  (void)f;
  if (!wait_looks(3)) return 1;
  if (exo_protect(p) != 1) return 2;
  uint64_t value = *place(ALIAS); // frozen from here on
  if (!wait_looks(5) || *place(ALIAS) != value) return 3;
  p.prot = EXO_READ | EXO_WRITE;
  if (exo_protect(p) != 1) return 4;
  uint64_t limit = os_now_ns() + MS(500);
  while (*place(ALIAS) == value)
    if (os_now_ns() > limit) return 5;
  return 0;
}

int stale_role(int argc, char **argv) {
  (void)argc;
  uint64_t how = os_number(argv[0], 0), bad = 0;
  static struct thread t;
  exo_frame f = frame_new();
  if (place_map(ALIAS, f, EXO_READ | EXO_WRITE) < 0) return 1;
  if (how == PROTECT && place_map(PAGE, f, EXO_READ | EXO_WRITE) < 0) return 1;
  if (!thread_start(&t, 1, look, how == PROTECT ? &t : nullptr)) return 2;
  for (uint64_t round = 1; round <= ROUNDS && !bad; round++) {
    bad = how == UNMAP ? round_unmap(f, round) : round_protect(f);
    os_self.shared[0] = round;
    os_self.shared[1] = bad;
    os_self.shared[2] = t.faults;
    os_self.shared[3] = t.cause;
  }
  return bad ? 3 : 0;
}

static void stale(uint64_t how) {
  struct kid k;
  if (!second_cpu()) {
    note("one CPU only: nothing to see");
    EXPECT(true);
    return;
  }
  if (!kid_start(&k, (struct kid_how){}, "stale", how, 0)) return;
  EXPECT(kid_wait(&k, MS(60000)));
  EXPECT_IS(k.shared[1], 0);
  EXPECT_IS(k.shared[0], ROUNDS);
  EXPECT(k.shared[2] >= ROUNDS / 2);
  EXPECT_IS(k.shared[3], how == UNMAP ? EXO_CAUSE_READ : EXO_CAUSE_WRITE);
  EXPECT_IS(os_child_status(&k.child), 0);
  note("%lu rounds, %lu faults on the other CPU", k.shared[0], k.shared[2]);
  kid_end(&k);
}

void stale_tests_unmap(void) { stale(UNMAP); }
void stale_tests_protect(void) { stale(PROTECT); }
