// file_test.c: ELF files and boot archives.
#include "test.h"

struct image {
  uint8_t ident[16];
  uint16_t type, machine;
  uint32_t version;
  uint64_t entry, program_offset, section_offset;
  uint32_t flags;
  uint16_t header_size, program_size, program_count, section_size, section_count, name_index;
  struct {
    uint32_t type, flags;
    uint64_t offset, va, physical, file_bytes, memory_bytes, align;
  } load[3];
  uint8_t content[1000];
};
enum { MACHINE = 62, LOW = 0x1000, HIGH = 0x800000 };
static const struct image good = {
    .ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
    .type = 2,
    .machine = MACHINE,
    .entry = 0x400010,
    .program_offset = 64,
    .program_size = 56,
    .program_count = 3,
    .load = {{1, 6, 232, 0x402000, 0, 10, 0x2000, 0},
             {1, 5, 232, 0x400000, 0, 1000, 1000, 0},
             {1, 4, 232, 0x401000, 0, 1000, 1000, 0}},
};
static struct elf elf;

static fault read(const struct image *f) { return elf_read(&elf, f, sizeof *f, MACHINE, LOW, HIGH); }
#define BAD(words, ...)                                                                                                \
  do {                                                                                                                 \
    struct image bad = good;                                                                                           \
    __VA_ARGS__;                                                                                                       \
    WANT(says(read(&bad), words));                                                                                     \
  } while (0)

void parse_elf(const void *input, size_t size) {
  if (elf_read(&elf, input, size, MACHINE, LOW, HIGH)) return;
  for (uint32_t i = 0; i < elf.count; i++) {
    const struct elf_segment *s = &elf.segment[i];
    WANT(s->offset <= size && s->file_bytes <= size - s->offset && s->file_bytes <= s->memory_bytes);
    WANT(s->va >= LOW && s->va % 4096 == 0 && s->memory_bytes <= HIGH - s->va);
    WANT((s->prot & (EXO_WRITE | EXO_EXEC)) != (EXO_WRITE | EXO_EXEC));
    if (i) WANT(s[-1].va + frames_of(s[-1].memory_bytes) * 4096 <= s->va);
  }
}

// The kernel's note is found behind another, and what is damaged is not followed.
static void notes(void) {
  struct image file = good;
  struct exo_boot_note ours = EXO_BOOT_NOTE, other = {4, 8, 3, "GNU", 0};
  ours.address_bits = 39;
  file.load[2].type = 4;
  file.load[2].file_bytes = sizeof other + sizeof ours;
  memcpy(file.content, &other, sizeof other); // a name of 4 and a value of 8 bytes fill it but for 4
  memcpy(file.content + sizeof other - 4, &ours, sizeof ours);
  WANT(!read(&file) && elf.address_bits == 39);
  file.load[2].file_bytes = sizeof other + sizeof ours - 5; // its last byte is missing
  WANT(!read(&file) && elf.address_bits == 0);
  file.load[2].file_bytes = sizeof other + sizeof ours;
  other.value_bytes = UINT32_MAX;
  memcpy(file.content, &other, sizeof other);
  WANT(!read(&file) && elf.address_bits == 0);
  file.load[2].offset = UINT64_MAX;
  WANT(!read(&file) && elf.address_bits == 0);
  WANT(!read(&good) && elf.address_bits == 0);
  test_damage(&file, sizeof file, parse_elf, 20000);
}

