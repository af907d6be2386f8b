// calls_frame.c: the calls about frames and tables: success, and each error of the manual.
#include <arch/pte.h>
#include "system.h"

void call_frame_take(void), call_frame_guard(void), call_frame_drop(void), call_table_root(void), call_table_link(void),
    call_table_drop(void), call_map(void), call_protect(void), call_unmap(void);

static exo_frame it, table; // what the functions for `refuses` work on

static exo_result take_by(exo_slot s) { return exo_frame_take((struct exo_frame_take){s, it, os_self.name, 0}); }

void call_frame_take(void) {
  it = os_frame_pick();
  refuses(take_by, EXO_MANAGE, EXO_NAME);
  struct exo_frame_take t = {OS_SLOT_SELF, os_self.machine->frame_count, os_self.name, 0};
  EXPECT_IS(exo_frame_take(t), EXO_NO_FRAME);
  t.frame = ~0ull;
  EXPECT_IS(exo_frame_take(t), EXO_NO_FRAME);
  t.frame = it;
  t.guard = EXO_GUARD_SYSTEM;
  EXPECT_IS(exo_frame_take(t), EXO_NAME);
  t.guard = os_self.name | 1ull << 7;
  EXPECT_IS(exo_frame_take(t), EXO_NAME);
  t.guard = sub(5);
  t.env = 4711;
  EXPECT_IS(exo_frame_take(t), EXO_NO_ENV);
  t.env = os_self.parent;
  EXPECT_IS(exo_frame_take(t), EXO_DENIED);
  t.env = 0;
  uint64_t used = os_self.window->used;
  EXPECT_IS(exo_frame_take(t), EXO_OK);
  EXPECT_IS(os_self.window->used, used + 1);
  const struct exo_frame_desc *d = os_frame_desc(it);
  EXPECT_IS(d->guard, sub(5));
  EXPECT_IS(d->account, (uint32_t)os_self.env);
  EXPECT_IS(frame_kind(it), EXO_KIND_USER);
  EXPECT_IS(exo_frame_take(t), EXO_BUSY); // not free any more
  EXPECT_IS(place_map(3, it, EXO_READ), EXO_OK);
  for (unsigned i = 0; i < EXO_PAGE / 8; i++) EXPECT_IS(place(3)[i], 0);
  EXPECT_IS(place_unmap(3, 1), 1);
  frame_end(it);
  for (exo_frame f = 0; f < os_self.machine->frame_count; f += 251) // nothing but what is free is ever given
    if (frame_kind(f) != EXO_KIND_FREE && frame_kind(f) != EXO_KIND_ABSENT) {
      t.frame = f;
      EXPECT_IS(exo_frame_take(t), EXO_BUSY);
    }
}

static exo_result guard_by(exo_slot s) { return exo_frame_guard((struct exo_frame_guard){s, it, os_self.name}); }

void call_frame_guard(void) {
  it = frame_new();
  refuses(guard_by, EXO_GUARD, EXO_NAME);
  struct exo_frame_guard g = {OS_SLOT_SELF, ~0ull, os_self.name};
  EXPECT_IS(exo_frame_guard(g), EXO_NO_FRAME);
  g.frame = it;
  g.guard = EXO_NAME(0, 60);
  EXPECT_IS(exo_frame_guard(g), EXO_NAME);
  g.guard = 0;
  EXPECT_IS(exo_frame_guard(g), EXO_NAME);
  g.guard = sub(9);
  EXPECT_IS(exo_frame_guard(g), EXO_OK);
  EXPECT_IS(os_frame_desc(it)->guard, sub(9));
  slot_set(20, sub(9), EXO_RIGHTS_ALL);
  g = (struct exo_frame_guard){20, it, exo_name_extend(sub(9), 3, 2)};
  EXPECT_IS(exo_frame_guard(g), EXO_OK);
  g.guard = os_self.name; // shorter than the slot's
  EXPECT_IS(exo_frame_guard(g), EXO_NAME);
  slot_end(20);
  g = (struct exo_frame_guard){OS_SLOT_SELF, os_self.machine_frame, os_self.name};
  EXPECT_IS(exo_frame_guard(g), EXO_DENIED);
  frame_end(it);
}

static exo_result drop_by(exo_slot s) { return exo_frame_drop((struct exo_frame_drop){s, it}); }

