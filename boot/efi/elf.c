// elf.c: reads the program headers of a static executable. Pure: every number is checked before it is used.
#include "loader.h"
#include <string.h>

struct elf_header {
  uint8_t ident[16];
  uint16_t type, machine;
  uint32_t version;
  uint64_t entry, program_offset, section_offset;
  uint32_t flags;
  uint16_t header_size, program_size, program_count, section_size, section_count, name_index;
};
struct elf_program {
  uint32_t type, flags;
  uint64_t offset, va, physical, file_bytes, memory_bytes, align;
};
static_assert(sizeof(struct elf_header) == 64 && sizeof(struct elf_program) == 56);
enum { ELF_EXEC = 2, ELF_LOAD = 1, ELF_INTERP = 3, ELF_NOTE = 4, ELF_X = 1, ELF_W = 2, ELF_R = 4 };

static fault check_header(const struct elf_header *h, size_t size, uint16_t machine) {
  static const uint8_t ident[7] = {0x7f, 'E', 'L', 'F', 2, 1, 1}; // 64 bits, little-endian, version 1
  if (memcmp(h->ident, ident, sizeof ident) != 0) return "not a 64-bit little-endian ELF file";
  if (h->machine != machine) return "built for another machine";
  if (h->type != ELF_EXEC) return "not a statically linked executable";
  if (h->program_size != sizeof(struct elf_program)) return "program headers of a strange size";
  if (h->program_offset > size || (size - h->program_offset) / sizeof(struct elf_program) < h->program_count)
    return "truncated: the program headers lie behind the end of the file";
  return nullptr;
}

static uint64_t prot_of(uint32_t flags) {
  return (flags & ELF_R ? EXO_READ : 0) | (flags & ELF_W ? EXO_WRITE : 0) | (flags & ELF_X ? EXO_EXEC : 0);
}

static fault check_segment(const struct elf_program *p, size_t size, uint64_t low, uint64_t high) {
  if (p->va % EXO_PAGE) return "a segment does not begin on a page";
  if (p->file_bytes > p->memory_bytes) return "a segment has more bytes in the file than in memory";
  if (p->offset > size || p->file_bytes > size - p->offset)
    return "truncated: a segment lies behind the end of the file";
  if (p->va < low || p->va >= high || p->memory_bytes > high - p->va) return "a segment lies outside its address range";
  if (!(p->flags & ELF_R)) return "a segment is not readable";
  if (p->flags & ELF_W && p->flags & ELF_X) return "a segment is writable and executable";
  return nullptr;
}

// Inserts in order of va; neighbours must not share a page.
static fault add_segment(struct elf *elf, const struct elf_program *p) {
  if (elf->count == ELF_SEGMENTS) return "too many segments";
  uint32_t at = elf->count;
  for (; at && elf->segment[at - 1].va > p->va; at--) elf->segment[at] = elf->segment[at - 1];
  elf->segment[at] = (struct elf_segment){p->va, p->memory_bytes, p->offset, p->file_bytes, prot_of(p->flags)};
  elf->count++;
  for (uint32_t i = 1; i < elf->count; i++) {
    const struct elf_segment *below = &elf->segment[i - 1];
    if (frames_of(elf->segment[i].va - below->va) < frames_of(below->memory_bytes)) return "two segments overlap";
  }
  return nullptr;
}

// The kernel's own among the notes of a segment; others are skipped, damaged ones end the search.
static uint32_t note_bits(const uint8_t *file, size_t size, const struct elf_program *p) {
  struct exo_boot_note wanted = EXO_BOOT_NOTE, note;
  enum { HEAD = offsetof(struct exo_boot_note, name), VALUE = offsetof(struct exo_boot_note, address_bits) };
  if (p->offset > size || p->file_bytes > size - p->offset) return 0;
  for (uint64_t at = p->offset, end = at + p->file_bytes; end - at >= sizeof note;) {
    memcpy(&note, file + at, sizeof note);
    if (memcmp(&note, &wanted, VALUE) == 0) return note.address_bits;
    uint64_t bytes = HEAD + ((note.name_bytes + 3ull) & ~3ull) + ((note.value_bytes + 3ull) & ~3ull);
    if (bytes > end - at) return 0;
    at += bytes;
  }
  return 0;
}

static fault check_entry(const struct elf *elf) {
  for (uint32_t i = 0; i < elf->count; i++) {
    const struct elf_segment *s = &elf->segment[i];
    if (s->prot & EXO_EXEC && elf->entry >= s->va && elf->entry - s->va < s->memory_bytes) return nullptr;
  }
  return "the entry point lies in no executable segment";
}

fault elf_read(struct elf *elf, const void *file, size_t size, uint16_t machine, uint64_t low, uint64_t high) {
  struct elf_header h;
  *elf = (struct elf){};
  if (size < sizeof h) return "truncated: shorter than an ELF header";
  memcpy(&h, file, sizeof h);
  fault f = check_header(&h, size, machine);
  if (f) return f;
  elf->entry = h.entry;
  for (uint32_t i = 0; i < h.program_count; i++) {
    struct elf_program p;
    memcpy(&p, (const uint8_t *)file + h.program_offset + i * sizeof p, sizeof p);
    if (p.type == ELF_NOTE) elf->address_bits = note_bits(file, size, &p);
    if (p.type == ELF_INTERP) return "not a statically linked executable";
    if (p.type != ELF_LOAD || !p.memory_bytes) continue;
    if ((f = check_segment(&p, size, low, high)) || (f = add_segment(elf, &p))) return f;
  }
  if (!elf->count) return "nothing to load in it";
  return check_entry(elf);
}
