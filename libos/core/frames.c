// frames.c: which frames are ours: takes free ones by number, as read in the kernel's frame table, and keeps a small
// stock for page tables, so that a table can be linked while a fault is handled.
#include <os/start.h>

enum { STOCK = 512, STOCK_LOW = 8, PER_WINDOW = EXO_PAGE / sizeof(struct exo_frame_desc) };
exo_result os_frame_why;
static exo_frame stock[STOCK];
static unsigned stock_count;
static exo_frame cursor = ~0ull; // not begun

// Makes the part of the frame table that describes `frame` readable. False: there is no such frame.
static bool describe(exo_frame frame) {
  uint64_t va = OS_FRAMES + frame / PER_WINDOW * EXO_PAGE;
  if (os_table_entry(va)) return true;
  const struct exo_machine_window *m = os_self.machine;
  for (uint64_t i = 0; i < m->range_count; i++) {
    uint64_t offset = frame - m->range[i].first;
    if (frame < m->range[i].first || offset >= m->range[i].count) continue;
    // The table first: to make it the stock may be filled, by looking at free frames, at these perhaps.
    bool linked = os_table_leaf(va, true) != nullptr;
    if (linked && os_table_entry(va)) return true;
    os_frame_why = linked ? os_map(va, OS_SLOT_WINDOW, m->range[i].table + offset / PER_WINDOW, EXO_READ) : EXO_CEILING;
    return os_frame_why == EXO_OK;
  }
  return false;
}

const struct exo_frame_desc *os_frame_desc(exo_frame frame) {
  if (frame >= os_self.machine->frame_count || !describe(frame)) return nullptr;
  const struct exo_frame_desc *d = (const struct exo_frame_desc *)OS_FRAMES + frame;
  return exo_state_kind(d->state) == EXO_KIND_ABSENT ? nullptr : d;
}

static bool is_free(const struct exo_frame_desc *d) {
  uint64_t state = __atomic_load_n(&d->state, __ATOMIC_RELAXED);
  return exo_state_kind(state) == EXO_KIND_FREE && !(state & EXO_STATE_LOCK);
}

// Every program begins its search elsewhere, so that they seldom want the same frame.
exo_frame os_frame_begins(exo_env env) {
  const struct exo_machine_window *m = os_self.machine;
  uint64_t total = 0, at;
  for (uint64_t i = 0; i < m->range_count; i++) total += m->range[i].count;
  at = total ? (env * 0x9E3779B97F4A7C15ull >> 20) % total : 0;
  for (uint64_t i = 0; i < m->range_count; i++) {
    if (at < m->range[i].count) return m->range[i].first + at;
    at -= m->range[i].count;
  }
  return 0;
}

// The next range of the frame table at or after `frame`, wrapping; its start or `frame` itself.
static exo_frame into_range(exo_frame frame) {
  const struct exo_machine_window *m = os_self.machine;
  for (uint64_t i = 0; i < m->range_count; i++) {
    if (frame < m->range[i].first) return m->range[i].first;
    if (frame < m->range[i].first + m->range[i].count) return frame;
  }
  return m->range_count ? m->range[0].first : 0;
}

exo_frame os_frame_pick(void) {
  static uint64_t shown = ~0ull; // the part of the frame table that the last one was found in
  if (cursor / PER_WINDOW == shown && is_free((const struct exo_frame_desc *)OS_FRAMES + cursor)) return cursor++;
  if (cursor == ~0ull) cursor = os_frame_begins(os_self.env);
  for (uint64_t seen = 0; seen <= os_self.machine->frame_count;) {
    exo_frame at = cursor = into_range(cursor);
    if (!describe(at)) return 0; // no frame for the table that would show it
    if (cursor != at) continue;  // that took frames itself, from here on
    shown = cursor / PER_WINDOW;
    const struct exo_frame_desc *d = (const struct exo_frame_desc *)OS_FRAMES + cursor;
    uint64_t left = PER_WINDOW - cursor % PER_WINDOW;
    for (; left; left--, d++, cursor++, seen++)
      if (is_free(d)) return cursor++;
  }
  os_frame_why = EXO_EMPTY;
  return 0;
}

exo_frame os_frame_get_for(exo_env env, exo_name guard) {
  for (exo_frame f = os_frame_pick(); f; f = os_frame_pick()) {
    exo_result r =
        exo_frame_take((struct exo_frame_take){.slot = OS_SLOT_SELF, .frame = f, .guard = guard, .env = env});
    if (r == EXO_OK) return f;
    os_frame_why = r;
    if (r != EXO_BUSY) return 0; // BUSY: somebody else was faster
  }
  return 0;
}

exo_frame os_frame_get(void) { return os_frame_get_for(0, os_self.name); }

static bool suits(const struct os_frames *want, exo_frame f) {
  if (want->below && f >= want->below) return false;
  return !want->colours || want->colour_set >> f % want->colours & 1;
}

// Takes `count` frames from `first` on, or none.
static bool take_run(exo_frame first, uint64_t count) {
  struct exo_frame_take take = {.slot = OS_SLOT_SELF, .guard = os_self.name};
  for (uint64_t i = 0; i < count; i++) {
    take.frame = first + i;
    exo_result r = exo_frame_take(take);
    if (r == EXO_OK) continue;
    if (r != EXO_BUSY) os_frame_why = r;
    while (i-- > 0) os_frame_put(first + i);
    return false;
  }
  return true;
}

exo_frame os_frames_get(const struct os_frames *want) {
  uint64_t count = want->count ? want->count : 1, align = want->align ? want->align : 1, run = 0;
  exo_frame end = want->below ? want->below : os_self.machine->frame_count;
  for (exo_frame f = 0; f < end; f++) {
    const struct exo_frame_desc *d = os_frame_desc(f);
    if (!d || !is_free(d) || !suits(want, f) || (run == 0 && f % align)) {
      run = 0;
      continue;
    }
    if (++run < count) continue;
    os_frame_why = EXO_EMPTY; // to see the frame may have told otherwise
    if (take_run(f + 1 - count, count)) return f + 1 - count;
    if (os_frame_why != EXO_EMPTY) return 0;
    run = 0;
  }
  os_frame_why = EXO_EMPTY;
  return 0;
}

void os_frame_put(exo_frame frame) {
  (void)exo_frame_drop((struct exo_frame_drop){.slot = OS_SLOT_SELF, .frame = frame});
}

void os_frame_stock(exo_frame frame) {
  if (stock_count < STOCK) stock[stock_count++] = frame;
}

exo_frame os_frame_from_stock(void) { return stock_count ? stock[--stock_count] : 0; }

void os_frame_stock_fill(void) {
  static bool filling; // to see a free frame may take a table, which then comes from what is left
  if (stock_count >= STOCK_LOW || filling) return;
  filling = true;
  for (exo_frame f; stock_count < 2 * STOCK_LOW && (f = os_frame_get());) os_frame_stock(f);
  filling = false;
}

// Twice over the table: to see it all may take frames.
uint64_t os_frames_free(void) {
  const struct exo_machine_window *m = os_self.machine;
  uint64_t count = 0;
  for (unsigned look = 0; look < 2; look++)
    for (uint64_t i = 0; i < m->range_count; i++)
      for (exo_frame f = m->range[i].first, end = f + m->range[i].count; f < end; f += PER_WINDOW) {
        const struct exo_frame_desc *d = (const struct exo_frame_desc *)OS_FRAMES + f;
        if (!describe(f) || !look) continue;
        for (unsigned k = 0; k < PER_WINDOW; k++) count += exo_state_kind(d[k].state) == EXO_KIND_FREE;
      }
  return count;
}
