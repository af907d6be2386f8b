// file.c: descriptors, and what they share: open files.
#include "posix.h"

static struct file *table[FILES];
static struct file console = {.kind = KIND_CONSOLE, .uses = 4, .flags = 2}; // one use too many: never freed

static void open_standard(void) {
  static bool done;
  if (done) return;
  done = true;
  table[0] = table[1] = table[2] = &console;
}

struct file *file_of(long fd) {
  open_standard();
  return fd >= 0 && fd < FILES ? table[fd] : nullptr;
}

static long descriptor(struct file *f, long least) {
  open_standard();
  for (long fd = least < 0 ? 0 : least; fd < FILES; fd++)
    if (!table[fd]) {
      table[fd] = f;
      return fd;
    }
  return -EMFILE;
}

// Makes the file if it may; decides what opening it with these flags means. 0 or an error.
static long open_check(struct place *p, long flags) {
  bool write = flags & O_ACCESS;
  if (p->kind != KIND_NONE && flags & O_CREATE && flags & O_EXCLUSIVE) return -EEXIST;
  if (p->read_only && (write || (p->kind == KIND_NONE && flags & O_CREATE))) return -EROFS;
  if (p->kind == KIND_FOLDER && write) return -EISDIR;
  if (p->kind != KIND_NONE) return 0;
  if (!(flags & O_CREATE) || !p->folder) return -ENOENT;
  if (p->folder->kind != OS_NODE_FOLDER) return -ENOTDIR;
  p->node = os_ramfs_make(p->folder, p->name, OS_NODE_FILE);
  p->kind = KIND_NODE;
  return p->node ? 0 : -ENOSPC;
}

long file_open(const char *path, long flags) {
  struct place p;
  long r = path_place(&p, path);
  if (r == 0) r = open_check(&p, flags);
  if (r < 0) return r;
  struct file *f = os_alloc(sizeof *f);
  if (!f) return -ENOMEM;
  *f = (struct file){.kind = p.kind, .uses = 1, .flags = flags, .node = p.node, .entry = p.entry};
  if (p.kind == KIND_FOLDER || p.kind == KIND_TEXT) f->text = path_list(&p, &f->size);
  long fd = (p.kind == KIND_FOLDER || p.kind == KIND_TEXT) && !f->text ? -ENOMEM : descriptor(f, 0);
  if (fd < 0) {
    os_free(f->text);
    os_free(f);
    return fd;
  }
  if (f->node) f->node->opens++;
  if (f->kind == KIND_NODE && flags & O_TRUNCATE && flags & O_ACCESS) (void)os_ramfs_resize(f->node, 0);
  return fd;
}

long file_close(long fd) {
  struct file *f = file_of(fd);
  if (!f) return -EBADF;
  table[fd] = nullptr;
  if (--f->uses) return 0;
  if (f->node) {
    f->node->opens--;
    os_ramfs_release(f->node);
  }
  os_free(f->text);
  os_free(f);
  return 0;
}

long file_dup(long fd, long least, long exactly) {
  struct file *f = file_of(fd);
  if (!f) return -EBADF;
  if (exactly >= 0) {
    if (exactly >= FILES) return -EBADF;
    if (exactly == fd) return fd;
    if (table[exactly]) (void)file_close(exactly);
    least = exactly;
  }
  long to = descriptor(f, least);
  if (to >= 0) f->uses++;
  return to;
}

long file_fcntl(long fd, long command, long argument) {
  enum { DUPFD = 0, GETFD = 1, SETFD = 2, GETFL = 3, SETFL = 4, DUPFD_CLOEXEC = 1030 };
  struct file *f = file_of(fd);
  if (!f) return -EBADF;
  switch (command) {
  case DUPFD:
  case DUPFD_CLOEXEC: return file_dup(fd, argument, -1);
  case GETFD:
  case SETFD: return 0; // nothing is executed: close-on-exec has no effect
  case GETFL: return f->flags & ~(O_CREATE | O_EXCLUSIVE | O_TRUNCATE | O_CLOEXEC);
  case SETFL: f->flags = (f->flags & ~O_APPEND) | (argument & O_APPEND); return 0;
  default: return -EINVAL;
  }
}

long file_stat(long fd, struct linux_stat *to) {
  const struct file *f = file_of(fd);
  if (!f) return -EBADF;
  if (f->node)
    stat_fill(to, KIND_NODE, f->kind == KIND_FOLDER, f->node->size, f->node->time_s, f->node->number);
  else if (f->entry)
    stat_fill(to, KIND_ENTRY, false, f->entry->size, f->entry->time, f->entry->offset / EXO_PAGE);
  else
    stat_fill(to, f->kind, f->kind == KIND_FOLDER, f->kind == KIND_TEXT ? f->size : 0, os_wall_seconds(), 1);
  return 0;
}
