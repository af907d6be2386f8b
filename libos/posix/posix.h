// posix.h: the files of the POSIX layer among themselves: Linux's system calls as C functions. Results: 0 or more, or a
// Linux error number below 0. Pointers come from the program and are used as they are: a wild one is the program's
// fault.
#pragma once
#include <os/file.h>
#include <os/mem.h>
#include <number.h>

enum { // Linux error numbers
  EPERM = 1,
  ENOENT = 2,
  EIO = 5,
  EBADF = 9,
  EAGAIN = 11,
  ENOMEM = 12,
  EACCES = 13,
  EBUSY = 16,
  EEXIST = 17,
  ENOTDIR = 20,
  EISDIR = 21,
  EINVAL = 22,
  EMFILE = 24,
  ENOTTY = 25,
  EFBIG = 27,
  ENOSPC = 28,
  ESPIPE = 29,
  EROFS = 30,
  ERANGE = 34,
  ENAMETOOLONG = 36,
  ENOSYS = 38,
  ENOTEMPTY = 39,
};
enum : long { // flags of open
  O_ACCESS = 3,
  O_WRITE = 1,
  O_CREATE = 0x40,
  O_EXCLUSIVE = 0x80,
  O_TRUNCATE = 0x200,
  O_APPEND = 0x400,
  O_CLOEXEC = 0x80000,
};
enum { AT_FDCWD = -100, PATH_MAX = 512, FILES = 64 };

// --- path.c: names
enum file_kind : uint32_t { KIND_NONE, KIND_CONSOLE, KIND_NODE, KIND_ENTRY, KIND_TEXT, KIND_FOLDER, KIND_NULL };
struct place { // where a path leads
  char path[PATH_MAX];
  enum file_kind kind;                   // KIND_NONE: nothing there
  struct os_node *node, *folder;         // KIND_NODE and folders in memory; `folder`: where a new one would go
  const char *name;                      // in `folder`
  const struct exo_archive_entry *entry; // KIND_ENTRY
  bool read_only;                        // in the archive
};
long path_place(struct place *p, const char *path); // 0 or an error: too long
// The names in a folder, one a line, folders with a slash at the end. nullptr: no memory. Freed by os_free.
char *path_list(const struct place *p, uint64_t *size);
long path_stat(const char *path, struct linux_stat *to);
void stat_fill(struct linux_stat *to, enum file_kind kind, bool folder, uint64_t size, uint64_t time_s, uint64_t node);
long path_mkdir(const char *path), path_remove(const char *path, bool folder),
    path_rename(const char *from, const char *to);
long path_chdir(const char *path), path_getcwd(char *to, uint64_t size), path_access(const char *path, long mode);

// --- file.c: descriptors
struct file { // an open file: what several descriptors may share
  enum file_kind kind;
  uint32_t uses;
  long flags;
  uint64_t offset, size; // size: of KIND_TEXT and KIND_FOLDER
  struct os_node *node;
  const struct exo_archive_entry *entry;
  char *text;
};
struct file *file_of(long fd); // nullptr: not open
long file_open(const char *path, long flags), file_close(long fd), file_dup(long fd, long least, long exactly);
long file_fcntl(long fd, long command, long argument), file_stat(long fd, struct linux_stat *to);
long file_read(struct file *f, uint64_t offset, void *to, uint64_t size);
long file_write(struct file *f, uint64_t offset, const void *from, uint64_t size);
long io_read(long fd, void *to, uint64_t size), io_write(long fd, const void *from, uint64_t size);
long io_seek(long fd, long offset, long whence), io_truncate(long fd, uint64_t size);
long io_entries(long fd, uint8_t *to, uint64_t size); // getdents64

// --- tty.c: the console as a terminal: lines, echo, backspace, end of input
bool tty_is_terminal(void);
long tty_read(void *to, uint64_t size);
bool setting(const char *name); // "name 1" in the archive's `settings`

// --- memory.c
long memory_map(uint64_t at, uint64_t size, uint64_t prot, uint64_t flags, long fd, uint64_t offset);
long memory_unmap(uint64_t at, uint64_t size), memory_protect(uint64_t at, uint64_t size, uint64_t prot);
long memory_remap(uint64_t at, uint64_t old, uint64_t size, uint64_t flags),
    memory_advise(uint64_t at, uint64_t size, long how);

// --- time.c
struct linux_time {
  int64_t s, ns;
};
long time_get(long clock, struct linux_time *to), time_sleep(const struct linux_time *t, bool until, long clock);
long time_random(uint8_t *to, uint64_t size), time_uname(char *to);
