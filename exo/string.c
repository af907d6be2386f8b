// string.c: the memory functions that a compiler expects, compiled with the kernel's own flags.
#include "core.h"

typedef uint64_t __attribute__((may_alias)) word;

void *memset(void *to, int byte, size_t n) {
  uint8_t *p = to;
  uint64_t fill = 0x0101010101010101ull * (uint8_t)byte;
  for (; n && (uintptr_t)p % 8; n--) *p++ = (uint8_t)byte;
  for (; n >= 64; n -= 64, p += 64) { // registers
    word *w = (word *)p;
    w[0] = w[1] = w[2] = w[3] = w[4] = w[5] = w[6] = w[7] = fill;
  }
  for (; n >= 8; n -= 8, p += 8) *(word *)p = fill;
  for (; n; n--) *p++ = (uint8_t)byte;
  return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
  uint8_t *p = to;
  const uint8_t *q = from;
  if (((uintptr_t)p | (uintptr_t)q) % 8 == 0) {
    for (; n >= 32; n -= 32, p += 32, q += 32) { // registers are copied on every switch
      word *w = (word *)p;
      const word *v = (const word *)q;
      w[0] = v[0], w[1] = v[1], w[2] = v[2], w[3] = v[3];
    }
    for (; n >= 8; n -= 8, p += 8, q += 8) *(word *)p = *(const word *)q;
  }
  for (; n; n--) *p++ = *q++;
  return to;
}

void *memmove(void *to, const void *from, size_t n) {
  uint8_t *p = to;
  const uint8_t *q = from;
  if (p <= q || p >= q + n) return memcpy(to, from, n);
  while (n--) p[n] = q[n];
  return to;
}

int memcmp(const void *a, const void *b, size_t n) {
  const uint8_t *p = a, *q = b;
  for (; n; n--, p++, q++)
    if (*p != *q) return *p - *q;
  return 0;
}
