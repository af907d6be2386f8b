// unfile RESULTS DIR: takes the files that a program wrote out of what the results port said, checks each against its
// checksum and puts it under DIR. A file is the line "FILE size crc32 path" and its bytes as hex, 64 a line.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static uint32_t crc32_add(uint32_t crc, unsigned char byte) {
  crc ^= byte;
  for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0xEDB88320u & -(crc & 1));
  return crc;
}

// A guest's path stays below DIR whatever it says.
static int path_is_safe(const char *path) {
  for (const char *p = path; *p;) {
    size_t n = strcspn(p, "/");
    if ((n == 2 && !strncmp(p, "..", 2)) || n == 0) return 0;
    p += n + (p[n] == '/');
  }
  return *path != 0;
}

static int make_folders(char *path) {
  for (char *p = path + 1; *p; p++) {
    if (*p != '/') continue;
    *p = 0;
    int failed = mkdir(path, 0777) != 0 && errno != EEXIST;
    *p = '/';
    if (failed) return -1;
  }
  return 0;
}

static int hex(int c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

// Copies `size` bytes of hex lines; returns 0 when all came and their checksum is `crc`.
static int copy(FILE *in, FILE *out, uint64_t size, uint32_t crc) {
  uint32_t sum = ~0u;
  for (uint64_t i = 0; i < size; i++) {
    int c;
    do c = getc(in);
    while (c == '\n' || c == '\r');
    int high = hex(c), low = high < 0 ? -1 : hex(getc(in));
    if (low < 0) return -1;
    unsigned char byte = (unsigned char)(high << 4 | low);
    sum = crc32_add(sum, byte);
    if (putc(byte, out) == EOF) return -1;
  }
  return ~sum == crc ? 0 : -1;
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: unfile RESULTS DIR\n"), 2;
  FILE *in = fopen(argv[1], "r");
  if (!in) return perror(argv[1]), 1;
  if (mkdir(argv[2], 0777) && errno != EEXIST) return perror(argv[2]), 1;
  char line[8192], path[8192 + 4096];
  unsigned count = 0, bad = 0;
  while (fgets(line, sizeof line, in)) {
    unsigned long long size;
    unsigned crc;
    int start = 0;
    if (sscanf(line, "FILE %llu %x %n", &size, &crc, &start) != 2 || !start) continue;
    char *name = line + start;
    name[strcspn(name, "\r\n")] = 0;
    while (*name == '/') name++;
    if (!path_is_safe(name) || snprintf(path, sizeof path, "%s/%s", argv[2], name) >= (int)sizeof path) {
      fprintf(stderr, "veridian: the path %s is not kept\n", name);
      bad++;
      continue;
    }
    FILE *out = make_folders(path) ? 0 : fopen(path, "wb");
    if (!out) {
      perror(path);
      bad++;
      continue;
    }
    int damaged = copy(in, out, size, crc);
    if (fclose(out) || damaged) {
      fprintf(stderr, "veridian: %s came back damaged and is removed\n", name);
      remove(path);
      bad++;
    } else
      count++;
  }
  fprintf(stderr, "veridian: %u written files are in %s\n", count, argv[2]);
  return bad ? 1 : 0;
}
