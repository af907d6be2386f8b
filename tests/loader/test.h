// test.h: what the parsers' tests share. A failed check ends the program with its place.
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "loader.h"

#define WANT(condition)                                                                                                \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                                           \
      exit(1);                                                                                                         \
    }                                                                                                                  \
  } while (0)
static inline bool says(fault f, const char *words) { return f && strstr(f, words); }

// A copy that ends where the heap block ends: the sanitizer sees one byte too far.
static inline void *exact(const void *bytes, size_t size) {
  void *copy = malloc(size ? size : 1);
  return memcpy(copy, bytes, size);
}
uint32_t test_random(void);

int main(int argc, char **argv); // by another name where libFuzzer has it
void map_test(void);
void elf_test(void);
void archive_test(void);
void acpi_test(void);
void fdt_test(void);
// Each reads any bytes and checks what must be true of what was accepted.
void parse_map(const void *input, size_t size), parse_elf(const void *input, size_t size);
void parse_archive(const void *input, size_t size), parse_fdt(const void *input, size_t size);
void parse_acpi(const void *input, size_t size), parse_acpi_summed(const void *input, size_t size);
// The parser must bear any bytes: called with damaged copies of a good input, cut short or with some bytes changed.
typedef void (*parser)(const void *input, size_t size);
void test_damage(const void *good, size_t size, parser parse, int rounds);
