// io.c: reading, writing, seeking, listing.
#include "posix.h"

static long copy_out(void *to, uint64_t size, const void *data, uint64_t length, uint64_t offset) {
  uint64_t n = offset >= length ? 0 : length - offset < size ? length - offset : size;
  if (n) memcpy(to, (const uint8_t *)data + offset, n);
  return (long)n;
}

long file_read(struct file *f, uint64_t offset, void *to, uint64_t size) {
  switch (f->kind) {
  case KIND_CONSOLE: return tty_read(to, size);
  case KIND_NODE: return copy_out(to, size, f->node->data, f->node->size, offset);
  case KIND_ENTRY: return copy_out(to, size, os_archive_data(f->entry), f->entry->size, offset);
  case KIND_TEXT: return copy_out(to, size, f->text, f->size, offset);
  case KIND_NULL: return 0;
  case KIND_FOLDER: return -EISDIR;
  default: return -EBADF;
  }
}

long file_write(struct file *f, uint64_t offset, const void *from, uint64_t size) {
  switch (f->kind) {
  case KIND_CONSOLE: return os_console_write(from, size) < 0 ? -EIO : (long)size;
  case KIND_NODE: {
    long n = os_ramfs_write(f->node, offset, from, size);
    return n == -ENOMEM ? -ENOSPC : n;
  }
  case KIND_NULL: return (long)size;
  default: return -EBADF;
  }
}

long io_read(long fd, void *to, uint64_t size) {
  struct file *f = file_of(fd);
  if (!f || (f->flags & O_ACCESS) == O_WRITE) return -EBADF;
  long n = file_read(f, f->offset, to, size);
  if (n > 0) f->offset += (uint64_t)n;
  return n;
}

long io_write(long fd, const void *from, uint64_t size) {
  struct file *f = file_of(fd);
  if (!f || !(f->flags & O_ACCESS)) return -EBADF;
  if (f->kind == KIND_NODE && f->flags & O_APPEND) f->offset = f->node->size;
  long n = file_write(f, f->offset, from, size);
  if (n > 0) f->offset += (uint64_t)n;
  return n;
}

static uint64_t size_of(const struct file *f) {
  return f->kind == KIND_NODE ? f->node->size : f->kind == KIND_ENTRY ? f->entry->size : f->size;
}

long io_seek(long fd, long offset, long whence) {
  struct file *f = file_of(fd);
  if (!f) return -EBADF;
  if (f->kind == KIND_CONSOLE) return -ESPIPE;
  int64_t base = whence == 0 ? 0 : whence == 1 ? (int64_t)f->offset : whence == 2 ? (int64_t)size_of(f) : -1;
  if (base < 0 || base + offset < 0) return -EINVAL;
  f->offset = (uint64_t)(base + offset);
  return (long)f->offset;
}

long io_truncate(long fd, uint64_t size) {
  struct file *f = file_of(fd);
  if (!f || !(f->flags & O_ACCESS)) return -EBADF;
  if (f->kind != KIND_NODE) return -EINVAL;
  return os_ramfs_resize(f->node, size) < 0 ? -ENOSPC : 0;
}

// Linux's struct linux_dirent64: node number, offset of the next, length of this, type, name.
static uint64_t put_entry(uint8_t *to, uint64_t room, const char *name, uint64_t length, bool folder, uint64_t next) {
  enum { HEAD = 19, FOLDER = 4, REGULAR = 8 };
  uint64_t size = (HEAD + length + 1 + 7) & ~7ull, number = next + 1;
  if (size > room) return 0;
  memset(to, 0, size);
  memcpy(to, &number, 8);
  memcpy(to + 8, &next, 8);
  memcpy(to + 16, &(uint16_t){(uint16_t)size}, 2);
  to[18] = folder ? FOLDER : REGULAR;
  memcpy(to + HEAD, name, length);
  return size;
}

// The listing was made when the folder was opened; the offset counts its bytes.
long io_entries(long fd, uint8_t *to, uint64_t size) {
  struct file *f = file_of(fd);
  if (!f) return -EBADF;
  if (f->kind != KIND_FOLDER) return -ENOTDIR;
  uint64_t used = 0;
  while (f->offset < f->size) {
    const char *line = f->text + f->offset;
    uint64_t length = 0;
    while (line[length] != '\n') length++;
    bool folder = length && line[length - 1] == '/';
    uint64_t n = put_entry(to + used, size - used, line, length - folder, folder, f->offset + length + 1);
    if (!n) break;
    used += n;
    f->offset += length + 1;
  }
  return used || f->offset >= f->size ? (long)used : -EINVAL;
}
