// file.h: files: the boot archive (read-only) and the program's own memory file system.
#pragma once
#include <exo/archive.h>
#include <os/os.h>

// --- The boot archive, mapped on demand
const struct exo_archive *os_archive(void); // nullptr: there is none, or it is malformed
const struct exo_archive_entry *os_archive_find(const char *name);
const void *os_archive_data(const struct exo_archive_entry *entry);
// First frame of a file: files are page-aligned, so a program's image maps straight from it.
exo_frame os_archive_frame(const struct exo_archive_entry *entry);

// --- The memory file system: a tree of nodes
enum os_node_kind : uint32_t { OS_NODE_FILE = 1, OS_NODE_FOLDER = 2 };
struct os_node {
  struct os_node *parent, *next, *child; // next: the sibling; child: the first in a folder
  char *name;
  uint8_t *data;
  uint64_t size, room;
  uint64_t time_s;
  uint32_t kind, opens; // opens: open descriptors; an unlinked node lives until the last is closed
  uint64_t number;
};
// Results: 0 or a Linux error number below 0.
struct os_node *os_ramfs_root(void);
// Finds an absolute path ("." and ".." are resolved). nullptr: not there. `folder`, `name`: where it is or would be;
// the name points into `path`, whose end it is. nullptr folder: its parent does not exist.
struct os_node *os_ramfs_find(const char *path, struct os_node **folder, const char **name);
struct os_node *os_ramfs_make(struct os_node *folder, const char *name, uint32_t kind); // nullptr: no memory
int os_ramfs_remove(struct os_node *node);
int os_ramfs_rename(struct os_node *node, struct os_node *folder, const char *name);
int64_t os_ramfs_write(struct os_node *node, uint64_t offset, const void *bytes, uint64_t size);
int os_ramfs_resize(struct os_node *node, uint64_t size);
void os_ramfs_release(struct os_node *node); // after a close: frees it when it is unlinked and unused
// Makes an absolute, clean path of `path` relative to `cwd`. False: longer than `size`.
bool os_path_join(char *to, size_t size, const char *cwd, const char *path);
// Sends every file of the memory file system to the parent (env.h, OS_LINE_FILE).
void os_ramfs_send(void);
