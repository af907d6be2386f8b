// memory.c: what a mapping allows and when it ends; frames come clean; accounts end at their ceilings.
#include "system.h"
#include "machine.h"
#include "stale.h"
#include <os/start.h>

static exo_result protect(uint64_t index, uint64_t count, uint64_t prot) {
  return exo_protect((struct exo_protect){OS_SLOT_SELF, place_table(), index, count, prot, 0});
}

// A frame that is executable anywhere is writable nowhere, by any way that leads there.
static void w_xor_x(void) {
  exo_frame f = frame_new();
  EXPECT_IS(place_map(3, f, EXO_READ | EXO_WRITE), EXO_OK);
  EXPECT_IS(place_map(4, f, EXO_READ | EXO_EXEC), EXO_W_XOR_X);
  EXPECT_IS(place_map(4, f, EXO_READ), EXO_OK);
  EXPECT_IS(protect(4, 1, EXO_READ | EXO_EXEC), EXO_DENIED); // never, unless it was mapped so
  EXPECT_IS(protect(3, 1, EXO_READ), 1); // the first is read-only now: but another CPU may have the page dirty
  EXPECT_IS(place_unmap(3, 2), 2);
  EXPECT_IS(place_map(3, f, EXO_READ | EXO_EXEC), EXO_OK);
  EXPECT_IS(place_map(4, f, EXO_READ | EXO_WRITE), EXO_W_XOR_X);
  EXPECT_IS(place_map(4, f, EXO_READ), EXO_OK);
  EXPECT_IS(protect(4, 1, EXO_READ | EXO_WRITE), EXO_W_XOR_X);
  EXPECT_IS(protect(3, 1, EXO_READ | EXO_WRITE), EXO_DENIED); // nor this, which was mapped to execute
  seen_begin(nullptr);
  probe_store(place(3), 1);
  probe_store(place(4), 1);
  EXPECT_IS(seen.count, 2);
  seen_end();
  EXPECT_IS(place_unmap(3, 2), 2);
  EXPECT_IS(place_map(3, f, EXO_READ | EXO_WRITE), EXO_OK); // unmapped everywhere: free to be either again
  EXPECT_IS(place_unmap(3, 1), 1);
  frame_end(f);
}

// Code that a program writes for itself: written, unmapped, mapped to execute, run; and over again with other code.
static void code(void) {
  exo_frame f = frame_new();
  size_t size = (size_t)(probe_code_end - probe_code);
  for (uint64_t round = 0; round < 20; round++) {
    uint64_t at = round % 8 * 64;
    EXPECT_IS(place_map(3, f, EXO_READ | EXO_WRITE), EXO_OK);
    memset((void *)PLACE + 3 * EXO_PAGE, 0, EXO_PAGE);
    memcpy((void *)(PLACE + 3 * EXO_PAGE + at), probe_code, size);
    EXPECT_IS(place_unmap(3, 1), 1);
    EXPECT_IS(place_map(3, f, EXO_READ | EXO_EXEC), EXO_OK);
    EXPECT_IS(probe_call((const void *)(PLACE + 3 * EXO_PAGE + at), round), round + 7);
    EXPECT_IS(place_unmap(3, 1), 1);
  }
  frame_end(f);
}

// The effect of a call is there when it returns.
static void at_once(void) {
  enum { PAGES = 8 };
  exo_frame f[PAGES];
  uint64_t seed = os_now_ns() | 1;
  for (unsigned i = 0; i < PAGES; i++) {
    f[i] = frame_new();
    EXPECT_IS(place_map(i, f[i], EXO_READ | EXO_WRITE), EXO_OK);
    place(i)[7] = i + 100;
  }
  seen_begin(nullptr);
  for (unsigned round = 0; round < 500; round++) {
    uint64_t r = os_random(&seed), i = r % PAGES, what = r >> 8 & 3, before = seen.count;
    static const uint64_t prots[] = {0, EXO_READ, EXO_READ | EXO_WRITE};
    if (what < 3)
      EXPECT_IS(protect(i, 1, prots[what]), 1);
    else
      EXPECT_IS(place_unmap(i, 1), 1);
    EXPECT_IS(probe_load(place(i) + 7), what == 0 || what == 3 ? PROBE_FAULT : i + 100);
    probe_store(place(i) + 7, i + 100);
    EXPECT_IS(seen.count, before + (what == 1 ? 1 : what == 2 ? 0 : 2));
    if (what == 3)
      EXPECT_IS(place_map(i, f[i], EXO_READ | EXO_WRITE), EXO_OK);
    else
      EXPECT_IS(protect(i, 1, EXO_READ | EXO_WRITE), 1);
    EXPECT_IS(probe_load(place(i) + 7), i + 100);
  }
  seen_end();
  EXPECT_IS(place_unmap(0, PAGES), PAGES);
  for (unsigned i = 0; i < PAGES; i++) frame_end(f[i]);
}

