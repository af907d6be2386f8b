// number.h: Linux's system-call numbers of this machine, as its C library uses them. Calls that it does not have get
// numbers below 0, which nobody uses.
#pragma once
#include <stdint.h>

enum : long {
  N_read = 0,
  N_write = 1,
  N_open = 2,
  N_openat = 257,
  N_close = 3,
  N_stat = 4,
  N_lstat = 6,
  N_fstat = 5,
  N_newfstatat = 262,
  N_lseek = 8,
  N_mmap = 9,
  N_munmap = 11,
  N_mremap = 25,
  N_mprotect = 10,
  N_madvise = 28,
  N_brk = 12,
  N_ioctl = 16,
  N_readv = 19,
  N_writev = 20,
  N_pread64 = 17,
  N_pwrite64 = 18,
  N_access = 21,
  N_faccessat = 269,
  N_dup = 32,
  N_dup2 = 33,
  N_dup3 = 292,
  N_fcntl = 72,
  N_getdents64 = 217,
  N_getcwd = 79,
  N_chdir = 80,
  N_rename = 82,
  N_renameat = 264,
  N_renameat2 = 316,
  N_mkdir = 83,
  N_mkdirat = 258,
  N_rmdir = 84,
  N_unlink = 87,
  N_unlinkat = 263,
  N_readlink = 89,
  N_readlinkat = 267,
  N_getpid = 39,
  N_gettid = 186,
  N_getppid = 110,
  N_getuid = 102,
  N_geteuid = 107,
  N_getgid = 104,
  N_getegid = 108,
  N_exit = 60,
  N_exit_group = 231,
  N_set_tid_address = 218,
  N_arch_prctl = 158,
  N_rt_sigaction = 13,
  N_rt_sigprocmask = 14,
  N_sigaltstack = 131,
  N_nanosleep = 35,
  N_clock_nanosleep = 230,
  N_clock_gettime = 228,
  N_clock_getres = 229,
  N_gettimeofday = 96,
  N_time = 201,
  N_getrandom = 318,
  N_uname = 63,
  N_ftruncate = 77,
  N_fsync = 74,
  N_fdatasync = 75,
  N_umask = 95,
  N_set_robust_list = 273,
  N_kill = 62,
  N_tkill = 200,
  N_tgkill = 234,
  N_sched_yield = 24,
  N_membarrier = 324,
};

// What fstat fills, as the C library of this machine expects it.
struct linux_stat {
  uint64_t device, node, links;
  uint32_t mode, user, group, pad0;
  uint64_t special;
  int64_t size, block_size, blocks;
  int64_t access_s, access_ns, change_s, change_ns, status_s, status_ns;
  int64_t unused[3];
};
static_assert(sizeof(struct linux_stat) == 144);
