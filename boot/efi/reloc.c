// reloc.c: moves the image to where the firmware put it. Nothing here may itself need a relocation.
#include <stdint.h>

struct dynamic {
  int64_t tag;
  uint64_t value;
};
struct rela {
  uint64_t offset, info;
  int64_t addend;
};
enum { DT_RELA = 7, DT_RELASZ = 8 };

void relocate(uint8_t *base, const struct dynamic *dynamic);

// The linker makes relative relocations only (-pie without imports), so their type needs no look.
void relocate(uint8_t *base, const struct dynamic *dynamic) {
  uint64_t at = 0, bytes = 0;
  for (; dynamic->tag; dynamic++) {
    if (dynamic->tag == DT_RELA) at = dynamic->value;
    if (dynamic->tag == DT_RELASZ) bytes = dynamic->value;
  }
  const struct rela *rela = (const void *)(base + at);
  for (uint64_t i = 0; i < bytes / sizeof *rela; i++)
    *(uint64_t *)(void *)(base + rela[i].offset) = (uint64_t)base + (uint64_t)rela[i].addend;
}
