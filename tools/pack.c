// pack.c: writes the boot archive (exo/archive.h).
//
//   pack OUT NAME=PATH ... [PREFIX/=DIR ...]
//
// NAME=PATH puts one file in; PREFIX/=DIR all files below DIR, recursively, as PREFIX/relative/path ("/=DIR": without a
// prefix). Times come from SOURCE_DATE_EPOCH if set, else from the files. The same input gives the same bytes.
#define _GNU_SOURCE
#include <errno.h>
#include <fts.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <exo/archive.h>

enum { PAGE = 4096, DIR_MAX = 64 << 20 };

struct item {
  struct exo_archive_entry entry;
  char *path;
};
static struct item *items;
static uint64_t count;
static bool has_epoch;
static uint64_t epoch;

[[noreturn]] static void die(const char *subject, const char *what) {
  fprintf(stderr, "pack: %s: %s\n", subject, what);
  exit(1);
}

static uint64_t whole_pages(uint64_t bytes) { return (bytes + PAGE - 1) / PAGE * PAGE; }

static void add(const char *name, const char *path, const struct stat *st) {
  if (!S_ISREG(st->st_mode)) die(path, "not a regular file");
  if (!*name || *name == '/') die(path, "its name in the archive is empty or begins with a slash");
  if (strlen(name) >= EXO_ARCHIVE_NAME) die(name, "its name in the archive is longer than 231 bytes");
  if (count == EXO_ARCHIVE_ENTRIES) die(name, "more than 65536 files");
  if (count % 256 == 0 && !(items = realloc(items, (count + 256) * sizeof *items))) die(name, strerror(errno));
  struct item *item = &items[count++];
  *item = (struct item){.path = strdup(path)};
  strcpy(item->entry.name, name);
  item->entry.size = (uint64_t)st->st_size;
  item->entry.time = has_epoch ? epoch : (uint64_t)st->st_mtime;
}

// All files below `dir`; symbolic links are followed, as the archive has none.
static void add_directory(const char *prefix, char *dir) {
  char *const roots[] = {dir, nullptr};
  size_t skip = strlen(dir);
  uint64_t total = 0;
  FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, nullptr);
  if (!walk) die(dir, strerror(errno));
  for (FTSENT *e; (e = fts_read(walk));) {
    if (e->fts_info == FTS_DC) die(e->fts_path, "a symbolic link leads in a circle");
    if (e->fts_info == FTS_ERR || e->fts_info == FTS_DNR || e->fts_info == FTS_NS)
      die(e->fts_path, strerror(e->fts_errno));
    if (e->fts_info != FTS_F && e->fts_info != FTS_DEFAULT && e->fts_info != FTS_SLNONE) continue;
    if (e->fts_level == 0) die(dir, "not a directory");
    total += whole_pages((uint64_t)e->fts_statp->st_size);
    if (total > DIR_MAX) die(dir, "the directory holds more than 64 MiB, the limit for a boot archive");
    const char *below = e->fts_path + skip;
    while (*below == '/') below++;
    char *name;
    if (asprintf(&name, "%s%s", strcmp(prefix, "/") == 0 ? "" : prefix, below) < 0) die(dir, strerror(errno));
    add(name, e->fts_accpath, e->fts_statp);
    free(items[count - 1].path);
    items[count - 1].path = strdup(e->fts_path);
    free(name);
  }
  fts_close(walk);
}

static void add_argument(char *argument) {
  char *path = strchr(argument, '=');
  struct stat st;
  if (!path || path == argument) die(argument, "expected NAME=PATH or PREFIX/=DIR");
  *path++ = 0;
  if (stat(path, &st)) die(path, strerror(errno));
  if (path[-2] == '/')
    add_directory(argument, path);
  else
    add(argument, path, &st);
}

static int by_name(const void *a, const void *b) {
  const struct item *x = a, *y = b;
  return strcmp(x->entry.name, y->entry.name);
}

static void place(struct exo_archive *header) {
  uint64_t at = whole_pages(sizeof *header + count * sizeof(struct exo_archive_entry));
  if (count) qsort(items, count, sizeof *items, by_name);
  for (uint64_t i = 0; i < count; i++) {
    if (i && strcmp(items[i - 1].entry.name, items[i].entry.name) == 0) die(items[i].entry.name, "named twice");
    items[i].entry.offset = at;
    at += whole_pages(items[i].entry.size);
  }
  *header = (struct exo_archive){.magic = EXO_ARCHIVE_MAGIC, .count = count, .size = at};
}

static void put(FILE *out, const void *bytes, size_t size) {
  if (size && fwrite(bytes, size, 1, out) != 1) die("output", strerror(errno));
}

static void pad(FILE *out, uint64_t written) {
  static const char zero[PAGE];
  put(out, zero, whole_pages(written) - written);
}

static void copy(FILE *out, const struct item *item) {
  char buffer[65536];
  uint64_t left = item->entry.size;
  FILE *in = fopen(item->path, "rb");
  if (!in) die(item->path, strerror(errno));
  while (left) {
    size_t part = fread(buffer, 1, left < sizeof buffer ? left : sizeof buffer, in);
    if (!part) die(item->path, "it became shorter while it was read");
    put(out, buffer, part);
    left -= part;
  }
  fclose(in);
  pad(out, item->entry.size);
}

int main(int argc, char **argv) {
  const char *time = getenv("SOURCE_DATE_EPOCH");
  if (argc < 3) die("usage", "pack OUT NAME=PATH ... [PREFIX/=DIR ...]");
  if (time && *time) {
    char *end;
    epoch = strtoull(time, &end, 10);
    has_epoch = true;
    if (*end) die(time, "SOURCE_DATE_EPOCH is not a number");
  }
  for (int i = 2; i < argc; i++) add_argument(argv[i]);
  struct exo_archive header;
  place(&header);
  FILE *out = fopen(argv[1], "wb");
  if (!out) die(argv[1], strerror(errno));
  put(out, &header, sizeof header);
  for (uint64_t i = 0; i < count; i++) put(out, &items[i].entry, sizeof items[i].entry);
  pad(out, sizeof header + count * sizeof(struct exo_archive_entry));
  for (uint64_t i = 0; i < count; i++) copy(out, &items[i]);
  if (fclose(out)) die(argv[1], strerror(errno));
  return 0;
}
