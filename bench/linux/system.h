// system.h: the primitives of the benchmarks on Linux, by its system calls with no C library between. What is timed is
// in line; the rest is in linux.c.
#pragma once
#include <machine.h>

#define CALL_WORDS(n, a, b, c, d, e, f, ...)                                                                           \
  linux_call(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e), (uint64_t)(f))
#define LINUX(name, ...) CALL_WORDS(N_##name __VA_OPT__(, ) __VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

[[gnu::format(printf, 1, 2)]] void sys_print(const char *format, ...);
void sys_report(const char *name, uint64_t count, const char *unit);
void sys_effects(uint64_t failed);
extern uint64_t sys_process;
static inline bool sys_null_answered(uint64_t word, uint64_t answer) {
  (void)word;
  return answer == sys_process;
}

// --- A handler of faults: `static bool name(SYS_FAULT)`, a signal handler. (What it returns, nobody reads.)
struct linux_info {
  int signal, error, code, pad;
  uint64_t address;
};
#define SYS_FAULT                                                                                                      \
  [[maybe_unused]] int signal, [[maybe_unused]] struct linux_info *info, [[maybe_unused]] uint8_t *context
#define SYS_ADDRESS info->address
#define SYS_PC *(uint64_t *)(void *)(context + LINUX_PC)
void sys_on_fault(bool (*handler)(SYS_FAULT));

// --- Pages that the program holds, in one mapping
#define SYS_PLACE 0x100000000ull
enum { SYS_PAGES = 512 };
enum { LINUX_READ = 1, LINUX_WRITE = 2, LINUX_SHARED = 1, LINUX_PRIVATE = 2, LINUX_FIXED = 16, LINUX_ANON = 32 };
static inline volatile uint64_t *sys_page(uint64_t i) { return (volatile uint64_t *)(SYS_PLACE + i * EXO_PAGE); }
static inline bool linux_map(uint64_t i, uint64_t count, int prot) {
  return LINUX(mmap, sys_page(i), count * EXO_PAGE, prot, LINUX_PRIVATE | LINUX_ANON | LINUX_FIXED, -1, 0) > 0;
}
static inline bool linux_unmap(uint64_t i, uint64_t count) { return LINUX(munmap, sys_page(i), count * EXO_PAGE) == 0; }
bool sys_pages(uint64_t count); // mapped, to be written, and touched
static inline void sys_pages_end(void) { (void)linux_unmap(0, SYS_PAGES - 1); }
static inline bool sys_map(uint64_t i) { return linux_map(i, 1, LINUX_READ | LINUX_WRITE); }
static inline bool sys_unmap(uint64_t i) { return linux_unmap(i, 1); }
static inline bool sys_is_mapped(uint64_t i) {
  uint8_t resident;
  return LINUX(mincore, sys_page(i), EXO_PAGE, &resident) == 0;
}
static inline bool sys_protect(uint64_t from, uint64_t count, bool write) {
  return LINUX(mprotect, sys_page(from), count * EXO_PAGE, write ? LINUX_READ | LINUX_WRITE : LINUX_READ) == 0;
}
static inline bool sys_lock_scattered(const uint64_t *picked, uint64_t count) { // there is no call for many ranges
  bool ok = true;
  for (uint64_t i = 0; i < count; i++) ok &= sys_protect(picked[i], 1, false);
  return ok;
}

// Soft-dirty: bit 55 of a page's word in /proc/self/pagemap.
extern int linux_pagemap;
static inline bool sys_is_dirty(uint64_t i) {
  uint64_t entry = 0;
  (void)LINUX(pread64, linux_pagemap, &entry, sizeof entry, (uint64_t)sys_page(i) / EXO_PAGE * sizeof entry);
  return entry >> 55 & 1;
}
void sys_make_clean(uint64_t i);
bool sys_knows_dirty(void); // not on every machine

// --- Cleared memory from nothing, pages 0 to count, and back
static inline bool sys_fresh(uint64_t count) { return linux_map(0, count, LINUX_READ | LINUX_WRITE); }
static inline bool sys_fresh_end(uint64_t count) { return linux_unmap(0, count); }

// --- A region that is filled on demand, by small pages
uint64_t *sys_lazy(uint64_t bytes);
static inline void sys_lazy_end(volatile uint64_t *at, uint64_t bytes) { (void)LINUX(munmap, at, bytes); }
static inline bool sys_lazy_present(volatile uint64_t *at) {
  uint8_t resident = 0;
  return LINUX(mincore, (uint64_t)at & -EXO_PAGE, EXO_PAGE, &resident) == 0 && (resident & 1);
}
static inline void sys_lazy_forget(volatile uint64_t *at) {
  (void)LINUX(madvise, (uint64_t)at & -EXO_PAGE, EXO_PAGE, 4);
}

// --- A region whose pages the program supplies, each with value + 1 in word 3: by SIGSEGV and mprotect
static inline bool sys_supply_begin(uint64_t count) { return linux_map(0, count, 0); }
static inline bool sys_supply(uint64_t i, uint64_t value) {
  if (!sys_protect(i, 1, true)) return false;
  sys_page(i)[3] = value + 1;
  return true;
}
static inline bool sys_supply_forget(uint64_t i) { return linux_map(i, 1, 0); }
static inline void sys_supply_end(uint64_t count) { (void)linux_unmap(0, count); }

// --- Another process, which runs a role and shares a page with this one; both are real-time, of one priority
volatile uint64_t *sys_partner(const char *role);
void sys_partner_end(void);
extern volatile uint64_t *linux_shared; // words 8-11: a gate's
static inline volatile uint64_t *sys_shared(void) { return linux_shared; }
static inline void sys_yield(void) { (void)LINUX(sched_yield); }
[[noreturn]] void sys_serve(void (*serve)(exo_env caller, uint64_t word[4]));
extern int linux_ask, linux_answer; // eventfd
static inline void sys_gate(uint64_t word[4]) {
  uint64_t one = 1;
  for (int i = 0; i < 4; i++) linux_shared[8 + i] = word[i];
  (void)LINUX(write, linux_ask, &one, sizeof one);
  (void)LINUX(read, linux_answer, &one, sizeof one);
  for (int i = 0; i < 4; i++) word[i] = linux_shared[8 + i];
}
enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1 };
static inline void linux_wait(volatile uint64_t *word, uint32_t value) {
  (void)LINUX(futex, word, FUTEX_WAIT, value, 0, 0, 0);
}
static inline void linux_wake(volatile uint64_t *word) { (void)LINUX(futex, word, FUTEX_WAKE, 1, 0, 0, 0); }
static inline void sys_sleep(void) { linux_wait(linux_shared + 2, 0); } // until word 2 of the shared page is not 0
static inline void sys_wake(void) { linux_wake(linux_shared + 2); }
extern int linux_epoll;
bool sys_true_begin(void);
static inline void sys_true_prepare(void) {}
static inline bool sys_wait_true(void) { // one descriptor, which is readable
  uint64_t event[2];
  return LINUX(epoll_pwait, linux_epoll, event, 1, -1, 0, 8) == 1;
}
void sys_true_end(void);
int sys_spawn(const char *role); // vfork, execve, wait4; returns its status
[[noreturn]] void sys_leave(int status);
