// archive.c: the boot archive, mapped on demand. It came from outside: every number is checked before it is used.
#include <os/file.h>

static bool sane(const struct exo_archive *a, uint64_t bytes) {
  if (a->magic != EXO_ARCHIVE_MAGIC || a->size > bytes || a->count > EXO_ARCHIVE_ENTRIES) return false;
  if (sizeof *a + a->count * sizeof a->entry[0] > bytes) return false;
  for (uint64_t i = 0; i < a->count; i++) {
    const struct exo_archive_entry *e = &a->entry[i];
    if (e->offset % EXO_PAGE || e->offset > bytes || e->size > bytes - e->offset) return false;
    if (e->name[EXO_ARCHIVE_NAME - 1]) return false;
  }
  return true;
}

const struct exo_archive *os_archive(void) {
  static int checked; // 0: not yet, 1: good, -1: none
  const struct exo_archive *a = (const struct exo_archive *)OS_ARCHIVE;
  uint64_t bytes = os_self.machine->archive_bytes;
  if (!checked) checked = bytes >= sizeof *a && sane(a, bytes) ? 1 : -1;
  return checked > 0 ? a : nullptr;
}

const struct exo_archive_entry *os_archive_find(const char *name) {
  const struct exo_archive *a = os_archive();
  uint64_t from = 0, to = a ? a->count : 0;
  while (from < to) {
    uint64_t mid = (from + to) / 2;
    int order = strcmp(a->entry[mid].name, name);
    if (!order) return &a->entry[mid];
    if (order < 0)
      from = mid + 1;
    else
      to = mid;
  }
  return nullptr;
}

const void *os_archive_data(const struct exo_archive_entry *entry) {
  return (const uint8_t *)OS_ARCHIVE + entry->offset;
}

exo_frame os_archive_frame(const struct exo_archive_entry *entry) {
  return os_self.machine->archive_frame + entry->offset / EXO_PAGE;
}
