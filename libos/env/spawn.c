// spawn.c: a parent builds a child by the calls any program may make: an env frame, tables, pages, a u-area whose
// forced record holds its first registers, capabilities, a slice. Everything but the env frame is on the child's own
// account.
#include "build.h"
#include <os/env.h>

enum { ID_BITS = 12, SLICE_NS = 10'000'000 };

// Names: the parent's own, then a 1 (the archive's is a 0), then a number.
static exo_name next_name(void) {
  static uint64_t id;
  id = id % ((1 << ID_BITS) - 1) + 1;
  return exo_name_extend(os_self.name, 1ull << ID_BITS | id, ID_BITS + 1);
}

static bool words_copy(struct os_start *s, const struct os_spawn *how) {
  uint64_t used = 0;
  if (how->argc > OS_START_ARGUMENTS) return false;
  for (int i = 0; i < how->argc; i++) {
    size_t bytes = strlen(how->argv[i]) + 1;
    if (bytes > OS_START_WORDS - used) return false;
    memcpy(s->words + used, how->argv[i], bytes);
    s->argument[i] = used;
    used += bytes;
  }
  s->argc = (uint64_t)how->argc;
  return true;
}

// Two consecutive frames for the u-area.
static exo_frame take_pair(struct build *b) {
  for (int tries = 0; tries < 4096; tries++) {
    exo_frame f = os_frame_pick();
    const struct exo_frame_desc *d = f ? os_frame_desc(f + 1) : nullptr;
    if (!f) break;
    if (!d || exo_state_kind(d->state) != EXO_KIND_FREE) continue;
    struct exo_batch_entry e[2];
    for (unsigned i = 0; i < 2; i++)
      e[i] = os_entry_frame_take(
          (struct exo_frame_take){.slot = OS_SLOT_SELF, .frame = f + i, .guard = b->name, .env = b->env});
    unsigned done = os_batch(e, 2);
    if (done == 2) return f;
    if (done == 1) os_frame_put(f);
    b->why = e[done].result;
    if (b->why != EXO_BUSY) return 0;
  }
  b->why = EXO_EMPTY;
  return 0;
}

static bool make_uarea(struct build *b, uint64_t entry, uint64_t cpu) {
  exo_frame state = build_frame(b), f = state ? take_pair(b) : 0;
  if (!f) return false;
  struct exo_uarea *u = os_core_map(OS_SLOT_SELF, f, EXO_READ | EXO_WRITE); // page 0 is enough
  if (!u) return false;
  uint64_t va = (uint64_t)os_core_page(OS_CORE_UAREA);
  u->self = va;
  u->masked = 1;
  u->forced.busy = 1;
  *arch_frame_pc(&u->forced.regs) = entry;
  *arch_frame_sp(&u->forced.regs) = OS_STACK_TOP;
  *arch_frame_argument(&u->forced.regs, 0) = va;
  *arch_frame_argument(&u->forced.regs, 1) = os_self.machine_frame;
  *arch_frame_argument(&u->forced.regs, 2) = b->env;
  *os_handover(u) = (struct os_handover){OS_HANDOVER_MAGIC, (uint64_t)os_core_page(OS_CORE_START)};
  os_core_unmap(u);
  if (!build_map(b, va, OS_SLOT_SELF, f, EXO_READ | EXO_WRITE)) return false;
  if (!build_map(b, va + EXO_PAGE, OS_SLOT_SELF, f + 1, EXO_READ | EXO_WRITE)) return false;
  b->why =
      exo_env_cpu((struct exo_env_cpu){.slot = OS_SLOT_SELF, .env = b->env, .cpu = cpu, .state = state, .uarea = f});
  return b->why == EXO_OK;
}

static bool give_one(struct build *b, exo_slot from, exo_slot index, exo_name name, uint64_t rights) {
  b->why = exo_cap_grant(
      (struct exo_cap_grant){.slot = from, .env = b->env, .index = index, .name = name, .rights = rights});
  return b->why == EXO_OK;
}

// A slot of the child like the parent's own.
static bool give_same(struct build *b, exo_slot slot) {
  const struct exo_slot_window *mine = &os_self.window->slot[slot];
  uint64_t rights = mine->rights & EXO_RIGHTS_ALL;
  return !rights || give_one(b, slot, slot, mine->name, rights);
}

static bool give_all(struct build *b, uint64_t give) {
  return give_one(b, OS_SLOT_SELF, OS_SLOT_SELF, b->name, EXO_RIGHTS_ALL) && give_same(b, OS_SLOT_WINDOW) &&
         (!(give & OS_GIVE_OUT) || give_same(b, OS_SLOT_OUT)) && (!(give & OS_GIVE_IN) || give_same(b, OS_SLOT_IN)) &&
         (!(give & OS_GIVE_ARCHIVE) || give_same(b, OS_SLOT_ARCHIVE)) &&
         (!(give & OS_GIVE_SLICES) || give_same(b, OS_SLOT_SLICE));
}

// A channel's pages are the parent's, seen by both.
static bool make_channel(struct build *b, struct os_child *child) {
  for (uint64_t i = 0; i < OS_CHANNEL_PAGES; i++) {
    exo_frame f = child->channel_frame[i] = os_frame_get();
    uint64_t there = (uint64_t)os_core_page(OS_CORE_CHANNEL + i);
    if (!f || !build_map(b, there, OS_SLOT_SELF, f, EXO_READ | EXO_WRITE)) return false;
    uint8_t *here = os_core_map(OS_SLOT_SELF, f, EXO_READ | EXO_WRITE);
    if (i == 0)
      child->channel = (struct os_channel *)(void *)here;
    else if (here != (uint8_t *)child->channel + i * EXO_PAGE)
      return false; // it must be in one piece here
  }
  b->start->has_channel = 1;
  return true;
}

