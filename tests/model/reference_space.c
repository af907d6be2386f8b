// reference_space.c: the model's tables and mappings: sets, in which it is looked up what is mapped where.
#include "reference.h"

// --- Tables

static struct model_link *link_to(struct model *m, exo_frame child) {
  for (unsigned i = 0; i < m->links; i++)
    if (m->link[i].child == child) return &m->link[i];
  return nullptr;
}

static bool table_used(const struct model *m, exo_frame table) {
  for (unsigned i = 0; i < m->links; i++)
    if (m->link[i].table == table) return true;
  for (unsigned i = 0; i < m->mappings; i++)
    if (m->mapping[i].table == table) return true;
  return false;
}

static bool entry_used(const struct model *m, exo_frame table, exo_word index) {
  for (unsigned i = 0; i < m->links; i++)
    if (m->link[i].table == table && m->link[i].index == index) return true;
  for (unsigned i = 0; i < m->mappings; i++)
    if (m->mapping[i].table == table && m->mapping[i].page == index) return true;
  return false;
}

static uint64_t span(unsigned level) { return (uint64_t)EXO_PAGE << 9 * level; } // what an entry translates
static uint64_t address(struct model *m, exo_frame table) {                      // the first that a table translates
  const struct model_link *l = link_to(m, table);
  return l ? address(m, l->table) + l->index * span(m->frame[l->table].level) : 0;
}

int64_t on_table_root(struct call c, const struct exo_table_root *a) {
  int64_t r = frame_reached(c, a->slot, a->frame, EXO_MANAGE);
  if (r == EXO_OK) r = plain(c.m, a->frame);
  if (r != EXO_OK) return r;
  c.m->frame[a->frame].kind = EXO_KIND_TABLE;
  c.m->frame[a->frame].level = MODEL_LEVELS - 1;
  return EXO_OK;
}

int64_t on_table_link(struct call c, const struct exo_table_link *a) {
  const uint64_t user_end = MODEL_ENTRIES / 2 * span(MODEL_LEVELS - 1) - EXO_PAGE;
  if (a->index >= MODEL_ENTRIES) return EXO_RANGE;
  if (a->table == a->frame) return frame_of(c.m, a->frame) ? EXO_KIND : EXO_NO_FRAME;
  int64_t r = frame_reached(c, a->slot, a->table, EXO_MANAGE);
  if (r == EXO_OK) r = frame_reached(c, a->slot, a->frame, EXO_MANAGE);
  if (r != EXO_OK) return r;
  struct model_frame *table = &c.m->frame[a->table], *child = &c.m->frame[a->frame];
  if (table->kind != EXO_KIND_TABLE || table->level == 0 || child->kind != EXO_KIND_USER) return EXO_KIND;
  if (table->level == MODEL_LEVELS - 1 && a->index >= MODEL_ENTRIES / 2) return EXO_RANGE;
  uint64_t end = address(c.m, a->table) + (a->index + 1) * span(table->level);
  if (table->level == 1 && end > user_end) return EXO_RANGE;
  if (plain(c.m, a->frame) != EXO_OK || entry_used(c.m, a->table, a->index)) return EXO_BUSY;
  child->kind = EXO_KIND_TABLE;
  child->level = table->level - 1;
  c.m->link[c.m->links++] = (struct model_link){a->table, a->index, a->frame};
  return EXO_OK;
}

int64_t on_table_drop(struct call c, const struct exo_table_drop *a) {
  int64_t r = frame_reached(c, a->slot, a->table, EXO_MANAGE);
  if (r != EXO_OK) return r;
  struct model_frame *table = &c.m->frame[a->table];
  if (table->kind != EXO_KIND_TABLE) return EXO_KIND;
  if (table_used(c.m, a->table) || pinned(c.m, a->table) || mapped(c.m, a->table)) return EXO_BUSY;
  struct model_link *l = link_to(c.m, a->table);
  if (l) *l = c.m->link[--c.m->links];
  table->kind = EXO_KIND_USER;
  table->level = 0;
  return EXO_OK;
}

// --- Mappings

static bool leaf(const struct model *m, exo_frame n) {
  return m->frame[n].kind == EXO_KIND_TABLE && m->frame[n].level == 0;
}
// Reading with at most one of writing and executing; both is a protection too, which no frame admits.
static bool protection(exo_word rights) { return rights == 0 || (rights <= 7 && rights & EXO_READ); }

static bool admits(const struct model_frame *f, exo_word rights) {
  bool write = f->written || rights & EXO_WRITE, fetch = f->fetched || rights & EXO_EXEC;
  return !(write && fetch);
}
static void note(struct model_frame *f, exo_word rights) {
  f->written |= (rights & EXO_WRITE) != 0;
  f->fetched |= (rights & EXO_EXEC) != 0;
}

