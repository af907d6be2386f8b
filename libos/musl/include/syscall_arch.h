// syscall_arch.h: stands before musl's own of this name on the include path, so that every system call musl makes from
// C is a call of one C function of the library OS (libos/posix/seam.c). No traps, and no vDSO lookup.
#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)
#define IPC_64 0

long __libos_syscall(long number, long a, long b, long c, long d, long e, long f);

static __inline long __syscall0(long n) { return __libos_syscall(n, 0, 0, 0, 0, 0, 0); }
static __inline long __syscall1(long n, long a) { return __libos_syscall(n, a, 0, 0, 0, 0, 0); }
static __inline long __syscall2(long n, long a, long b) { return __libos_syscall(n, a, b, 0, 0, 0, 0); }
static __inline long __syscall3(long n, long a, long b, long c) { return __libos_syscall(n, a, b, c, 0, 0, 0); }
static __inline long __syscall4(long n, long a, long b, long c, long d) { return __libos_syscall(n, a, b, c, d, 0, 0); }
static __inline long __syscall5(long n, long a, long b, long c, long d, long e) {
  return __libos_syscall(n, a, b, c, d, e, 0);
}
static __inline long __syscall6(long n, long a, long b, long c, long d, long e, long f) {
  return __libos_syscall(n, a, b, c, d, e, f);
}