// What the kernel must trust can be mapped by nobody, or to read.
static void kernel_frames(void) {
  uint64_t count[16] = {}, mapped = 0;
  for (exo_frame f = 0; f < os_self.machine->frame_count; f += 61) {
    uint64_t kind = frame_kind(f);
    const struct exo_frame_desc *d = os_frame_desc(f);
    if (kind == EXO_KIND_ABSENT || (kind == EXO_KIND_USER && d->account == (uint32_t)os_self.env)) continue;
    count[kind & 15]++;
    for (exo_slot s = 0; s < 6; s++)
      for (uint64_t prot = 1; prot < 6; prot += 2) {
        exo_result r = exo_map((struct exo_map){OS_SLOT_SELF, place_table(), 3, s, f, prot});
        if (r != EXO_OK) continue;
        bool may = (kind == EXO_KIND_WINDOW && prot == EXO_READ) || (s == OS_SLOT_ARCHIVE && prot != 3) ||
                   (s == OS_SLOT_SELF && exo_name_is_prefix(os_self.name, d->guard));
        EXPECT(may && kind != EXO_KIND_KERNEL && kind != EXO_KIND_ENV_CPU);
        if (kind == EXO_KIND_TABLE) EXPECT(prot == EXO_READ && exo_state_level(d->state) < 3);
        mapped++;
        EXPECT_IS(place_unmap(3, 1), 1);
      }
  }
  EXPECT_IS(place_map(3, place_table(), EXO_READ), EXO_KIND);
  EXPECT_IS(place_map(3, os_self.window->root, EXO_READ), EXO_KIND);
  EXPECT_IS(place_map(3, os_self.window->state_frame[os_self.cpu], EXO_READ), EXO_KIND);
  note("tried %lu kernel, %lu free, %lu window frames; %lu maps allowed", count[EXO_KIND_KERNEL], count[EXO_KIND_FREE],
       count[EXO_KIND_WINDOW], mapped);
}

// --- Content of an earlier owner

static int soil(int argc, char **argv) {
  (void)argc;
  (void)argv;
  for (uint64_t i = 0; i < 200; i++) {
    exo_frame f = frame_new();
    if (place_map(i, f, EXO_READ | EXO_WRITE) < 0) return 1;
    for (unsigned k = 0; k < EXO_PAGE / 8; k++) place(i)[k] = 0x5EC4E75EC4E7ull;
    os_self.shared[1 + i] = f;
  }
  os_self.shared[0] = 1;
  return 0;
}

static void clean_frames(void) {
  struct kid k;
  if (!kid_start(&k, (struct kid_how){}, "soil", 0, 0)) return;
  EXPECT(kid_wait(&k, MS(5000)));
  EXPECT_IS(k.shared[0], 1);
  EXPECT_IS(os_child_status(&k.child), 0);
  exo_frame was[200];
  for (unsigned i = 0; i < 200; i++) was[i] = k.shared[1 + i];
  kid_end(&k);
  uint64_t again = 0, dirty = 0;
  for (unsigned i = 0; i < 200; i++) {
    if (exo_frame_take((struct exo_frame_take){OS_SLOT_SELF, was[i], os_self.name, 0}) != EXO_OK) continue;
    EXPECT_IS(place_map(3, was[i], EXO_READ), EXO_OK);
    for (unsigned n = 0; n < EXO_PAGE / 8; n++) dirty += place(3)[n] != 0;
    EXPECT_IS(place_unmap(3, 1), 1);
    frame_end(was[i]);
    again++;
  }
  EXPECT_IS(dirty, 0);
  EXPECT(again > 150);
}