void call_frame_drop(void) {
  it = frame_new();
  refuses(drop_by, EXO_MANAGE, EXO_DENIED);
  EXPECT_IS(exo_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, ~0ull}), EXO_NO_FRAME);
  EXPECT_IS(exo_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, place_table()}), EXO_KIND);
  EXPECT_IS(exo_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, os_self.machine_frame}), EXO_DENIED);
  EXPECT_IS(exo_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, os_self.env & ((1ull << 40) - 1)}), EXO_BUSY); // alive
  EXPECT_IS(place_map(3, it, EXO_READ), EXO_OK);
  EXPECT_IS(drop_by(OS_SLOT_SELF), EXO_BUSY); // mapped
  EXPECT_IS(place_unmap(3, 1), 1);
  uint64_t used = os_self.window->used;
  EXPECT_IS(drop_by(OS_SLOT_SELF), EXO_OK);
  EXPECT_IS(os_self.window->used, used - 1);
  EXPECT_IS(frame_kind(it), EXO_KIND_FREE);
  EXPECT_IS(drop_by(OS_SLOT_SELF), EXO_DENIED); // nobody's
}

static exo_result root_by(exo_slot s) { return exo_table_root((struct exo_table_root){s, it}); }

void call_table_root(void) {
  it = frame_new();
  refuses(root_by, EXO_MANAGE, EXO_DENIED);
  EXPECT_IS(exo_table_root((struct exo_table_root){OS_SLOT_SELF, ~0ull}), EXO_NO_FRAME);
  EXPECT_IS(exo_table_root((struct exo_table_root){OS_SLOT_SELF, place_table()}), EXO_KIND);
  EXPECT_IS(place_map(3, it, EXO_READ), EXO_OK);
  EXPECT_IS(root_by(OS_SLOT_SELF), EXO_BUSY);
  EXPECT_IS(place_unmap(3, 1), 1);
  EXPECT_IS(root_by(OS_SLOT_SELF), EXO_OK);
  EXPECT_IS(frame_kind(it), EXO_KIND_TABLE);
  EXPECT_IS(exo_state_level(os_frame_desc(it)->state), PTE_LEVELS - 1);
  EXPECT_IS(place_map(3, it, EXO_READ), EXO_KIND); // a root is never mapped
  EXPECT_IS(root_by(OS_SLOT_SELF), EXO_KIND);
  EXPECT_IS(exo_table_drop((struct exo_table_drop){OS_SLOT_SELF, it}), EXO_OK);
  frame_end(it);
}

static exo_result link_by(exo_slot s) { return exo_table_link((struct exo_table_link){s, table, 3, it}); }
static exo_result link_at(exo_frame t, uint64_t index, exo_frame f) {
  return exo_table_link((struct exo_table_link){OS_SLOT_SELF, t, index, f});
}
static exo_result drop_table(exo_frame t) { return exo_table_drop((struct exo_table_drop){OS_SLOT_SELF, t}); }

void call_table_link(void) {
  enum { BELOW = PTE_LEVELS - 1 }; // tables under the root, on the way to the last page
  exo_frame root = table = frame_new(), next[BELOW];
  for (int i = 0; i < BELOW; i++) next[i] = frame_new();
  it = next[0];
  EXPECT_IS(link_by(OS_SLOT_SELF), EXO_KIND); // the parent is no table yet
  EXPECT_IS(exo_table_root((struct exo_table_root){OS_SLOT_SELF, root}), EXO_OK);
  refuses(link_by, EXO_MANAGE, EXO_DENIED);
  EXPECT_IS(link_at(root, 512, it), EXO_RANGE);
  EXPECT_IS(link_at(root, ~0ull, it), EXO_RANGE);
  EXPECT_IS(link_at(root, 256, it), EXO_RANGE); // the kernel's half
  exo_result kernels = link_at(root, 511, it);
  EXPECT(kernels == EXO_RANGE || kernels == EXO_BUSY);
  EXPECT_IS(link_at(~0ull, 0, it), EXO_NO_FRAME);
  EXPECT_IS(link_at(root, 0, ~0ull), EXO_NO_FRAME);
  EXPECT_IS(link_at(root, 0, root), EXO_KIND); // no table is its own
  EXPECT_IS(link_at(root, 0, place_table()), EXO_KIND);
  EXPECT_IS(link_at(root, 255, next[0]), EXO_OK);
  EXPECT_IS(link_at(root, 255, next[1]), EXO_BUSY);
  for (int i = 1; i < BELOW - 1; i++) EXPECT_IS(link_at(next[i - 1], 511, next[i]), EXO_OK);
  exo_frame last = next[BELOW - 2], leaf = next[BELOW - 1];
  EXPECT_IS(link_at(last, 511, leaf), EXO_RANGE); // the last user page stays empty
  EXPECT_IS(link_at(last, 510, leaf), EXO_OK);
  EXPECT_IS(exo_state_level(os_frame_desc(leaf)->state), 0);
  EXPECT_IS(link_at(leaf, 0, it), EXO_KIND); // a leaf table holds pages only
  EXPECT_IS(drop_table(last), EXO_BUSY);
  EXPECT_IS(drop_table(root), EXO_BUSY);
  for (int i = BELOW - 1; i >= 0; i--) EXPECT_IS(drop_table(next[i]), EXO_OK);
  EXPECT_IS(drop_table(root), EXO_OK);
  for (int i = 0; i < BELOW; i++) frame_end(next[i]);
  frame_end(root);
}

