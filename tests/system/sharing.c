// sharing.c: a frame is shared with whom its owner chose, and with nobody else; taking the slot away ends it.
#include "system.h"
#include "machine.h"

// Words of the shared page: what the parent asks for, what the child answers.
enum { ASK = 0, DONE = 1, FRAME = 2, RESULT = 3, VALUE = 4, WINS = 5, TRIES = 6, READY = 7 };
enum { NOTHING = 0, OPEN, MAP, WRITE, UNMAP, ATTACK, READ_MANY, END };
enum { SLOT = 20 };

// Everything one may try to get at a frame one has no name for.
static void attack(exo_frame f, uint64_t *wins, uint64_t *tries) {
  for (exo_slot s = 0; s < EXO_SLOTS + 2; s++) {
    exo_result r[] = {
        exo_map((struct exo_map){OS_SLOT_SELF, place_table(), 9, s, f, EXO_READ}),
        exo_map((struct exo_map){s, place_table(), 9, s, f, EXO_READ | EXO_WRITE}),
        exo_frame_guard((struct exo_frame_guard){s, f, os_self.name}),
        exo_frame_guard((struct exo_frame_guard){s, f, 0}),
        exo_frame_drop((struct exo_frame_drop){s, f}),
        exo_frame_take((struct exo_frame_take){s, f, os_self.name, 0}),
        exo_table_root((struct exo_table_root){s, f}),
        exo_table_link((struct exo_table_link){s, place_table(), 9, f}),
        exo_table_drop((struct exo_table_drop){s, f}),
        exo_unmap((struct exo_unmap){s, f, 0, 1, 0}),
        exo_env_create((struct exo_env_create){s, f, os_self.name}),
        exo_env_space((struct exo_env_space){s, os_self.env, f}),
        exo_env_stop((struct exo_env_stop){s, os_self.parent, 1}),
        exo_env_ceiling((struct exo_env_ceiling){s, os_self.parent, 1, 0}),
        exo_cap_drop((struct exo_cap_drop){s, os_self.parent, 0}),
    };
    for (size_t i = 0; i < sizeof r / sizeof *r; i++, ++*tries)
      if (r[i] >= 0) ++*wins;
  }
  static const exo_name names[] = {0, EXO_GUARD_SYSTEM, EXO_GUARD_EXIT, EXO_GUARD_RESULTS, EXO_GUARD_FIRST};
  (void)exo_cap_open((struct exo_cap_open){30, 1});
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    for (exo_slot s = 0; s < EXO_SLOTS; s++, ++*tries)
      if (exo_cap_grant((struct exo_cap_grant){s, os_self.env, 30, names[i], EXO_READ}) >= 0) ++*wins;
}