static bool make_start(struct build *b) {
  struct os_start *s = b->start;
  for (int i = 0; i < OS_START_SPARE; i++)
    if (!(s->spare[i] = build_frame(b))) return false;
  uint64_t *shadow = os_alloc(EXO_PAGE);
  if (!shadow) return false;
  // What the child must know of its core pages; its own start page is filled last, when all tables are known.
  s->shadow = build_page(b, (uint64_t)os_core_page(OS_CORE_SHADOW), EXO_READ | EXO_WRITE, shadow, 0);
  os_free(shadow);
  uint64_t va = (uint64_t)os_core_page(OS_CORE_START);
  return s->shadow && build_page(b, va, EXO_READ | EXO_WRITE, s, EXO_PAGE) &&
         build_page(b, va + EXO_PAGE, EXO_READ | EXO_WRITE, s->words, EXO_PAGE);
}

static bool make_pages(struct build *b, const struct os_spawn *how, struct os_child *child) {
  exo_frame env_frame = b->env & ((1ull << 40) - 1);
  if (!build_map(b, (uint64_t)os_core_page(OS_CORE_MACHINE), OS_SLOT_WINDOW, os_self.machine_frame, EXO_READ) ||
      !build_map(b, (uint64_t)os_core_page(OS_CORE_ENV), OS_SLOT_SELF, env_frame, EXO_READ))
    return false;
  for (uint64_t i = 1; i <= OS_START_STACK; i++)
    if (!build_page(b, OS_STACK_TOP - i * EXO_PAGE, EXO_READ | EXO_WRITE, nullptr, 0)) return false;
  if (how->shared) {
    uint64_t va = (uint64_t)os_core_page(OS_CORE_SHARED);
    if (!build_map(b, va, OS_SLOT_SELF, how->shared, EXO_READ | EXO_WRITE)) return false;
    b->start->has_shared = 1;
  }
  return !(how->give & OS_GIVE_CHANNEL) || make_channel(b, child);
}

// Slices have no window: a program numbers those it gives its children by itself, above its parent's.
static uint64_t next_slice(void) {
  static uint64_t n;
  uint64_t base = os_self.parent ? 8 : 1, count = os_self.parent ? 24 : 7;
  return base + n++ % count;
}

static exo_result complete(struct build *b, const struct os_spawn *how, const struct exo_archive_entry *file,
                           struct os_child *child) {
  uint64_t entry = 0;
  b->why = EXO_RANGE;
  if (!words_copy(b->start, how) || !build_root(b) || !build_image(b, file, &entry) || !make_pages(b, how, child) ||
      !make_uarea(b, entry, how->cpu) || !give_all(b, how->give) || !make_start(b))
    return b->why < 0 ? b->why : EXO_CEILING;
  child->slice = how->slice ? how->slice : next_slice();
  exo_result r = exo_slice_set((struct exo_slice_set){.slot = OS_SLOT_SLICE,
                                                      .cpu = how->cpu,
                                                      .index = child->slice,
                                                      .env = b->env,
                                                      .length_ns = how->slice_ns ? how->slice_ns : SLICE_NS,
                                                      .guard = EXO_GUARD_SLICE});
  return r < 0 ? r : exo_env_start((struct exo_env_start){.slot = OS_SLOT_SELF, .env = b->env, .cpu = how->cpu});
}

// The env frame, on the parent's account, and the child's ceiling.
static exo_result create(struct build *b, const struct os_spawn *how, struct os_child *child) {
  exo_frame f = os_frame_get_for(0, b->name);
  if (!f) return os_frame_why;
  exo_result r = exo_env_create((struct exo_env_create){.slot = OS_SLOT_SELF, .frame = f, .guard = b->name});
  if (r < 0) {
    os_frame_put(f);
    return r;
  }
  b->env = child->env = (exo_env)r;
  child->window = os_core_map(OS_SLOT_SELF, f, EXO_READ);
  if (!child->window) return EXO_BUSY;
  return exo_env_ceiling((struct exo_env_ceiling){.slot = OS_SLOT_SELF, .env = b->env, .ceiling = how->ceiling});
}

exo_result os_spawn(const struct os_spawn *how, struct os_child *child) {
  const struct exo_archive_entry *file = os_archive_find(how->file);
  if (!file) return EXO_EMPTY;
  struct build b = {.name = next_name(), .start = os_alloc(sizeof *b.start + EXO_PAGE)};
  *child = (struct os_child){.name = b.name, .cpu = how->cpu};
  if (!b.start) return EXO_CEILING;
  void *memory = b.start;
  b.start = (struct os_start *)(((uint64_t)memory + EXO_PAGE - 1) & ~(uint64_t)(EXO_PAGE - 1)); // it holds whole pages
  *b.start = (struct os_start){.name = b.name,
                               .parent = os_self.env,
                               .cpu = how->cpu,
                               .archive_time = os_wall_seconds() - os_now_ns() / 1000000000};
  exo_result r = create(&b, how, child);
  if (r >= 0) r = complete(&b, how, file, child);
  os_free(memory);
  if (r < 0 && child->env) {
    (void)os_child_stop(child, 0);
    (void)os_child_reclaim(child);
  }
  return r < 0 ? r : EXO_OK;
}
