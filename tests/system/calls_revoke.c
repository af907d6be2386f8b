// calls_revoke.c: asking back and taking, on the machine: a program that answers, one that does not, and the end of
// sharing by force.
#include "system.h"
#include "machine.h"

void call_revoke(void), call_repossess(void), call_sweep(void);

// Words of the shared page.
enum { READY = 0, ASKED = 1, TAKEN = 2, VALUE = 3, ROUNDS = 4, FRAME = 5, MAPPED = 6, FRAMES = 8 };
enum { MANY = 64 };
static struct kid kid;

// --- The children

static exo_frame spare[MANY];
static void on_asked(uint64_t bits) {
  volatile uint64_t *s = os_self.shared;
  if (bits & EXO_EVENT_TAKEN) s[TAKEN]++;
  if (!(bits & EXO_EVENT_REVOKE)) return;
  s[ASKED]++;
  if (!s[VALUE]) return; // it does not listen
  for (int i = 0; i < MANY && os_self.window->used > os_self.window->ceiling; i++)
    if (spare[i] && exo_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, spare[i]}) == EXO_OK) spare[i] = 0;
}

// Has frames to give, and computes on.
static int holder(int argc, char **argv) {
  (void)argc;
  volatile uint64_t *s = os_self.shared;
  s[VALUE] = os_number(argv[0], 0);
  os_event_hook = on_asked;
  for (int i = 0; i < MANY; i++) s[FRAMES + i] = spare[i] = os_frame_get();
  s[READY] = 1;
  for (;;) {
    s[ROUNDS]++;
    os_yield(os_self.parent, 0);
  }
}