static int sharer(int argc, char **argv) {
  (void)argc;
  (void)argv;
  volatile uint64_t *s = os_self.shared;
  s[READY] = 1;
  for (;;) {
    uint64_t ask = s[ASK], wins = 0, tries = 0;
    if (ask == NOTHING) {
      os_yield(os_self.parent, os_now_ns() + 200'000);
      continue;
    }
    if (ask == OPEN) s[RESULT] = (uint64_t)exo_cap_open((struct exo_cap_open){SLOT, 1});
    if (ask == MAP) s[RESULT] = (uint64_t)exo_map((struct exo_map){OS_SLOT_SELF, place_table(), 3, SLOT, s[FRAME], 3});
    if (ask == WRITE) *place(3) = s[VALUE];
    if (ask == UNMAP) s[RESULT] = place_unmap(3, 1);
    if (ask == ATTACK) {
      attack(s[FRAME], &wins, &tries);
      s[WINS] = wins;
      s[TRIES] = tries;
    }
    s[ASK] = NOTHING;
    s[DONE]++;
    if (ask == END) return 0;
  }
}

static uint64_t ask(struct kid *k, uint64_t what) {
  uint64_t done = k->shared[DONE];
  k->shared[ASK] = what;
  EXPECT(kid_until(k, DONE, done + 1, MS(10000)));
  return k->shared[RESULT];
}

static void shared_frame(void) {
  struct kid friend, stranger;
  exo_frame f = frame_new();
  if (!kid_start(&friend, (struct kid_how){.cpu = second_cpu()}, "sharer", 0, 0)) return;
  if (!kid_start(&stranger, (struct kid_how){}, "sharer", 0, 0)) return kid_end(&friend);
  friend.shared[FRAME] = stranger.shared[FRAME] = f;
  EXPECT(kid_until(&friend, READY, 1, MS(5000))); // its library has closed its slots by then
  EXPECT_IS(exo_frame_guard((struct exo_frame_guard){OS_SLOT_SELF, f, sub(40)}), EXO_OK);
  EXPECT_IS(place_map(3, f, EXO_READ | EXO_WRITE), EXO_OK);
  struct exo_cap_grant g = {OS_SLOT_SELF, friend.child.env, SLOT, sub(40), EXO_READ | EXO_WRITE};
  EXPECT_IS(exo_cap_grant(g), EXO_BUSY); // it has not opened the slot
  EXPECT_IS(ask(&friend, MAP), EXO_NO_SLOT);
  EXPECT_IS(ask(&friend, OPEN), EXO_OK);
  EXPECT_IS(exo_cap_grant(g), EXO_OK);
  EXPECT_IS(ask(&friend, MAP), EXO_OK);
  for (uint64_t i = 1; i <= 20; i++) {
    friend.shared[VALUE] = i * 77;
    (void)ask(&friend, WRITE);
    EXPECT_IS(*place(3), i * 77);
  }
  (void)ask(&stranger, ATTACK);
  EXPECT_IS(stranger.shared[WINS], 0);
  EXPECT(stranger.shared[TRIES] > 900);
  EXPECT_IS(exo_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, f}), EXO_BUSY);
  EXPECT_IS(ask(&friend, UNMAP), 1);
  EXPECT_IS(exo_cap_drop((struct exo_cap_drop){OS_SLOT_SELF, friend.child.env, SLOT}), EXO_OK);
  EXPECT_IS(ask(&friend, MAP), EXO_NO_SLOT);
  EXPECT_IS(friend.child.window->slot[SLOT].rights & 0xFFFFFFFF, 0);
  note("%lu tries of a stranger refused", stranger.shared[TRIES]);
  EXPECT_IS(place_unmap(3, 1), 1);
  kid_end(&friend);
  kid_end(&stranger);
  frame_end(f);
}

// A friend that dies while it has the frame mapped: the frame stays, with its content, and is ours alone again.
static void friend_dies(void) {
  struct kid k;
  uint64_t before = frame_account();
  exo_frame f = frame_new();
  if (!kid_start(&k, (struct kid_how){.cpu = second_cpu()}, "sharer", 0, 0)) return;
  k.shared[FRAME] = f;
  EXPECT(kid_until(&k, READY, 1, MS(5000)));
  EXPECT_IS(ask(&k, OPEN), EXO_OK);
  EXPECT_IS(exo_frame_guard((struct exo_frame_guard){OS_SLOT_SELF, f, sub(41)}), EXO_OK);
  struct exo_cap_grant g = {OS_SLOT_SELF, k.child.env, SLOT, sub(41), EXO_READ | EXO_WRITE};
  EXPECT_IS(exo_cap_grant(g), EXO_OK);
  EXPECT_IS(ask(&k, MAP), EXO_OK);
  k.shared[VALUE] = 4711;
  (void)ask(&k, WRITE);
  EXPECT_IS(exo_state_maps(os_frame_desc(f)->state), 1);
  kid_end(&k);
  EXPECT_IS(exo_state_maps(os_frame_desc(f)->state), 0);
  EXPECT_IS(place_map(3, f, EXO_READ), EXO_OK);
  EXPECT_IS(*place(3), 4711);
  EXPECT_IS(place_unmap(3, 1), 1);
  frame_end(f);
  EXPECT_IS(frame_account(), before);
}

const struct test sharing_tests[] = {{"share-frame", shared_frame}, {"share-death", friend_dies}, {}};
const struct role sharing_roles[] = {{"sharer", sharer}, {}};