static exo_result table_drop_by(exo_slot s) { return exo_table_drop((struct exo_table_drop){s, it}); }

void call_table_drop(void) {
  it = frame_new();
  EXPECT_IS(drop_table(it), EXO_KIND);
  EXPECT_IS(drop_table(~0ull), EXO_NO_FRAME);
  EXPECT_IS(exo_table_root((struct exo_table_root){OS_SLOT_SELF, it}), EXO_OK);
  refuses(table_drop_by, EXO_MANAGE, EXO_DENIED);
  EXPECT_IS(drop_table((exo_frame)os_self.window->root), EXO_BUSY); // our own
  EXPECT_IS(drop_table(it), EXO_OK);
  EXPECT_IS(frame_kind(it), EXO_KIND_USER);
  EXPECT_IS(place_map(3, it, EXO_READ), EXO_OK); // and clean: no entry of the kernel's half is left in it
  for (unsigned i = 0; i < EXO_PAGE / 8; i++) EXPECT_IS(place(3)[i], 0);
  EXPECT_IS(place_unmap(3, 1), 1);
  frame_end(it);
}

static exo_result map_table_by(exo_slot s) {
  return exo_map((struct exo_map){s, table, 3, OS_SLOT_SELF, it, EXO_READ});
}
static exo_result map_frame_by(exo_slot s) {
  return exo_map((struct exo_map){OS_SLOT_SELF, table, 3, s, it, EXO_READ});
}

void call_map(void) {
  it = frame_new(), table = place_table();
  refuses(map_table_by, EXO_MANAGE, EXO_DENIED);
  refuses(map_frame_by, EXO_READ, EXO_DENIED);
  struct exo_map m = {OS_SLOT_SELF, table, 512, OS_SLOT_SELF, it, EXO_READ};
  EXPECT_IS(exo_map(m), EXO_RANGE);
  m.index = ~0ull;
  EXPECT_IS(exo_map(m), EXO_RANGE);
  m.index = 3;
  static const uint64_t bad[] = {0, 2, 4, 6, 8, 9, 16, ~0ull};
  for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
    m.prot = bad[i];
    EXPECT_IS(exo_map(m), EXO_RANGE);
  }
  m.prot = 7;
  EXPECT_IS(exo_map(m), EXO_W_XOR_X);
  m.prot = EXO_READ;
  m.frame = ~0ull;
  EXPECT_IS(exo_map(m), EXO_NO_FRAME);
  m.frame = it;
  m.table = it;
  EXPECT_IS(exo_map(m), EXO_KIND);
  m.table = frame_new();
  EXPECT_IS(exo_map(m), EXO_KIND); // no table
  frame_end(m.table);
  m.table = os_self.window->root;
  EXPECT_IS(exo_map(m), EXO_KIND); // no leaf table
  m.table = table;
  EXPECT_IS(exo_map(m), EXO_OK);
  EXPECT_IS(exo_state_maps(os_frame_desc(it)->state), 1);
  EXPECT_IS(os_frame_desc(it)->home, table << 9 | 3);
  EXPECT_IS(exo_map(m), EXO_BUSY);
  EXPECT_IS(place_unmap(3, 1), 1);
  m.frame_slot = OS_SLOT_WINDOW; // kernel tables: to read, no more
  m.frame = os_self.machine_frame;
  m.prot = EXO_READ | EXO_WRITE;
  EXPECT_IS(exo_map(m), EXO_DENIED);
  m.frame_slot = OS_SLOT_SELF;
  m.frame = os_self.env & ((1ull << 40) - 1);
  EXPECT_IS(exo_map(m), EXO_KIND); // an env frame, to write
  m.prot = EXO_READ;
  EXPECT_IS(exo_map(m), EXO_OK);
  EXPECT_IS(*(const volatile uint64_t *)place(3), 1);
  EXPECT_IS(place_unmap(3, 1), 1);
  frame_end(it);
}