static int greedy(int argc, char **argv) {
  (void)argc;
  (void)argv;
  uint64_t got = 0;
  while (os_frame_get()) got++;
  os_self.shared[0] = got;
  os_self.shared[1] = (uint64_t)os_frame_why;
  os_self.shared[2] = os_self.window->used;
  os_self.shared[3] = os_self.window->ceiling;
  return 0;
}

static void ceilings(void) {
  struct kid k;
  if (!kid_start(&k, (struct kid_how){.ceiling = 300}, "greedy", 0, 0)) return;
  EXPECT(kid_wait(&k, MS(5000)));
  EXPECT_IS(k.shared[1], EXO_CEILING);
  EXPECT(k.shared[2] <= k.shared[3] && k.shared[3] == 300 && k.shared[0] > 100);
  kid_end(&k);
}

// Looks at all frames with so small a stock that it must be filled to link a table, and finds a free one each time.
static int lean(int argc, char **argv) {
  enum { LEFT = 7 };
  (void)argc;
  (void)argv;
  exo_frame first = os_frame_pick(), last = first;
  for (bool around = false; !around || last < first;) {
    exo_frame left[LEFT];
    unsigned n = 0;
    for (exo_frame f; (f = os_frame_from_stock());)
      if (n < LEFT)
        left[n++] = f;
      else
        os_frame_put(f);
    while (n) os_frame_stock(left[--n]);
    exo_frame next = os_frame_pick();
    if (!next) return 1;
    around |= next < last;
    last = next;
    os_self.shared[0]++;
  }
  return 0;
}

static void small_stock(void) {
  struct kid k;
  if (!kid_start(&k, (struct kid_how){}, "lean", 0, 0)) return;
  EXPECT(kid_wait(&k, MS(60000)));
  EXPECT_IS(os_child_status(&k.child), 0);
  EXPECT(k.shared[0] > os_frames_free() / 10 * 9);
  note("%lu free frames seen", k.shared[0]);
  kid_end(&k);
}

static void accounts(void) {
  uint64_t before = frame_account();
  for (int i = 0; i < 5; i++) {
    struct kid k;
    if (!kid_start(&k, (struct kid_how){}, i % 2 ? "greedy" : "soil", 0, 0)) return;
    if (i < 4) EXPECT(kid_wait(&k, MS(5000)));
    kid_end(&k);
  }
  EXPECT_IS(frame_account(), before);
}

// Has a child that has a child.
static int mother(int argc, char **argv) {
  uint64_t below = argc > 0 ? os_number(argv[0], 0) : 0;
  struct kid k;
  struct kid_how how = {.ceiling = os_self.window->ceiling / 2};
  if (below && (!kid_start(&k, how, "mother", below - 1, 0) || !kid_until(&k, 0, 1, MS(5000)))) return 1;
  os_self.shared[0] = 1;
  for (;;) os_yield(0, os_now_ns() + MS(5));
}

// The children of a child end with it, and all that they had comes back.
static void orphans(void) {
  uint64_t before = frame_account();
  struct kid k;
  if (!kid_start(&k, (struct kid_how){.ceiling = 4096}, "mother", 2, 0)) return;
  EXPECT(kid_until(&k, 0, 1, MS(10000)));
  kid_end(&k);
  EXPECT_IS(frame_account(), before);
}

const struct test memory_tests[] = {
    {"memory-w-xor-x", w_xor_x},
    {"memory-code", code},
    {"memory-at-once", at_once},
    {"memory-kernel-frames", kernel_frames},
    {"memory-clean", clean_frames},
    {"memory-ceiling", ceilings},
    {"memory-accounts", accounts},
    {"memory-small-stock", small_stock},
    {"memory-orphans", orphans},
    {"memory-stale", stale_tests_unmap},
    {"memory-stale-protect", stale_tests_protect},
    {},
};
const struct role memory_roles[] = {{"soil", soil},     {"greedy", greedy},    {"lean", lean},
                                    {"mother", mother}, {"stale", stale_role}, {}};
