// build.h: a child under construction, shared by build.c and spawn.c. Functions answer 0 or false when something was
// refused; `why` says what.
#pragma once
#include <os/file.h>
#include <os/start.h>

struct build {
  exo_env env;
  exo_name name;
  struct os_start *start; // the library's copy of what the child will read
  exo_result why;
};
exo_frame build_frame(struct build *b);                              // a zero frame on the child's account
exo_frame build_root(struct build *b);                               // its root table
exo_frame build_table(struct build *b, uint64_t va, uint64_t level); // a table for an address, linked if missing
bool build_map(struct build *b, uint64_t va, exo_slot slot, exo_frame frame, uint64_t prot);
exo_frame build_page(struct build *b, uint64_t va, uint64_t prot, const void *bytes, uint64_t size);
bool build_image(struct build *b, const struct exo_archive_entry *file, uint64_t *entry);
