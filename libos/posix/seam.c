// seam.c: the one function in which every system call of the C library arrives.
#include "posix.h"

enum { TIOCGWINSZ = 0x5413, TID = 1 };
long __libos_syscall(long number, long a, long b, long c, long d, long e, long f);

struct vector {
  void *base;
  uint64_t length;
};

static long vectors(long fd, const struct vector *v, long count, bool write) {
  long total = 0;
  for (long i = 0; i < count; i++) {
    if (!v[i].length) continue;
    long n = write ? io_write(fd, v[i].base, v[i].length) : io_read(fd, v[i].base, v[i].length);
    if (n < 0) return total ? total : n;
    total += n;
    if ((uint64_t)n < v[i].length) break;
  }
  return total;
}

static long at_offset(long fd, void *bytes, uint64_t size, uint64_t offset, bool write) {
  struct file *f = file_of(fd);
  if (!f) return -EBADF;
  return write ? file_write(f, offset, bytes, size) : file_read(f, offset, bytes, size);
}

// Paths relative to an open folder are not supported: everything the C library itself needs is relative to the current
// one.
static bool from_here(long fd, const char *path) { return (int)fd == AT_FDCWD || path[0] == '/'; }

static long window_size(long fd, uint16_t size[4]) {
  const struct file *f = file_of(fd);
  if (!f) return -EBADF;
  if (f->kind != KIND_CONSOLE || !tty_is_terminal()) return -ENOTTY;
  memcpy(size, (uint16_t[4]){24, 80, 0, 0}, 8);
  return 0;
}

static long stat_at(long fd, const char *path, struct linux_stat *to) {
  if (!*path) return file_stat(fd, to);
  return from_here(fd, path) ? path_stat(path, to) : -ENOSYS;
}

static long names(long number, long a, long b, long c, long d) {
  switch (number) {
  case N_open: return file_open((const char *)a, b);
  case N_openat: return from_here(a, (const char *)b) ? file_open((const char *)b, c) : -ENOSYS;
  case N_stat:
  case N_lstat: return path_stat((const char *)a, (struct linux_stat *)b);
  case N_newfstatat: return stat_at(a, (const char *)b, (struct linux_stat *)c);
  case N_access: return path_access((const char *)a, b);
  case N_faccessat: return from_here(a, (const char *)b) ? path_access((const char *)b, c) : -ENOSYS;
  case N_mkdir: return path_mkdir((const char *)a);
  case N_mkdirat: return from_here(a, (const char *)b) ? path_mkdir((const char *)b) : -ENOSYS;
  case N_unlink: return path_remove((const char *)a, false);
  case N_rmdir: return path_remove((const char *)a, true);
  case N_unlinkat: return from_here(a, (const char *)b) ? path_remove((const char *)b, c & 0x200) : -ENOSYS;
  case N_rename: return path_rename((const char *)a, (const char *)b);
  case N_renameat:
  case N_renameat2:
    return from_here(a, (const char *)b) && from_here(c, (const char *)d)
               ? path_rename((const char *)b, (const char *)d)
               : -ENOSYS;
  case N_chdir: return path_chdir((const char *)a);
  case N_getcwd: return path_getcwd((char *)a, (uint64_t)b);
  case N_readlink:
  case N_readlinkat: return -EINVAL; // there are no links
  default: return -ENOSYS;
  }
}

static long files(long number, long a, long b, long c, long d) {
  switch (number) {
  case N_read: return io_read(a, (void *)b, (uint64_t)c);
  case N_write: return io_write(a, (const void *)b, (uint64_t)c);
  case N_readv: return vectors(a, (const struct vector *)b, c, false);
  case N_writev: return vectors(a, (const struct vector *)b, c, true);
  case N_pread64: return at_offset(a, (void *)b, (uint64_t)c, (uint64_t)d, false);
  case N_pwrite64: return at_offset(a, (void *)b, (uint64_t)c, (uint64_t)d, true);
  case N_close: return file_close(a);
  case N_fstat: return file_stat(a, (struct linux_stat *)b);
  case N_lseek: return io_seek(a, b, c);
  case N_ftruncate: return io_truncate(a, (uint64_t)b);
  case N_fsync:
  case N_fdatasync: return file_of(a) ? 0 : -EBADF;
  case N_getdents64: return io_entries(a, (uint8_t *)b, (uint64_t)c);
  case N_dup: return file_dup(a, 0, -1);
  case N_dup2:
  case N_dup3: return file_dup(a, 0, b < 0 ? FILES : b);
  case N_fcntl: return file_fcntl(a, b, c);
  case N_ioctl: return b == TIOCGWINSZ ? window_size(a, (uint16_t *)c) : file_of(a) ? -ENOTTY : -EBADF;
  default: return names(number, a, b, c, d);
  }
}

static long times(long number, long a, long b, long c, long d) {
  switch (number) {
  case N_clock_gettime: return time_get(a, (struct linux_time *)b);
  case N_clock_getres: return b ? (*(struct linux_time *)b = (struct linux_time){0, 1}, 0) : 0;
  case N_gettimeofday: {
    struct linux_time *t = (struct linux_time *)a;
    long r = time_get(0, t);
    t->ns /= 1000;
    return r;
  }
  case N_time: return (long)os_wall_seconds();
  case N_nanosleep: return time_sleep((const struct linux_time *)a, false, 1);
  case N_clock_nanosleep: return time_sleep((const struct linux_time *)c, b & 1, a);
  default: return files(number, a, b, c, d);
  }
}

// The environment is the process; there is one thread; signals are neither sent nor caught, but the fatal ones to
// oneself.
static long process(long number, long a, long b, long c, long d) {
  switch (number) {
  case N_exit:
  case N_exit_group: os_exit((int)a);
  case N_kill:
  case N_tkill:
    if (!b) return 0;
    os_exit(128 + (int)b);
  case N_tgkill:
    if (!c) return 0;
    os_exit(128 + (int)c);
  case N_getpid:
  case N_gettid:
  case N_set_tid_address: return TID;
  case N_getppid:
  case N_getuid:
  case N_geteuid:
  case N_getgid:
  case N_getegid:
  case N_rt_sigaction:
  case N_rt_sigprocmask:
  case N_sigaltstack:
  case N_set_robust_list:
  case N_membarrier: return 0;
  case N_umask: return 022;
  case N_sched_yield: os_yield(0, 0); return 0;
  case N_uname: return time_uname((char *)a);
  case N_getrandom: return time_random((uint8_t *)a, (uint64_t)b);
  default: return times(number, a, b, c, d);
  }
}

static long served(long number, long a, long b, long c, long d, long e, long f) {
  switch (number) {
  case N_mmap: return memory_map((uint64_t)a, (uint64_t)b, (uint64_t)c, (uint64_t)d, (int)e, (uint64_t)f);
  case N_munmap: return memory_unmap((uint64_t)a, (uint64_t)b);
  case N_mprotect: return memory_protect((uint64_t)a, (uint64_t)b, (uint64_t)c);
  case N_mremap: return memory_remap((uint64_t)a, (uint64_t)b, (uint64_t)c, (uint64_t)d);
  case N_madvise: return memory_advise((uint64_t)a, (uint64_t)b, c);
  default: return process(number, a, b, c, d);
  }
}

long __libos_syscall(long number, long a, long b, long c, long d, long e, long f) {
  os_trace(EXO_MARK_POSIX, (uint64_t)number);
  long result = served(number, a, b, c, d, e, f);
  os_trace(EXO_MARK_END, 0);
  return result;
}
