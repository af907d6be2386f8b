// lib.c: the C library's few functions that the compiler, libfdt and the loader call.
#include <string.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
  uint8_t *t = to;
  const uint8_t *f = from;
  if (((uintptr_t)t | (uintptr_t)f) % 8 == 0)
    for (; n >= 8; n -= 8, t += 8, f += 8) *(uint64_t *)(void *)t = *(const uint64_t *)(const void *)f;
  while (n--) *t++ = *f++;
  return to;
}

void *memmove(void *to, const void *from, size_t n) {
  uint8_t *t = to;
  const uint8_t *f = from;
  if (t <= f) return memcpy(to, from, n);
  while (n--) t[n] = f[n];
  return to;
}

void *memset(void *to, int byte, size_t n) {
  uint8_t *t = to;
  uint64_t word = (uint8_t)byte * 0x0101010101010101ull;
  if ((uintptr_t)t % 8 == 0)
    for (; n >= 8; n -= 8, t += 8) *(uint64_t *)(void *)t = word;
  while (n--) *t++ = (uint8_t)byte;
  return to;
}

int memcmp(const void *a, const void *b, size_t n) {
  const uint8_t *x = a, *y = b;
  for (; n--; x++, y++)
    if (*x != *y) return *x - *y;
  return 0;
}

void *memchr(const void *at, int byte, size_t n) {
  for (const uint8_t *p = at; n--; p++)
    if (*p == (uint8_t)byte) return (void *)(uintptr_t)p;
  return nullptr;
}

size_t strnlen(const char *s, size_t n) {
  size_t i = 0;
  while (i < n && s[i]) i++;
  return i;
}

size_t strlen(const char *s) { return strnlen(s, SIZE_MAX); }

int strcmp(const char *a, const char *b) {
  for (; *a && *a == *b; a++, b++) {
  }
  return (uint8_t)*a - (uint8_t)*b;
}

char *strchr(const char *s, int c) {
  for (;; s++) {
    if (*s == (char)c) return (char *)(uintptr_t)s;
    if (!*s) return nullptr;
  }
}

char *strrchr(const char *s, int c) {
  char *last = nullptr;
  for (;; s++) {
    if (*s == (char)c) last = (char *)(uintptr_t)s;
    if (!*s) return last;
  }
}
