// traps.c: what takes the place of the objects of musl that hold trap instructions. One thread, no signals, no fork
// yet.
#include <stddef.h>

enum { ENOSYS = 38 };
long __libos_syscall(long number, long a, long b, long c, long d, long e, long f);
[[gnu::weak]] long __cancel(void); // musl's, if anything cancels
int *__errno_location(void);

// Cancellation points: with a function for a trap there is no instruction range to compare a pc with.
const char __cp_begin[1] = {0}, __cp_end[1] = {0}, __cp_cancel[1] = {0};
long __syscall_cp_asm(volatile int *cancel, long n, long a, long b, long c, long d, long e, long f);
long __syscall_cp_asm(volatile int *cancel, long n, long a, long b, long c, long d, long e, long f) {
  return *cancel && __cancel ? __cancel() : __libos_syscall(n, a, b, c, d, e, f);
}

int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);
int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...) {
  (void)function;
  (void)stack;
  (void)flags;
  (void)argument;
  return -ENOSYS;
}

int vfork(void);
int vfork(void) {
  *__errno_location() = ENOSYS;
  return -1;
}

// Never reached: no second thread ends, no signal handler returns.
[[noreturn]] void __unmapself(void *base, size_t size);
void __unmapself(void *base, size_t size) {
  (void)base;
  (void)size;
  __builtin_trap();
}
[[noreturn]] void __restore(void);
void __restore(void) { __builtin_trap(); }
[[noreturn]] void __restore_rt(void);
void __restore_rt(void) { __builtin_trap(); }
