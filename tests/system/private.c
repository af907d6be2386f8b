// private.c: operations on what is our own, each between two stores into a page of marks: for a machine that watches
// what the kernel writes meanwhile (tests/private/lines.sh). Says which frames are ours. `systest child private`.
#include "system.h"
#include "machine.h"

enum { MARKS = 480, PAGE = 481 }; // pages of PLACE
enum operation { NOTHING, TAKE, MAP, NARROW, WIDEN, UNMAP, DROP, FAULT, YIELD, GATE, SHARED };
static struct kid server;

// What the environments of this CPU are made of and have: ours, the server's, and our parent's, which may wake
// meanwhile.
static bool is_own(exo_frame n) {
  const struct exo_frame_desc *d = os_frame_desc(n);
  const exo_env env[] = {os_self.env, server.child.env, os_self.parent};
  bool own = false;
  for (unsigned i = 0; d && i < sizeof env / sizeof *env; i++)
    own |= d->account == (uint32_t)env[i] || n == (env[i] & ((1ull << 40) - 1));
  return own;
}
static void own_all(void) { // as ranges
  const struct exo_machine_window *m = os_self.machine;
  for (uint64_t i = 0; i < m->range_count; i++) {
    uint64_t count = 0;
    for (exo_frame n = m->range[i].first, end = n + m->range[i].count; n <= end; n++) {
      bool own = n < end && is_own(n);
      if (!own && count) os_print("own %lu %lu\n", n - count, count);
      count = own ? count + 1 : 0;
    }
  }
}

// Two that share a line of the frame table.
static exo_frame even_pair(void) {
  for (int i = 0; i < 1000; i++) {
    struct exo_frame_take take = {.slot = OS_SLOT_SELF, .frame = os_frame_pick() & ~1ull, .guard = os_self.name};
    if (exo_frame_take(take) != EXO_OK) continue;
    take.frame++;
    if (exo_frame_take(take) == EXO_OK) return take.frame - 1;
    frame_end(take.frame - 1);
  }
  EXPECT(!"two frames of a line");
  return 0;
}

#define MARKED(operation, call)                                                                                        \
  do {                                                                                                                 \
    place(MARKS)[2 * (operation)] = 1;                                                                                 \
    exo_result marked = (call);                                                                                        \
    place(MARKS)[2 * (operation) + 1] = 1;                                                                             \
    EXPECT(marked >= 0);                                                                                               \
  } while (0)

static exo_result fault(void) { // to the library's door, and back
  seen_begin(nullptr);
  (void)probe_load((const volatile void *)place(PAGE));
  seen_end();
  return seen.count == 1 ? EXO_OK : EXO_EMPTY;
}
static exo_result yield(void) {
  os_yield(0, 0);
  return EXO_OK;
}

static exo_result gate(void) { // into the server and back
  uint64_t w[4] = {1};
  exo_result r = os_gate(OS_SLOT_SELF, server.child.env, w, 0);
  return r == EXO_OK && w[0] == 2 ? r : EXO_EMPTY;
}

static void all(exo_frame f, exo_frame leaf) {
  struct exo_protect protect = {.slot = OS_SLOT_SELF, .table = leaf, .index = PAGE, .count = 1, .prot = EXO_READ};
  MARKED(NOTHING, exo_null((struct exo_null){1}));
  MARKED(TAKE, exo_frame_take((struct exo_frame_take){.slot = OS_SLOT_SELF, .frame = f, .guard = os_self.name}));
  MARKED(MAP, exo_map((struct exo_map){OS_SLOT_SELF, leaf, PAGE, OS_SLOT_SELF, f, 3}));
  *place(PAGE) = 1;
  MARKED(NARROW, exo_protect(protect));
  protect.prot = EXO_READ | EXO_WRITE;
  MARKED(WIDEN, exo_protect(protect));
  MARKED(UNMAP, exo_unmap((struct exo_unmap){.slot = OS_SLOT_SELF, .table = leaf, .index = PAGE, .count = 1}));
  MARKED(DROP, exo_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, f}));
  MARKED(FAULT, fault());
  MARKED(YIELD, yield());
  MARKED(GATE, gate());
  MARKED(SHARED, exo_slice_set((struct exo_slice_set){OS_SLOT_SLICE, 1, EXO_SLICES - 1, 0, 0, EXO_GUARD_SLICE}));
}

static void serve(exo_env caller, uint64_t w[4]) {
  (void)caller;
  w[0]++;
}
static int serve_play(int argc, char **argv) {
  (void)argc;
  (void)argv;
  os_gate_open(serve);
  *(volatile uint64_t *)os_self.shared = 1;
  for (;;) os_yield(os_self.parent, ~0ull >> 1);
}

static int play(int argc, char **argv) {
  (void)argc;
  (void)argv;
  exo_frame f = even_pair(), leaf = place_table();
  (void)exo_frame_take((struct exo_frame_take){.slot = OS_SLOT_SELF, .frame = leaf ^ 1, .guard = os_self.name});
  EXPECT_IS(place_map(MARKS, frame_new(), 3), EXO_OK);
  if (!kid_start(&server, (struct kid_how){.cpu = 0}, "private-server", 0, 0)) return 1;
  EXPECT(kid_until(&server, 0, 1, MS(5000)));
  for (int i = 0; i < 50; i++) os_yield(server.child.env, 0); // until it sleeps
  own_all();
  frame_end(f);
  for (int i = 0; i < 8; i++) all(f, leaf); // a tick may come in between, but not each time
  kid_end(&server);
  return failures() ? 1 : 0;
}
const struct role private_roles[] = {{"private", play}, {"private-server", serve_play}, {}};
