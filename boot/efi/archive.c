// archive.c: checks the boot archive once, from the first byte to the last, so that nobody behind needs to. Pure.
#include "loader.h"
#include <string.h>

static fault check_entry(const struct exo_archive *a, uint64_t i, uint64_t *end) {
  const struct exo_archive_entry *e = &a->entry[i];
  if (!memchr(e->name, 0, EXO_ARCHIVE_NAME)) return "a name in the archive has no end";
  if (!e->name[0] || e->name[0] == '/') return "a name in the archive is empty or begins with a slash";
  if (i && strcmp(a->entry[i - 1].name, e->name) >= 0) return "the names in the archive are not sorted";
  if (e->offset % EXO_PAGE || e->offset < *end) return "a file in the archive is not page-aligned or overlaps another";
  if (e->offset > a->size || e->size > a->size - e->offset) return "a file lies behind the end of the archive";
  *end = e->offset + frames_of(e->size) * EXO_PAGE;
  return nullptr;
}

fault archive_check(const void *archive, size_t size) {
  const struct exo_archive *a = archive;
  if (size < sizeof *a) return "truncated: shorter than its header";
  if (a->magic != EXO_ARCHIVE_MAGIC) return "not a boot archive: bad magic number";
  if (a->size != size || size % EXO_PAGE) return "truncated: its header tells another size";
  if (a->count > EXO_ARCHIVE_ENTRIES || a->count > (size - sizeof *a) / sizeof a->entry[0])
    return "more entries than it has room for";
  uint64_t end = sizeof *a + a->count * sizeof a->entry[0];
  for (uint64_t i = 0; i < a->count; i++) {
    fault f = check_entry(a, i, &end);
    if (f) return f;
  }
  return nullptr;
}

const struct exo_archive_entry *archive_find(const void *checked, const char *name) {
  const struct exo_archive *a = checked;
  for (uint64_t i = 0; i < a->count; i++)
    if (strcmp(a->entry[i].name, name) == 0) return &a->entry[i];
  return nullptr;
}