void elf_test(void) {
  WANT(!read(&good) && elf.count == 3 && elf.segment[0].va == 0x400000 && elf.segment[2].memory_bytes == 0x2000);
  WANT(elf.segment[0].prot == (EXO_READ | EXO_EXEC) && elf.entry == 0x400010);
  for (size_t size = 0; size < sizeof good - 1; size++) {
    void *cut = exact(&good, size);
    WANT(elf_read(&elf, cut, size, MACHINE, LOW, HIGH));
    free(cut);
  }
  BAD("64-bit", bad.ident[4] = 1);
  BAD("another machine", bad.machine = 183);
  BAD("statically", bad.type = 3);
  BAD("statically", bad.load[2].type = 3);
  BAD("strange size", bad.program_size = 32);
  BAD("truncated", bad.program_offset = UINT64_MAX);
  BAD("truncated", bad.load[0].offset = UINT64_MAX);
  BAD("begin on a page", bad.load[1].va++);
  BAD("outside", bad.load[1].va = 0);
  BAD("outside", bad.load[0].memory_bytes = UINT64_MAX - 0x1000);
  BAD("more bytes", bad.load[0].memory_bytes = 1);
  BAD("writable and executable", bad.load[0].flags = 7);
  BAD("not readable", bad.load[0].flags = 2);
  BAD("overlap", bad.load[1].memory_bytes = 0x1001);
  BAD("overlap", bad.load[1].va = bad.load[2].va);
  BAD("entry point", bad.entry = 0x401000);
  BAD("nothing to load", bad.load[0].type = bad.load[1].type = bad.load[2].type = 4);
  test_damage(&good, sizeof good, parse_elf, 50000);
  notes();
}

static struct {
  struct {
    uint64_t magic, count, size, reserved;
  } head;
  struct exo_archive_entry entry[3];
  uint8_t pad[4096 - 32 - 3 * 256];
  uint8_t content[2][4096];
} archive = {
    .head = {EXO_ARCHIVE_MAGIC, 3, 3 * 4096, 0},
    .entry = {{"empty", 4096, 0, 0}, {"init", 4096, 4096, 0}, {"lib/x", 8192, 100, 0}},
};

void parse_archive(const void *input, size_t size) {
  if (archive_check(input, size)) return;
  const struct exo_archive *a = input;
  for (uint64_t i = 0; i < a->count; i++) {
    WANT(archive_find(a, a->entry[i].name) == &a->entry[i]);
    WANT(a->entry[i].offset <= size && a->entry[i].size <= size - a->entry[i].offset);
  }
}
#define BAD_ARCHIVE(words, change, back)                                                                               \
  do {                                                                                                                 \
    change;                                                                                                            \
    WANT(says(archive_check(&archive, sizeof archive), words));                                                        \
    back;                                                                                                              \
  } while (0)

void archive_test(void) {
  WANT(!archive_check(&archive, sizeof archive));
  WANT(archive_find(&archive, "init") == &archive.entry[1] && !archive_find(&archive, "ini"));
  for (size_t size = 0; size < sizeof archive; size += 31) {
    void *cut = exact(&archive, size);
    WANT(archive_check(cut, size));
    free(cut);
  }
  BAD_ARCHIVE("magic", archive.head.magic++, archive.head.magic--);
  BAD_ARCHIVE("more entries", archive.head.count = UINT64_MAX, archive.head.count = 3);
  BAD_ARCHIVE("not sorted", archive.entry[1].name[0] = 'a', archive.entry[1].name[0] = 'i');
  BAD_ARCHIVE("no end", memset(archive.entry[2].name, 'x', 232), memset(archive.entry[2].name, 0, 232));
  memcpy(archive.entry[2].name, "lib/x", 5);
  BAD_ARCHIVE("slash", archive.entry[0].name[0] = '/', archive.entry[0].name[0] = 'e');
  BAD_ARCHIVE("page-aligned", archive.entry[1].offset++, archive.entry[1].offset--);
  BAD_ARCHIVE("overlaps", archive.entry[1].size++, archive.entry[1].size--);
  BAD_ARCHIVE("behind the end", archive.entry[2].size = UINT64_MAX, archive.entry[2].size = 100);
  BAD_ARCHIVE("page-aligned", archive.entry[0].offset = 0, archive.entry[0].offset = 4096);
  test_damage(&archive, sizeof archive, parse_archive, 20000);
}
