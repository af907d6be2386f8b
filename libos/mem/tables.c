// tables.c: the page tables a program has linked, and shadows of its leaf tables. Tables themselves can not be mapped,
// so the library keeps its own record: a hash of tables by address and level, and for each leaf table a page with what
// it holds. All of it is always mapped: it is used while a fault is handled.
#include <arch/pte.h>
#include <os/start.h>

enum { RECORDS = 2048, LEVELS = PTE_LEVELS, ENTRIES = 512 };
struct record {
  uint64_t key; // va >> shift of the level, times 4, plus level, plus 1; 0: empty
  struct os_leaf leaf;
};
static struct record record[RECORDS];
static uint64_t view_next = OS_CORE_VIEWS, core_used[ENTRIES / 64];

static uint64_t index_at(uint64_t va, unsigned level) { return va >> (EXO_PAGE_BITS + 9 * level) & (ENTRIES - 1); }

// What one table of a level covers is one entry of the level above.
static uint64_t key_of(uint64_t va, unsigned level) {
  uint64_t part = level == LEVELS - 1 ? 0 : va >> (EXO_PAGE_BITS + 9 * (level + 1));
  return (part * LEVELS + level) + 1;
}

static struct record *find(uint64_t key) {
  uint64_t i = (key * 0x9E3779B97F4A7C15ull) >> 53;
  while (record[i].key && record[i].key != key) i = (i + 1) % RECORDS;
  return &record[i];
}

void os_table_note(uint64_t va, unsigned level, exo_frame frame, uint64_t *shadow) {
  struct record *r = find(key_of(va, level));
  *r = (struct record){key_of(va, level), {frame, shadow}};
}

static struct os_leaf *core(void) { return &find(key_of(OS_CORE, 0))->leaf; }

static exo_result core_map(uint64_t page, exo_slot slot, exo_frame frame, uint64_t prot) {
  exo_result r = exo_map((struct exo_map){
      .slot = OS_SLOT_SELF, .table = core()->frame, .index = page, .frame_slot = slot, .frame = frame, .prot = prot});
  if (r == EXO_OK) core()->shadow[page] = frame << 3 | prot;
  return r;
}

// Links a table below `parent`; a leaf table gets a shadow page.
static struct os_leaf *make_table(uint64_t va, unsigned level, exo_frame parent) {
  uint64_t *shadow = nullptr;
  if (level == 0 && view_next == ENTRIES) return nullptr;
  exo_frame frame = os_frame_from_stock();
  exo_frame page = frame && level == 0 ? os_frame_from_stock() : 0;
  if (!frame || (level == 0 && !page)) {
    if (frame) os_frame_stock(frame);
    return nullptr;
  }
  if (level == 0) {
    if (core_map(view_next, OS_SLOT_SELF, page, EXO_READ | EXO_WRITE) != EXO_OK) return nullptr;
    shadow = os_core_page(view_next++);
  }
  exo_result r = exo_table_link(
      (struct exo_table_link){.slot = OS_SLOT_SELF, .table = parent, .index = index_at(va, level + 1), .frame = frame});
  if (r != EXO_OK) {
    os_print("table at %lx level %u parent %lx frame %lx: %s\n", va, level, parent, frame, os_result_text(r));
    os_crash(nullptr, "a page table could not be linked");
  }
  os_table_note(va, level, frame, shadow);
  return &find(key_of(va, level))->leaf;
}

struct os_leaf *os_table_leaf(uint64_t va, bool make) {
  struct record *r = find(key_of(va, 0));
  if (r->key) return &r->leaf;
  if (!make) return nullptr;
  os_frame_stock_fill(); // which may make this very table
  if (find(key_of(va, 0))->key) return &find(key_of(va, 0))->leaf;
  unsigned level = 1;
  while (level < LEVELS - 1 && !find(key_of(va, level))->key) level++;
  struct os_leaf *table = &find(key_of(va, level))->leaf;
  while (table && level > 0) table = make_table(va, --level, table->frame);
  return table;
}

uint64_t os_table_entry(uint64_t va) {
  const struct os_leaf *leaf = os_table_leaf(va, false);
  return leaf ? leaf->shadow[index_at(va, 0)] : 0;
}

