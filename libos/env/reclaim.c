// reclaim.c: the end of a child: its status, and everything it had back in the parent's hands, found in the frame table
// by account: no list of the child's is trusted.
#include "build.h"
#include <os/env.h>

enum { LEVELS = 4, ENTRIES = 512 };

int os_child_status(const struct os_child *c) {
  const struct exo_obituary *o = os_child_obituary(c);
  return o->cause == EXO_CAUSE_STOPPED ? (int)(o->address & 0xFF) : 139;
}

exo_result os_child_stop(struct os_child *c, int status) {
  return exo_env_stop((struct exo_env_stop){.slot = OS_SLOT_SELF, .env = c->env, .status = (uint64_t)status});
}

struct found {
  exo_frame *frame;
  uint64_t count, room;
};

// All frames on the account of `env`, in the whole machine.
static bool collect(uint32_t account, struct found *f) {
  const struct exo_machine_window *m = os_self.machine;
  for (uint64_t i = 0; i < m->range_count; i++)
    for (exo_frame n = m->range[i].first, end = n + m->range[i].count; n < end; n++) {
      const struct exo_frame_desc *d = n % 128 == 0 || n == m->range[i].first
                                           ? (os_frame_desc(n), (const struct exo_frame_desc *)OS_FRAMES + n)
                                           : (const struct exo_frame_desc *)OS_FRAMES + n;
      if (d->account != account || exo_state_kind(d->state) < EXO_KIND_USER) continue;
      if (f->count == f->room) return false;
      f->frame[f->count++] = n;
    }
  return true;
}

static void unmap_table(exo_frame table) {
  for (uint64_t i = 0; i < ENTRIES; i += EXO_RANGE_MAX)
    (void)exo_unmap((struct exo_unmap){.slot = OS_SLOT_SELF, .table = table, .index = i, .count = EXO_RANGE_MAX});
}

// Tables, children first; then the frames nobody maps any more.
static uint64_t take_back(const struct found *f) {
  uint64_t dropped = 0;
  for (uint64_t level = 0; level < LEVELS; level++)
    for (uint64_t i = 0; i < f->count; i++) {
      const struct exo_frame_desc *d = os_frame_desc(f->frame[i]);
      if (exo_state_kind(d->state) != EXO_KIND_TABLE || exo_state_level(d->state) != level) continue;
      if (level == 0) unmap_table(f->frame[i]);
      (void)exo_table_drop((struct exo_table_drop){.slot = OS_SLOT_SELF, .table = f->frame[i]});
    }
  for (uint64_t i = 0; i < f->count; i++)
    dropped += exo_frame_drop((struct exo_frame_drop){.slot = OS_SLOT_SELF, .frame = f->frame[i]}) == EXO_OK;
  return dropped;
}

exo_result os_child_reclaim(struct os_child *c) {
  exo_frame env_frame = c->env & ((1ull << 40) - 1);
  uint64_t used = c->window->used;
  struct found f = {.room = used, .frame = os_alloc((used + 1) * sizeof(exo_frame))};
  if (!f.frame) return EXO_CEILING;
  bool whole = collect((uint32_t)c->env, &f);
  uint64_t dropped = take_back(&f);
  os_free(f.frame);
  uint64_t left = c->window->used;
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
  return whole && !left && dropped == used ? (exo_result)dropped + 1 : EXO_BUSY;
}
