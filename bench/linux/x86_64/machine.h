// machine.h: Linux's system call on x86_64, and what its C library would know.
#pragma once
#include <number.h>

enum : long {
  N_mincore = 27,
  N_clone = 56,
  N_execve = 59,
  N_wait4 = 61,
  N_sysinfo = 99,
  N_sched_setscheduler = 144,
  N_mount = 165,
  N_reboot = 169,
  N_futex = 202,
  N_epoll_ctl = 233,
  N_mknodat = 259,
  N_epoll_pwait = 281,
  N_eventfd2 = 290,
  N_epoll_create1 = 291,
  N_userfaultfd = 323,
};
enum { LINUX_PC = 168, LINUX_RESTORER = 0x04000000 }; // where a handler's context has the program counter; a flag
enum { LINUX_RESULTS = 65 };                          // ttyS1

static inline long linux_call(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f) {
  long result;
  register uint64_t r10 __asm__("r10") = d;
  register uint64_t r8 __asm__("r8") = e;
  register uint64_t r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