exo_result os_map(uint64_t va, exo_slot frame_slot, exo_frame frame, uint64_t prot) {
  const struct os_leaf *leaf = os_table_leaf(va, true);
  if (!leaf) return EXO_CEILING;
  exo_result r = exo_map((struct exo_map){.slot = OS_SLOT_SELF,
                                          .table = leaf->frame,
                                          .index = index_at(va, 0),
                                          .frame_slot = frame_slot,
                                          .frame = frame,
                                          .prot = prot});
  if (r == EXO_OK) leaf->shadow[index_at(va, 0)] = frame << 3 | prot;
  return r;
}

// Drops all of a batch, past those that are refused.
static void drop_all(struct exo_batch_entry *entry, unsigned count) {
  for (unsigned done = 0; done < count; done++) done += os_batch(entry + done, count - done);
}

// Unmaps one stretch inside one leaf table, then drops its frames, in as few traps as the calls allow.
static void unmap_part(const struct os_leaf *leaf, uint64_t index, uint64_t count, bool drop) {
  struct exo_batch_entry entry[16];
  unsigned n = 0;
  (void)exo_unmap((struct exo_unmap){.slot = OS_SLOT_SELF, .table = leaf->frame, .index = index, .count = count});
  for (uint64_t i = index; i < index + count; i++) {
    uint64_t was = leaf->shadow[i];
    leaf->shadow[i] = 0;
    if (!was || !drop) continue;
    entry[n++] = os_entry_frame_drop((struct exo_frame_drop){.slot = OS_SLOT_SELF, .frame = was >> 3});
    if (n == sizeof entry / sizeof *entry) {
      drop_all(entry, n);
      n = 0;
    }
  }
  drop_all(entry, n);
}

// Calls `part` for the pieces of [start, end) that lie in one leaf table and are short enough for one range call.
#define FOR_PARTS(va, stop, start, end)                                                                                \
  for (uint64_t va = (start), stop; va < (end) && (stop = part_end(va, end), true); va = stop)
static uint64_t part_end(uint64_t va, uint64_t end) {
  uint64_t table_end = (va | (ENTRIES * EXO_PAGE - 1)) + 1, range_end = va + EXO_RANGE_MAX * EXO_PAGE;
  uint64_t stop = table_end < range_end ? table_end : range_end;
  return stop < end ? stop : end;
}

void os_unmap(uint64_t start, uint64_t end, bool drop) {
  FOR_PARTS(va, stop, start, end) {
    const struct os_leaf *leaf = os_table_leaf(va, false);
    uint64_t index = index_at(va, 0), count = (stop - va) / EXO_PAGE, any = 0;
    for (uint64_t i = 0; leaf && i < count; i++) any |= leaf->shadow[index + i];
    if (any) unmap_part(leaf, index, count, drop);
  }
}

exo_result os_protect(uint64_t start, uint64_t end, uint64_t prot) {
  FOR_PARTS(va, stop, start, end) {
    const struct os_leaf *leaf = os_table_leaf(va, false);
    uint64_t index = index_at(va, 0), count = (stop - va) / EXO_PAGE;
    if (!leaf) continue;
    exo_result r = exo_protect(
        (struct exo_protect){.slot = OS_SLOT_SELF, .table = leaf->frame, .index = index, .count = count, .prot = prot});
    if (r < 0) return r;
    for (uint64_t i = index; i < index + count; i++)
      if (leaf->shadow[i]) leaf->shadow[i] = (leaf->shadow[i] & ~7ull) | prot;
    if ((uint64_t)r < count) return EXO_DENIED;
  }
  return EXO_OK;
}

void *os_core_map(exo_slot slot, exo_frame frame, uint64_t prot) {
  for (uint64_t page = OS_CORE_TEMPORARY; page < OS_CORE_VIEWS; page++) {
    uint64_t *word = &core_used[page / 64], bit = 1ull << page % 64;
    if (*word & bit) continue;
    if (core_map(page, slot, frame, prot) != EXO_OK) return nullptr;
    *word |= bit;
    return os_core_page(page);
  }
  return nullptr;
}

