// reclaim.c: the end of a child: its status, and everything it had back in the parent's hands, found in the frame table
// by account: no list of the child's is trusted. Its own children end with it.
#include <arch/pte.h>
#include "build.h"
#include <os/env.h>

enum { LEVELS = PTE_LEVELS, ENTRIES = 512, TOGETHER = EXO_PAGE / sizeof(struct exo_frame_desc) };

int os_child_status(const struct os_child *c) {
  const struct exo_obituary *o = os_child_obituary(c);
  return o->cause == EXO_CAUSE_STOPPED ? (int)(o->address & 0xFF) : 139;
}

exo_result os_child_stop(struct os_child *c, int status) {
  return exo_env_stop((struct exo_env_stop){.slot = OS_SLOT_SELF, .env = c->env, .status = (uint64_t)status});
}

struct list {
  exo_frame *frame;
  uint64_t count, room;
};

static bool append(struct list *l, exo_frame n) {
  if (l->count == l->room) {
    uint64_t room = 2 * l->room + 64;
    exo_frame *more = os_realloc(l->frame, room * sizeof *more);
    if (!more) return false;
    *l = (struct list){more, l->count, room};
  }
  l->frame[l->count++] = n;
  return true;
}

static bool holds(const struct list *l, exo_frame n) {
  for (uint64_t i = 0; i < l->count; i++)
    if (l->frame[i] == n) return true;
  return false;
}

// Of a frame that has been found: its part of the table is readable since then.
static const struct exo_frame_desc *desc(exo_frame n) { return (const struct exo_frame_desc *)OS_FRAMES + n; }

// The frames on the accounts of `family` from `begin` to `end`.
static bool collect_in(const struct list *family, struct list *all, exo_frame begin, exo_frame end) {
  const struct exo_machine_window *m = os_self.machine;
  for (uint64_t i = 0; i < m->range_count; i++) {
    exo_frame first = m->range[i].first, n = first < begin ? begin : first, last = first + m->range[i].count;
    for (bool shown = false; n < last && n < end; n++, shown = n % TOGETHER != 0) {
      if (!shown) (void)os_frame_desc(n);
      if (exo_state_kind(desc(n)->state) < EXO_KIND_USER || !holds(family, desc(n)->account)) continue;
      if (!append(all, n)) return false;
    }
  }
  return true;
}

// Most children have their frames in two places: after the env frame, where the parent took them, and where their own
// search began. When all that the account counts is found there, nobody else's frames need be looked at.
static bool collect_near(const struct list *family, struct list *all, const struct os_child *c) {
  enum { NEAR = 16 };
  uint64_t begun = os_frame_begins(c->env) / TOGETHER, made = family->frame[0] / TOGETHER, used = c->window->used;
  all->count = 0;
  if (begun < made + NEAR && made < begun + NEAR) return false;
  for (uint64_t i = 0; i < NEAR && all->count < used; i++)
    if (!collect_in(family, all, (made + i) * TOGETHER, (made + i + 1) * TOGETHER) ||
        !collect_in(family, all, (begun + i) * TOGETHER, (begun + i + 1) * TOGETHER))
      return false;
  return all->count == used;
}

static bool collect(const struct list *family, struct list *all, const struct os_child *c) {
  if (family->count == 1 && collect_near(family, all, c)) return true;
  all->count = 0;
  return collect_in(family, all, 0, os_self.machine->frame_count);
}

static bool is_env(exo_frame n) { return exo_state_kind(desc(n)->state) == EXO_KIND_ENV; }

// An environment is dead before its end is complete, which may still be under way on another CPU: until then its frame
// is locked or pinned.
static void wait_for_end(exo_frame env) {
  const struct exo_frame_desc *d = os_frame_desc(env);
  while (__atomic_load_n(&d->state, __ATOMIC_ACQUIRE) & (EXO_STATE_LOCK | EXO_STATE_PINS)) arch_pause();
}

// Environments among `all` that are not of the family yet join it, and end: nobody else would end them.
static bool adopt(struct list *family, const struct list *all) {
  for (uint64_t i = 0; i < all->count; i++) {
    exo_frame n = all->frame[i];
    if (!is_env(n) || holds(family, n)) continue;
    if (!append(family, n)) return false;
    uint64_t generation = desc(n)->generation;
    (void)exo_env_stop((struct exo_env_stop){.slot = OS_SLOT_SELF, .env = n | generation << 40});
    wait_for_end(n);
  }
  return true;
}

// The family of the environments of `family`, and all that they have.
static bool gather(struct list *family, struct list *all, const struct os_child *c) {
  for (;;) {
    uint64_t known = family->count;
    if (!collect(family, all, c) || !adopt(family, all)) return false;
    if (family->count == known) return true;
  }
}

static bool drop(exo_frame n) {
  return exo_frame_drop((struct exo_frame_drop){.slot = OS_SLOT_SELF, .frame = n}) == EXO_OK;
}

static void unmap_table(exo_frame table) {
  (void)exo_table_join((struct exo_table_join){.slot = OS_SLOT_SELF, .table = table}); // it may be joined
  for (uint64_t i = 0; i < ENTRIES && exo_state_maps(desc(table)->state); i += EXO_RANGE_MAX)
    (void)exo_unmap((struct exo_unmap){.slot = OS_SLOT_SELF, .table = table, .index = i, .count = EXO_RANGE_MAX});
}

static bool is_table(exo_frame n, uint64_t level) {
  uint64_t state = desc(n)->state;
  return exo_state_kind(state) == EXO_KIND_TABLE && exo_state_level(state) == level;
}

// What leaf tables map, tables perhaps; tables, children first; then the frames nobody maps any more; then the
// environments nothing is charged to any more.
static uint64_t take_back(const struct list *family, const struct list *all) {
  uint64_t dropped = 0;
  for (uint64_t i = 0; i < all->count; i++)
    if (is_table(all->frame[i], 0)) unmap_table(all->frame[i]);
  for (uint64_t level = 0; level < LEVELS; level++)
    for (uint64_t i = 0; i < all->count; i++)
      if (is_table(all->frame[i], level))
        (void)exo_table_drop((struct exo_table_drop){.slot = OS_SLOT_SELF, .table = all->frame[i]});
  for (uint64_t i = 0; i < all->count; i++) dropped += !is_env(all->frame[i]) && drop(all->frame[i]);
  for (uint64_t i = family->count; i-- > 1;) dropped += drop(family->frame[i]); // who came last is nobody's parent
  return dropped;
}

exo_result os_child_reclaim(struct os_child *c) {
  exo_frame env_frame = c->env & ((1ull << 40) - 1);
  struct list family = {}, all = {};
  wait_for_end(env_frame);
  bool whole = append(&family, env_frame) && gather(&family, &all, c);
  uint64_t dropped = take_back(&family, &all);
  whole = whole && dropped == all.count && !c->window->used;
  os_free(all.frame);
  os_free(family.frame);
  os_core_unmap(c->window);
  c->window = nullptr;
  for (uint64_t i = 0; i < OS_CHANNEL_PAGES; i++) {
    if (!c->channel_frame[i]) continue;
    if (c->channel) os_core_unmap((uint8_t *)c->channel + i * EXO_PAGE);
    os_frame_put(c->channel_frame[i]);
  }
  c->channel = nullptr;
  exo_result r = exo_frame_drop((struct exo_frame_drop){.slot = OS_SLOT_SELF, .frame = env_frame});
  if (r < 0) return r;
  return whole ? (exo_result)dropped + 1 : EXO_BUSY;
}
