// archive.h: the boot archive: page-aligned files behind one directory, so that program images map straight from it.
//
// Layout: struct exo_archive, then `count` entries, then the files, each at a multiple of 4096 from the start and
// padded with zeros to the next. Names are paths without a leading slash ("init", "lib/x.lua"), unique, sorted by
// strcmp. Written by tools/pack.c; read by the loader (the entry "init" is the first program) and by the library.
#pragma once
#include <stdint.h>

#define EXO_ARCHIVE_MAGIC 0x3176696863726156ull // "Varchiv1"
enum { EXO_ARCHIVE_NAME = 232, EXO_ARCHIVE_ENTRIES = 65536 };

struct exo_archive_entry {
  char name[EXO_ARCHIVE_NAME]; // zero-terminated
  uint64_t offset;             // from the archive's start, multiple of 4096
  uint64_t size;               // bytes
  uint64_t time;               // modification, seconds since 1970
};

struct exo_archive {
  uint64_t magic;
  uint64_t count; // entries
  uint64_t size;  // bytes of the whole archive, multiple of 4096
  uint64_t reserved;
  struct exo_archive_entry entry[];
};
static_assert(sizeof(struct exo_archive_entry) == 256);
