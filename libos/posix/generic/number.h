// number.h: Linux's system-call numbers of AArch64, RISC-V and all newer machines. Calls that they do not have get
// numbers below 0, which nobody uses.
#pragma once
#include <stdint.h>

enum : long {
  N_read = 63,
  N_write = 64,
  N_open = -1,
  N_openat = 56,
  N_close = 57,
  N_stat = -2,
  N_lstat = -3,
  N_fstat = 80,
  N_newfstatat = 79,
  N_lseek = 62,
  N_mmap = 222,
  N_munmap = 215,
  N_mremap = 216,
  N_mprotect = 226,
  N_madvise = 233,
  N_brk = 214,
  N_ioctl = 29,
  N_readv = 65,
  N_writev = 66,
  N_pread64 = 67,
  N_pwrite64 = 68,
  N_access = -4,
  N_faccessat = 48,
  N_dup = 23,
  N_dup2 = -5,
  N_dup3 = 24,
  N_fcntl = 25,
  N_getdents64 = 61,
  N_getcwd = 17,
  N_chdir = 49,
  N_rename = -6,
  N_renameat = 38,
  N_renameat2 = 276,
  N_mkdir = -7,
  N_mkdirat = 34,
  N_rmdir = -8,
  N_unlink = -9,
  N_unlinkat = 35,
  N_readlink = -10,
  N_readlinkat = 78,
  N_getpid = 172,
  N_gettid = 178,
  N_getppid = 173,
  N_getuid = 174,
  N_geteuid = 175,
  N_getgid = 176,
  N_getegid = 177,
  N_exit = 93,
  N_exit_group = 94,
  N_set_tid_address = 96,
  N_arch_prctl = -11,
  N_rt_sigaction = 134,
  N_rt_sigprocmask = 135,
  N_sigaltstack = 132,
  N_nanosleep = 101,
  N_clock_nanosleep = 115,
  N_clock_gettime = 113,
  N_clock_getres = 114,
  N_gettimeofday = 169,
  N_time = -12,
  N_getrandom = 278,
  N_uname = 160,
  N_ftruncate = 46,
  N_fsync = 82,
  N_fdatasync = 83,
  N_umask = 166,
  N_set_robust_list = 99,
  N_kill = 129,
  N_tkill = 130,
  N_tgkill = 131,
  N_sched_yield = 124,
  N_membarrier = 283,
};

// What fstat fills, as the C library of this machine expects it.
struct linux_stat {
  uint64_t device, node;
  uint32_t mode, links, user, group;
  uint64_t special, pad0;
  int64_t size;
  int32_t block_size, pad1;
  int64_t blocks;
  int64_t access_s, access_ns, change_s, change_ns, status_s, status_ns;
  uint32_t unused[2];
};
static_assert(sizeof(struct linux_stat) == 128);