int64_t on_map(struct call c, const struct exo_map *a) {
  if (a->index >= MODEL_ENTRIES || !a->prot || !protection(a->prot)) return EXO_RANGE;
  if (a->table == a->frame) return frame_of(c.m, a->frame) ? EXO_KIND : EXO_NO_FRAME;
  int64_t r = frame_reached(c, a->slot, a->table, EXO_MANAGE);
  if (r != EXO_OK) return r;
  if (!leaf(c.m, a->table)) return EXO_KIND;
  if (entry_used(c.m, a->table, a->index)) return EXO_BUSY;
  r = frame_reached(c, a->frame_slot, a->frame, a->prot);
  if (r != EXO_OK) return r;
  struct model_frame *f = &c.m->frame[a->frame];
  bool window = (f->kind == EXO_KIND_WINDOW || f->kind == EXO_KIND_ENV) && a->prot == EXO_READ;
  bool uarea = f->kind == EXO_KIND_UAREA && !(a->prot & EXO_EXEC);
  bool table = f->kind == EXO_KIND_TABLE && f->level < MODEL_LEVELS - 1 && a->prot == EXO_READ;
  if (f->kind != EXO_KIND_USER && !window && !uarea && !table) return EXO_KIND;
  if (!admits(f, a->prot)) return EXO_W_XOR_X;
  exo_word later = a->prot & EXO_EXEC ? EXO_READ | EXO_EXEC : EXO_READ | EXO_WRITE; // never one, then the other
  exo_word kept = f->kind == EXO_KIND_USER ? c.self->slot[a->frame_slot].rights & later : a->prot;
  c.m->mapping[c.m->mappings++] = (struct model_mapping){a->table, a->index, a->frame, a->prot, kept};
  note(f, a->prot);
  return EXO_OK;
}

static int64_t range_reached(struct call c, exo_slot slot, exo_frame table, exo_word index, exo_word count) {
  if (count > EXO_RANGE_MAX || index >= MODEL_ENTRIES || index + count > MODEL_ENTRIES) return EXO_RANGE;
  int64_t r = frame_reached(c, slot, table, EXO_MANAGE);
  return r == EXO_OK && !leaf(c.m, table) ? EXO_KIND : r;
}

// The mapping that entry `at` of a range stands for; nullptr: none, or it is to be left out.
static struct model_mapping *in_range(struct model *m, exo_frame table, exo_word index, exo_word at, exo_word skip) {
  if (skip >> at % 64 & 1) return nullptr;
  for (unsigned i = 0; i < m->mappings; i++)
    if (m->mapping[i].table == table && m->mapping[i].page == index + at) return &m->mapping[i];
  return nullptr;
}

int64_t on_protect(struct call c, const struct exo_protect *a) {
  if (!protection(a->prot)) return EXO_RANGE;
  int64_t r = range_reached(c, a->slot, a->table, a->index, a->count), done = 0;
  for (; r == EXO_OK && done < (int64_t)a->count; done++) {
    struct model_mapping *p = in_range(c.m, a->table, a->index, (exo_word)done, a->skip);
    if (!p) continue;
    struct model_frame *f = &c.m->frame[p->frame];
    bool never = f->kind != EXO_KIND_USER && a->prot & EXO_EXEC;
    r = a->prot & ~p->kept ? EXO_DENIED : never || !admits(f, a->prot) ? EXO_W_XOR_X : EXO_OK;
    if (r != EXO_OK) break;
    p->rights = a->prot;
    note(f, a->prot);
  }
  return done ? done : r;
}

int64_t on_unmap(struct call c, const struct exo_unmap *a) {
  int64_t r = range_reached(c, a->slot, a->table, a->index, a->count);
  for (exo_word i = 0, count = r == EXO_OK ? a->count : 0; i < count; i++) {
    struct model_mapping *p = in_range(c.m, a->table, a->index, i, a->skip);
    if (!p) continue;
    exo_frame n = p->frame;
    *p = c.m->mapping[--c.m->mappings];
    if (!mapped(c.m, n)) c.m->frame[n].written = c.m->frame[n].fetched = false;
    r++;
  }
  return r;
}

int64_t on_sweep(struct call c, const struct exo_sweep *a) {
  if (a->count > 64 || a->index >= MODEL_ENTRIES || a->index + a->count > MODEL_ENTRIES) return EXO_RANGE;
  if (!frame_of(c.m, a->table)) return EXO_NO_FRAME;
  if (a->slot >= EXO_SLOTS || !c.self->slot[a->slot].rights) return EXO_NO_SLOT;
  if (!leaf(c.m, a->table)) return EXO_KIND;
  int64_t r = 0;
  for (exo_word i = 0; i < a->count; i++) {
    struct model_mapping *p = in_range(c.m, a->table, a->index, i, 0);
    if (!p || reaches(c, a->slot, c.m->frame[p->frame].guard, EXO_GUARD) != EXO_OK) continue;
    exo_frame n = p->frame;
    *p = c.m->mapping[--c.m->mappings];
    if (!mapped(c.m, n)) c.m->frame[n].written = c.m->frame[n].fetched = false;
    r++;
  }
  return r;
}
