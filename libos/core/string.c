// string.c: the memory and string functions a compiler and a bare program expect. Programs with a C library use its
// own: this file holds only names that a C library has, so that the linker takes either all from there or all from
// here.
#include <os/os.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
  uint8_t *t = to;
  const uint8_t *f = from;
  if (!(((uintptr_t)t | (uintptr_t)f) & 7))
    for (; n >= 8; n -= 8, t += 8, f += 8) *(uint64_t *)(void *)t = *(const uint64_t *)(const void *)f;
  while (n--) *t++ = *f++;
  return to;
}

void *memmove(void *to, const void *from, size_t n) {
  uint8_t *t = to;
  const uint8_t *f = from;
  if (t <= f || t >= f + n) return memcpy(to, from, n);
  while (n--) t[n] = f[n];
  return to;
}

void *memset(void *to, int byte, size_t n) {
  uint8_t *t = to;
  uint64_t word = (uint8_t)byte * 0x0101010101010101ull;
  if (!((uintptr_t)t & 7))
    for (; n >= 8; n -= 8, t += 8) *(uint64_t *)(void *)t = word;
  while (n--) *t++ = (uint8_t)byte;
  return to;
}

int memcmp(const void *a, const void *b, size_t n) {
  const uint8_t *x = a, *y = b;
  for (; n; n--, x++, y++)
    if (*x != *y) return *x - *y;
  return 0;
}

size_t strlen(const char *s) {
  size_t n = 0;
  while (s[n]) n++;
  return n;
}

int strcmp(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return (uint8_t)*a - (uint8_t)*b;
}

int strncmp(const char *a, const char *b, size_t n) {
  for (; n && *a && *a == *b; n--) a++, b++;
  return n ? (uint8_t)*a - (uint8_t)*b : 0;
}
