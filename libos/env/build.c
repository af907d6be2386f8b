// build.c: the parts of a child under construction: its tables, its pages, its program image.
#include <arch/pte.h>
#include "build.h"
#include <exo/elf.h>

enum { LEVELS = PTE_LEVELS, ENTRIES = 512 };
static uint64_t index_at(uint64_t va, unsigned level) { return va >> (EXO_PAGE_BITS + 9 * level) & (ENTRIES - 1); }
static bool same_table(uint64_t a, uint64_t b, uint64_t level) {
  return level == LEVELS - 1 || a >> (EXO_PAGE_BITS + 9 * (level + 1)) == b >> (EXO_PAGE_BITS + 9 * (level + 1));
}

exo_frame build_frame(struct build *b) {
  exo_frame f = os_frame_get_for(b->env, b->name);
  if (!f) b->why = os_frame_why;
  return f;
}

static exo_frame note(struct build *b, uint64_t va, uint64_t level, exo_frame frame) {
  struct os_start *s = b->start;
  uint64_t n = s->table_count++;
  s->table[n].va = va;
  s->table[n].level = level;
  s->table[n].frame = frame;
  return frame;
}

exo_frame build_root(struct build *b) {
  exo_frame root = build_frame(b);
  if (!root) return 0;
  b->why = exo_table_root((struct exo_table_root){.slot = OS_SLOT_SELF, .frame = root});
  if (b->why == EXO_OK)
    b->why = exo_env_space((struct exo_env_space){.slot = OS_SLOT_SELF, .env = b->env, .root = root});
  return b->why == EXO_OK ? note(b, 0, LEVELS - 1, root) : 0;
}

exo_frame build_table(struct build *b, uint64_t va, uint64_t level) {
  const struct os_start *s = b->start;
  for (uint64_t i = 0; i < s->table_count; i++)
    if (s->table[i].level == level && same_table(s->table[i].va, va, level)) return s->table[i].frame;
  if (level == LEVELS - 1 || s->table_count == OS_START_TABLES) {
    b->why = EXO_RANGE;
    return 0;
  }
  exo_frame parent = build_table(b, va, level + 1), frame = parent ? build_frame(b) : 0;
  if (!frame) return 0;
  b->why = exo_table_link((struct exo_table_link){
      .slot = OS_SLOT_SELF, .table = parent, .index = index_at(va, (unsigned)level + 1), .frame = frame});
  return b->why == EXO_OK ? note(b, va, level, frame) : 0;
}

bool build_map(struct build *b, uint64_t va, exo_slot slot, exo_frame frame, uint64_t prot) {
  exo_frame table = build_table(b, va, 0);
  if (!table) return false;
  b->why = exo_map((struct exo_map){.slot = OS_SLOT_SELF,
                                    .table = table,
                                    .index = index_at(va, 0),
                                    .frame_slot = slot,
                                    .frame = frame,
                                    .prot = prot});
  return b->why == EXO_OK;
}

exo_frame build_page(struct build *b, uint64_t va, uint64_t prot, const void *bytes, uint64_t size) {
  exo_frame frame = build_frame(b);
  if (!frame) return 0;
  if (size) {
    void *here = os_core_map(OS_SLOT_SELF, frame, EXO_READ | EXO_WRITE);
    if (!here) {
      b->why = EXO_BUSY;
      return 0;
    }
    memcpy(here, bytes, size);
    os_core_unmap(here);
  }
  return build_map(b, va, OS_SLOT_SELF, frame, prot) ? frame : 0;
}

static bool header_good(const struct elf_header *e, uint64_t size, uint16_t machine) {
  return size >= sizeof *e && !memcmp(e->ident, "\177ELF\2\1\1", 7) && e->type == ELF_EXEC && e->machine == machine &&
         e->phentsize == sizeof(struct elf_segment) && e->phoff <= size && e->phnum <= 16 && e->phoff % 8 == 0 &&
         e->phnum * sizeof(struct elf_segment) <= size - e->phoff;
}

static bool segment_good(const struct elf_segment *s, uint64_t size) {
  return s->filesz <= s->memsz && s->offset <= size && s->filesz <= size - s->offset &&
         (s->vaddr - s->offset) % EXO_PAGE == 0 && s->vaddr >= OS_IMAGE && s->memsz < 1ull << 32 &&
         s->vaddr + s->memsz <= OS_CORE && !(s->flags & ELF_W && s->flags & ELF_X);
}

// Read-only pages are the archive's own frames; writable ones are copies on the child's account.
static bool load_segment(struct build *b, const struct exo_archive_entry *file, const struct elf_segment *s) {
  const uint8_t *data = os_archive_data(file);
  uint64_t prot = EXO_READ | (s->flags & ELF_W ? EXO_WRITE : 0) | (s->flags & ELF_X ? EXO_EXEC : 0);
  uint64_t start = s->vaddr & ~(uint64_t)(EXO_PAGE - 1), end = s->vaddr + s->memsz;
  uint64_t offset = s->offset - (s->vaddr - start), in_file = s->vaddr - start + s->filesz;
  for (uint64_t va = start; va < end; va += EXO_PAGE, offset += EXO_PAGE) {
    uint64_t done = va - start, bytes = done >= in_file ? 0 : in_file - done < EXO_PAGE ? in_file - done : EXO_PAGE;
    if (!(s->flags & ELF_W)) {
      if (!build_map(b, va, OS_SLOT_ARCHIVE, os_archive_frame(file) + offset / EXO_PAGE, prot)) return false;
    } else if (!build_page(b, va, prot, data + offset, bytes)) {
      return false;
    }
  }
  return true;
}

bool build_image(struct build *b, const struct exo_archive_entry *file, uint64_t *entry) {
  const struct elf_header *e = os_archive_data(file);
  // The machine's number is taken from this very program: parent and child run on the same CPU.
  extern const struct elf_header __ehdr_start;
  b->why = EXO_KIND;
  if (!header_good(e, file->size, __ehdr_start.machine)) return false;
  const struct elf_segment *s = (const struct elf_segment *)(const void *)((const uint8_t *)e + e->phoff);
  for (unsigned i = 0; i < e->phnum; i++) {
    if (s[i].type != ELF_LOAD || !s[i].memsz) continue;
    if (!segment_good(&s[i], file->size)) {
      b->why = EXO_KIND;
      return false;
    }
    if (!load_segment(b, file, &s[i])) return false;
  }
  *entry = e->entry;
  return true;
}