// Maps a frame that it was given a slot for, and reads it for ever.
static int borrower(int argc, char **argv) {
  (void)argc;
  (void)argv;
  volatile uint64_t *s = os_self.shared;
  (void)exo_cap_open((struct exo_cap_open){40, 1});
  s[READY] = 1;
  while (!s[FRAME]) os_yield(os_self.parent, os_now_ns() + 200'000);
  s[MAPPED] = place_table() |
              (uint64_t)exo_map((struct exo_map){OS_SLOT_SELF, place_table(), 3, 40, s[FRAME], EXO_READ | EXO_WRITE})
                  << 48;
  for (;;) {
    s[VALUE] = *place(3);
    s[ROUNDS]++;
  }
}
const struct role revoke_roles[] = {{"holder", holder}, {"borrower", borrower}, {}};

// --- The tests

static struct exo_revoke request(uint64_t count) {
  return (struct exo_revoke){OS_SLOT_SELF, kid.child.env, EXO_REVOKE_ANY, count, os_now_ns() + MS(20)};
}
static exo_result revoke_by(exo_slot slot) {
  struct exo_revoke r = request(1);
  r.slot = slot;
  return exo_revoke(r);
}
static exo_result repossess_by(exo_slot slot) {
  return exo_repossess((struct exo_repossess){slot, kid.child.env, kid.shared[FRAMES]});
}

static bool begin(bool listens) {
  if (!kid_start(&kid, (struct kid_how){.cpu = second_cpu()}, "holder", listens, 0)) return false;
  EXPECT(kid_until(&kid, READY, 1, MS(5000)));
  struct exo_env_ceiling tight = {OS_SLOT_SELF, kid.child.env, kid.child.window->used + 1, 0};
  EXPECT_IS(exo_env_ceiling(tight), EXO_OK);
  return true;
}

static void pass(uint64_t at) {
  while (os_now_ns() < at) os_yield(kid.child.env, at);
}

void call_revoke(void) { // a program that answers keeps what it wants to keep
  if (!begin(true)) return;
  const struct exo_env_window *w = kid.child.window;
  uint64_t used = w->used;
  refuses(revoke_by, EXO_MANAGE, EXO_DENIED);
  struct exo_revoke r = request(11);
  r.what = 4;
  EXPECT_IS(exo_revoke(r), EXO_RANGE);
  r = request(0);
  EXPECT_IS(exo_revoke(r), EXO_RANGE);
  r = request(1);
  r.deadline_ns = os_now_ns();
  EXPECT_IS(exo_revoke(r), EXO_RANGE);
  EXPECT_IS(exo_revoke(request(~0ull)), EXO_CEILING);
  r = request(1);
  r.env = os_self.env;
  EXPECT_IS(exo_revoke(r), EXO_NO_ENV);
  r.env = 77;
  EXPECT_IS(exo_revoke(r), EXO_NO_ENV);
  r = request(11);
  EXPECT_IS(exo_revoke(r), EXO_OK);
  EXPECT(kid_until(&kid, ASKED, 1, MS(5000)));
  pass(r.deadline_ns);
  EXPECT_IS(w->used, used - 10);
  EXPECT_IS(repossess_by(OS_SLOT_SELF), EXO_EMPTY);
  EXPECT_IS(w->taken_count, 0);
  kid_end(&kid);
}

void call_repossess(void) { // one that does not loses exactly what was asked, is told so, and goes on
  if (!begin(false)) return;
  const struct exo_env_window *w = kid.child.window;
  uint64_t used = w->used;
  struct exo_revoke r = request(11);
  EXPECT_IS(exo_revoke(r), EXO_OK);
  EXPECT_IS(exo_revoke(request(1)), EXO_BUSY);
  EXPECT_IS(repossess_by(OS_SLOT_SELF), EXO_EMPTY); // too early
  pass(r.deadline_ns);
  refuses(repossess_by, EXO_MANAGE, EXO_DENIED);
  struct exo_repossess take = {OS_SLOT_SELF, kid.child.env, kid.frame};
  EXPECT_IS(exo_repossess(take), EXO_DENIED); // ours
  take.name = ~0ull;
  EXPECT_IS(exo_repossess(take), EXO_NO_FRAME);
  take.name = w->state_frame[kid.child.cpu];
  EXPECT_IS(exo_repossess(take), EXO_KIND);
  for (int i = 0; i < 10; i++) {
    take.name = kid.shared[FRAMES + i];
    EXPECT_IS(exo_repossess(take), EXO_OK);
    EXPECT_IS(frame_kind(take.name), EXO_KIND_FREE);
  }
  take.name = kid.shared[FRAMES + 10];
  EXPECT_IS(exo_repossess(take), EXO_EMPTY);
  EXPECT_IS(w->used, used - 10);
  EXPECT_IS(w->taken_count, 10);
  EXPECT(w->taken[9].what == EXO_TAKEN_FRAME && w->taken[9].name == kid.shared[FRAMES + 9]);
  uint64_t rounds = kid.shared[ROUNDS];
  EXPECT(kid_until(&kid, TAKEN, 1, MS(5000)));
  EXPECT(kid_until(&kid, ROUNDS, rounds + 3, MS(5000)));
  // Its slice as well.
  r = (struct exo_revoke){OS_SLOT_SELF, kid.child.env, EXO_REVOKE_SLICES, 1, os_now_ns() + MS(2)};
  EXPECT_IS(exo_revoke(r), EXO_OK);
  pass(r.deadline_ns);
  take.name = EXO_SLICE_NAME(kid.child.cpu, kid.child.slice + 1);
  EXPECT_IS(exo_repossess(take), EXO_DENIED);
  take.name = EXO_SLICE_NAME(kid.child.cpu, kid.child.slice);
  EXPECT_IS(exo_repossess(take), EXO_OK);
  EXPECT_IS(w->taken[10].name, take.name);
  kid_end(&kid);
}

static exo_frame swept_table;
static exo_result sweep_by(exo_slot slot) { return exo_sweep((struct exo_sweep){slot, swept_table, 0, 64}); }

void call_sweep(void) { // the borrower does not give the page back: it loses it in the middle of reading
  exo_frame f = frame_new();
  if (!kid_start(&kid, (struct kid_how){.cpu = second_cpu()}, "borrower", 0, 0)) return;
  EXPECT(kid_until(&kid, READY, 1, MS(5000)));
  EXPECT_IS(exo_frame_guard((struct exo_frame_guard){OS_SLOT_SELF, f, sub(40)}), EXO_OK);
  struct exo_cap_grant give = {OS_SLOT_SELF, kid.child.env, 40, sub(40), EXO_READ | EXO_WRITE};
  EXPECT_IS(exo_cap_grant(give), EXO_OK);
  kid.shared[FRAME] = f;
  EXPECT(kid_until(&kid, ROUNDS, 10, MS(5000)));
  EXPECT_IS(kid.shared[MAPPED] >> 48, EXO_OK);
  swept_table = kid.shared[MAPPED] & 0xFFFFFFFFFFFF;
  EXPECT_IS(os_frame_desc(f)->home, swept_table << 9 | 3);
  EXPECT_IS(exo_frame_guard((struct exo_frame_guard){OS_SLOT_SELF, f, sub(41)}), EXO_OK);
  slot_set(20, sub(41), EXO_GUARD);
  struct exo_sweep s = {20, swept_table, 0, 65};
  EXPECT_IS(exo_sweep(s), EXO_RANGE);
  s.count = 64;
  s.table = ~0ull;
  EXPECT_IS(exo_sweep(s), EXO_NO_FRAME);
  s.table = f;
  EXPECT_IS(exo_sweep(s), EXO_KIND);
  EXPECT_IS(sweep_by(60), EXO_NO_SLOT);
  EXPECT_IS(sweep_by(EXO_SLOTS), EXO_NO_SLOT);
  slot_set(21, sub(127), EXO_RIGHTS_ALL);
  EXPECT_IS(sweep_by(21), 0); // another name's
  slot_end(21);
  EXPECT_IS(sweep_by(20), 1);
  EXPECT_IS(os_frame_desc(f)->state & EXO_STATE_MAPS, 0);
  EXPECT(kid_wait(&kid, MS(5000))); // it had no answer to the fault
  EXPECT_IS(kid.child.window->taken_count, 1);
  EXPECT_IS(os_child_status(&kid.child), 139);
  slot_end(20);
  kid_end(&kid);
  frame_end(f);
}
