// heap.c: memory for the library itself: powers of two from 32 bytes to 64 KiB carved from chunks, larger ones as
// regions of their own. Programs with a C library use its malloc.
#include <os/mem.h>

enum { CLASS_FIRST = 5, CLASS_LAST = 16, CHUNK = 256 * 1024 };
struct block {   // stands before the memory given out
  uint64_t size; // power of two, or the bytes of a region; header included
  struct block *next;
};
static_assert(sizeof(struct block) == 16);
static struct block *spare[CLASS_LAST + 1];
static uint8_t *chunk;
static uint64_t chunk_left;

static unsigned class_of(uint64_t size) {
  unsigned c = CLASS_FIRST;
  while (1ull << c < size) c++;
  return c;
}

static struct block *carve(uint64_t size) {
  if (chunk_left < size) {
    chunk = os_pages(CHUNK); // the rest of the old one is at most 64 KiB, lost
    chunk_left = chunk ? CHUNK : 0;
    if (!chunk) return nullptr;
  }
  struct block *b = (struct block *)(void *)chunk;
  chunk += size;
  chunk_left -= size;
  return b;
}

void *os_alloc(size_t size) {
  uint64_t whole = size + sizeof(struct block);
  if (whole < size) return nullptr;
  struct block *b;
  if (whole > 1ull << CLASS_LAST) {
    whole = (whole + EXO_PAGE - 1) & ~(uint64_t)(EXO_PAGE - 1);
    b = os_pages(whole);
  } else {
    unsigned c = class_of(whole);
    whole = 1ull << c;
    b = spare[c];
    if (b) {
      spare[c] = b->next;
      memset(b + 1, 0, whole - sizeof *b);
    } else {
      b = carve(whole);
    }
  }
  if (!b) return nullptr;
  b->size = whole;
  b->next = nullptr;
  return b + 1;
}

void os_free(void *memory) {
  if (!memory) return;
  struct block *b = (struct block *)memory - 1;
  if (b->size > 1ull << CLASS_LAST) {
    (void)os_region_remove((uint64_t)b, (uint64_t)b + b->size);
    return;
  }
  unsigned c = class_of(b->size);
  b->next = spare[c];
  spare[c] = b;
}

void *os_realloc(void *memory, size_t size) {
  if (!memory) return os_alloc(size);
  const struct block *b = (const struct block *)memory - 1;
  uint64_t room = b->size - sizeof *b;
  if (size <= room) return memory;
  void *to = os_alloc(size);
  if (!to) return nullptr;
  memcpy(to, memory, room);
  os_free(memory);
  return to;
}
