// memory.c: mmap and its kin on regions. Anonymous memory comes with its first touch; a mapped file is a copy of its
// bytes.
#include "posix.h"

enum : uint64_t { FLAG_FIXED = 0x10, FLAG_ANONYMOUS = 0x20, FLAG_FIXED_NOREPLACE = 0x100000, REMAP_MAYMOVE = 1 };
enum { DONTNEED = 4 };

static uint64_t round_up(uint64_t size) { return (size + EXO_PAGE - 1) & ~(uint64_t)(EXO_PAGE - 1); }
static bool inside(uint64_t at, uint64_t size) {
  return at % EXO_PAGE == 0 && size && at >= OS_HEAP && at < OS_HEAP_END && size <= OS_HEAP_END - at;
}
// Linux's protection bits are the contract's; what is writable is readable too.
static uint64_t prot_of(uint64_t prot) { return prot & 6 ? (prot & 7) | EXO_READ : prot & 1; }

static long add(uint64_t at, uint64_t size, uint64_t prot) {
  exo_result r =
      os_region_add((struct os_region){.start = at, .end = at + size, .prot = prot, .pager = &os_pager_zero});
  return r < 0 ? -ENOMEM : (long)at;
}

long memory_map(uint64_t at, uint64_t size, uint64_t prot, uint64_t flags, long fd, uint64_t offset) {
  uint64_t length = round_up(size), p = prot_of(prot);
  struct file *f = flags & FLAG_ANONYMOUS ? nullptr : file_of(fd);
  if (!length || length < size) return -EINVAL;
  if (p & EXO_WRITE && p & EXO_EXEC) return -EACCES;
  if (!(flags & FLAG_ANONYMOUS) && (!f || offset % EXO_PAGE)) return f ? -EINVAL : -EBADF;
  if (flags & (FLAG_FIXED | FLAG_FIXED_NOREPLACE)) {
    if (!inside(at, length)) return -ENOMEM;
    if (flags & FLAG_FIXED_NOREPLACE && os_region_find(at)) return -EEXIST;
    if (os_region_remove(at, at + length) < 0) return -ENOMEM;
  } else if (!(at = os_region_gap(length))) {
    return -ENOMEM;
  }
  long r = add(at, length, f ? EXO_READ | EXO_WRITE : p);
  if (r < 0 || !f) return r;
  long n = file_read(f, offset, (void *)at, size);
  if (n >= 0 && os_region_protect(at, at + length, p) == EXO_OK) return r;
  (void)os_region_remove(at, at + length);
  return n < 0 ? n : -EACCES;
}

long memory_unmap(uint64_t at, uint64_t size) {
  uint64_t length = round_up(size);
  if (!inside(at, length)) return -EINVAL;
  return os_region_remove(at, at + length) < 0 ? -ENOMEM : 0;
}

long memory_protect(uint64_t at, uint64_t size, uint64_t prot) {
  uint64_t length = round_up(size), p = prot_of(prot);
  if (!length) return 0;
  if (!inside(at, length)) return -EINVAL;
  if (p & EXO_WRITE && p & EXO_EXEC) return -EACCES;
  exo_result r = os_region_protect(at, at + length, p);
  return r == EXO_OK ? 0 : r == EXO_W_XOR_X || r == EXO_DENIED ? -EACCES : -ENOMEM;
}

long memory_remap(uint64_t at, uint64_t old, uint64_t size, uint64_t flags) {
  old = round_up(old);
  size = round_up(size);
  if (!inside(at, old) || !size || flags & ~REMAP_MAYMOVE) return -EINVAL;
  const struct os_region *r = os_region_find(at);
  if (!r) return -EINVAL;
  uint64_t prot = r->prot;
  if (size <= old) {
    if (size < old) (void)os_region_remove(at + size, at + old);
    return (long)at;
  }
  if (inside(at, size) && add(at + old, size - old, prot) > 0) return (long)at;
  if (!(flags & REMAP_MAYMOVE)) return -ENOMEM;
  uint64_t to = os_region_gap(size);
  if (!to || add(to, size, EXO_READ | EXO_WRITE) < 0) return -ENOMEM;
  memcpy((void *)to, (const void *)at, old);
  (void)os_region_remove(at, at + old);
  if (prot != (EXO_READ | EXO_WRITE)) (void)os_region_protect(to, to + size, prot);
  return (long)to;
}

long memory_advise(uint64_t at, uint64_t size, long how) {
  uint64_t length = round_up(size);
  if (!inside(at, length)) return length ? -EINVAL : 0;
  if (how == DONTNEED) os_unmap(at, at + length, true); // the next touch finds zeros
  return 0;
}