static exo_result protect_by(exo_slot s) { return exo_protect((struct exo_protect){s, table, 3, 1, EXO_READ, 0}); }
static exo_result protect(uint64_t index, uint64_t count, uint64_t prot) {
  return exo_protect((struct exo_protect){OS_SLOT_SELF, place_table(), index, count, prot, 0});
}

void call_protect(void) {
  it = frame_new(), table = place_table();
  slot_set(20, os_self.name, EXO_READ | EXO_WRITE);
  EXPECT_IS(exo_map((struct exo_map){OS_SLOT_SELF, table, 3, 20, it, EXO_READ}), EXO_OK);
  slot_end(20); // what it had is kept in the entry
  refuses(protect_by, EXO_MANAGE, EXO_DENIED);
  EXPECT_IS(protect(512, 1, 1), EXO_RANGE);
  EXPECT_IS(protect(500, 13, 1), EXO_RANGE);
  EXPECT_IS(protect(0, EXO_RANGE_MAX + 1, 1), EXO_RANGE);
  EXPECT_IS(protect(~0ull, 1, 1), EXO_RANGE);
  EXPECT_IS(protect(3, 1, EXO_WRITE), EXO_RANGE);
  EXPECT_IS(protect(3, 1, 8), EXO_RANGE);
  EXPECT_IS(exo_protect((struct exo_protect){OS_SLOT_SELF, ~0ull, 0, 1, 1, 0}), EXO_NO_FRAME);
  EXPECT_IS(exo_protect((struct exo_protect){OS_SLOT_SELF, it, 0, 1, 1, 0}), EXO_KIND);
  EXPECT_IS(exo_protect((struct exo_protect){OS_SLOT_SELF, os_self.window->root, 0, 1, 1, 0}), EXO_KIND);
  EXPECT_IS(protect(3, 1, EXO_READ | EXO_EXEC), EXO_DENIED); // not among the rights that were kept
  EXPECT_IS(protect(2, 2, EXO_READ | EXO_EXEC), 1);          // one empty entry passed, then no right
  EXPECT_IS(protect(3, 1, EXO_READ | EXO_WRITE), 1);
  *place(3) = 1;
  EXPECT_IS(protect(0, EXO_RANGE_MAX, 0), EXO_RANGE_MAX);
  EXPECT_IS(protect(3, 0, EXO_READ), 0);
  EXPECT_IS(place_unmap(0, EXO_RANGE_MAX), 1);
  frame_end(it);
}

static exo_result unmap_by(exo_slot s) { return exo_unmap((struct exo_unmap){s, table, 3, 1, 0}); }

void call_unmap(void) {
  it = frame_new(), table = place_table();
  EXPECT_IS(place_map(3, it, EXO_READ), EXO_OK);
  EXPECT_IS(place_map(5, it, EXO_READ), EXO_OK);
  EXPECT_IS(exo_state_maps(os_frame_desc(it)->state), 2);
  refuses(unmap_by, EXO_MANAGE, EXO_DENIED);
  EXPECT_IS((int64_t)place_unmap(512, 1), EXO_RANGE);
  EXPECT_IS((int64_t)place_unmap(0, EXO_RANGE_MAX + 1), EXO_RANGE);
  EXPECT_IS((int64_t)place_unmap(511, 2), EXO_RANGE);
  EXPECT_IS(exo_unmap((struct exo_unmap){OS_SLOT_SELF, ~0ull, 0, 1, 0}), EXO_NO_FRAME);
  EXPECT_IS(exo_unmap((struct exo_unmap){OS_SLOT_SELF, it, 0, 1, 0}), EXO_KIND);
  EXPECT_IS(exo_unmap((struct exo_unmap){OS_SLOT_SELF, os_self.window->root, 0, 1, 0}), EXO_KIND);
  EXPECT_IS(place_unmap(0, EXO_RANGE_MAX), 2);
  EXPECT_IS(exo_state_maps(os_frame_desc(it)->state), 0);
  EXPECT_IS(place_unmap(0, EXO_RANGE_MAX), 0);
  frame_end(it);
}