bool os_core_fault(uint64_t address) {
  uint64_t page = (address - OS_CORE) / EXO_PAGE, was = page < ENTRIES ? core()->shadow[page] : 0;
  return was && core_map(page, OS_SLOT_SELF, was >> 3, was & 7) == EXO_OK;
}

void os_core_unmap(const void *address) {
  uint64_t page = ((uint64_t)address - OS_CORE) / EXO_PAGE;
  unmap_part(core(), page, 1, false);
  core_used[page / 64] &= ~(1ull << page % 64);
}

// The first program knows no table. Its root is named by a call that answers "in use" for a root and "kind" for all
// else; spare frames follow the frames the kernel used, and a frame that is not spare refuses to become a table.
static exo_frame first_root(exo_frame env) {
  for (exo_frame f = env + 1; f < env + 64; f++)
    if (exo_env_space((struct exo_env_space){.slot = OS_SLOT_SELF, .env = 0, .root = f}) == EXO_BUSY) return f;
  return 0;
}

static exo_frame first_link(exo_frame parent, uint64_t index, exo_frame *next) {
  for (int tries = 0; tries < 256; tries++, ++*next) {
    exo_result r =
        exo_table_link((struct exo_table_link){.slot = OS_SLOT_SELF, .table = parent, .index = index, .frame = *next});
    if (r == EXO_OK) return (*next)++;
  }
  return 0;
}

void os_tables_first(exo_env self, exo_frame machine_frame) {
  exo_frame env = self & ((1ull << 40) - 1), root = first_root(env), next = root + 1;
  exo_frame table[LEVELS - 1], parent = root;
  os_table_note(0, LEVELS - 1, root, nullptr);
  for (int level = LEVELS - 2; level >= 0; level--) {
    parent = table[level] = first_link(parent, index_at(OS_CORE, (unsigned)level + 1), &next);
    os_table_note(OS_CORE, (unsigned)level, parent, nullptr);
  }
  // The shadow first, by hand: from here on core_map keeps it.
  uint64_t *shadow = os_core_page(OS_CORE_SHADOW);
  (void)exo_map((struct exo_map){.slot = OS_SLOT_SELF,
                                 .table = table[0],
                                 .index = OS_CORE_SHADOW,
                                 .frame_slot = OS_SLOT_SELF,
                                 .frame = next,
                                 .prot = EXO_READ | EXO_WRITE});
  os_table_note(OS_CORE, 0, table[0], shadow);
  shadow[OS_CORE_SHADOW] = next++ << 3 | EXO_READ | EXO_WRITE;
  (void)core_map(OS_CORE_MACHINE, OS_SLOT_SELF, machine_frame, EXO_READ);
  (void)core_map(OS_CORE_ENV, OS_SLOT_SELF, env, EXO_READ);
  const struct exo_machine_window *m = os_core_page(OS_CORE_MACHINE);
  for (exo_frame end = m->spare_frame + m->spare_count; end > next; end--) os_frame_stock(end - 1);
}

void os_tables_child(const struct os_start *start) {
  for (uint64_t i = 0; i < start->table_count; i++)
    os_table_note(start->table[i].va, (unsigned)start->table[i].level, start->table[i].frame,
                  start->table[i].level ? nullptr : os_core_page(OS_CORE_SHADOW));
  // Leaf tables of the image and the stack: their pages are the parent's doing and stay; new pages get a shadow.
  for (uint64_t i = 0; i < start->table_count; i++) {
    uint64_t va = start->table[i].va;
    if (start->table[i].level || key_of(va, 0) == key_of(OS_CORE, 0)) continue;
    exo_frame page = os_frame_from_stock();
    if (!page) os_frame_why = EXO_CEILING;
    if (page && core_map(view_next, OS_SLOT_SELF, page, EXO_READ | EXO_WRITE) == EXO_OK)
      find(key_of(va, 0))->leaf.shadow = os_core_page(view_next++);
  }
  const struct os_leaf *stack = os_table_leaf(OS_STACK_TOP - EXO_PAGE, false);
  for (uint64_t i = 1; stack && stack->shadow && i <= OS_START_STACK; i++)
    stack->shadow[index_at(OS_STACK_TOP - i * EXO_PAGE, 0)] = EXO_READ | EXO_WRITE; // there, but the frame is unknown
}
