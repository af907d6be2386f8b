// linux.c: the second implementation of the benchmarks' primitives: Linux, whose first process this is. What system.h
// has not in line.
#include "bench.h"

uint64_t sys_process;
int linux_pagemap, linux_epoll, linux_ask, linux_answer;
volatile uint64_t *linux_shared;
static int results = 2, clear_refs;
[[noreturn]] void linux_start(uint64_t *stack);
void linux_restorer(void);

// --- Words

static void say(int to, const char *format, va_list list) {
  char line[512];
  size_t n = os_vformat(line, sizeof line, format, list);
  (void)LINUX(write, to, line, n < sizeof line ? n : sizeof line - 1);
}
void sys_print(const char *format, ...) {
  va_list list;
  va_start(list, format);
  say(1, format, list);
  va_end(list);
}
[[gnu::format(printf, 1, 2)]] static void record(const char *format, ...) {
  va_list list;
  va_start(list, format);
  say(results, format, list);
  va_end(list);
}
void sys_report(const char *name, uint64_t count, const char *unit) { record("BENCH %s %lu %s\n", name, count, unit); }
void sys_effects(uint64_t failed) {
  record("TEST bench-effects %s %lu operations without their effect\n", failed ? "FAIL" : "ok", failed);
}

// --- Faults

void sys_on_fault(bool (*handler)(SYS_FAULT)) {
  enum { SIGILL = 4, SIGBUS = 7, SIGSEGV = 11, SA_SIGINFO = 4 };
  struct {
    uint64_t handler, flags, words[2];
  } act = {(uint64_t)handler, SA_SIGINFO | LINUX_RESTORER, {}};
  if (LINUX_RESTORER) act.words[0] = (uint64_t)linux_restorer; // else the mask, which is empty
  (void)LINUX(rt_sigaction, SIGSEGV, &act, 0, 8);
  (void)LINUX(rt_sigaction, SIGBUS, &act, 0, 8);
  (void)LINUX(rt_sigaction, SIGILL, &act, 0, 8);
}

// --- Pages

// The last page of the place is always there, so that its page tables are kept, as Veridian's are.
static bool anchor(void) {
  bool ok = linux_map(SYS_PAGES - 1, 1, LINUX_READ | LINUX_WRITE);
  if (ok) *sys_page(SYS_PAGES - 1) = 1;
  return ok;
}
bool sys_pages(uint64_t count) {
  if (!linux_map(0, count, LINUX_READ | LINUX_WRITE)) return false;
  for (uint64_t i = 0; i < count; i++) *sys_page(i) = i;
  return true;
}
void sys_make_clean(uint64_t i) { // all pages of the program
  (void)i;
  (void)LINUX(pwrite64, clear_refs, "4", 1, 0);
}
bool sys_knows_dirty(void) {
  bool ok = sys_pages(1);
  sys_make_clean(0);
  *sys_page(0) = 1;
  ok = ok && sys_is_dirty(0);
  sys_pages_end();
  return ok;
}
uint64_t *sys_lazy(uint64_t bytes) {
  enum { MADV_NOHUGEPAGE = 15 };
  int64_t at = LINUX(mmap, 0, bytes, LINUX_READ | LINUX_WRITE, LINUX_PRIVATE | LINUX_ANON, -1, 0);
  if (at <= 0) return nullptr;
  (void)LINUX(madvise, at, bytes, MADV_NOHUGEPAGE);
  return (uint64_t *)at;
}

// --- Another process

static int64_t partner;
static void real_time(bool yes) {
  int priority = yes ? 10 : 0;
  (void)LINUX(sched_setscheduler, 0, yes ? 1 : 0, &priority);
}
static int64_t fork_process(void) {
  enum { SIGCHLD = 17 };
  return LINUX(clone, SIGCHLD, 0, 0, 0, 0);
}
volatile uint64_t *sys_partner(const char *role) {
  int64_t at = LINUX(mmap, 0, EXO_PAGE, LINUX_READ | LINUX_WRITE, LINUX_SHARED | LINUX_ANON, -1, 0);
  if (at <= 0) return nullptr;
  linux_shared = (volatile uint64_t *)at;
  linux_ask = (int)LINUX(eventfd2, 0, 0);
  linux_answer = (int)LINUX(eventfd2, 0, 0);
  real_time(true);
  partner = fork_process();
  if (partner == 0) bench_role(role);
  return partner > 0 ? linux_shared : nullptr;
}
void sys_partner_end(void) {
  (void)LINUX(kill, partner, 9);
  (void)LINUX(wait4, partner, 0, 0, 0);
  real_time(false);
  (void)LINUX(close, linux_ask);
  (void)LINUX(close, linux_answer);
  (void)LINUX(munmap, linux_shared, EXO_PAGE);
}
void sys_serve(void (*serve)(exo_env caller, uint64_t w[4])) {
  for (uint64_t one, w[4];;) {
    (void)LINUX(read, linux_ask, &one, sizeof one);
    for (int i = 0; i < 4; i++) w[i] = linux_shared[8 + i];
    serve(0, w);
    for (int i = 0; i < 4; i++) linux_shared[8 + i] = w[i];
    one = 1;
    (void)LINUX(write, linux_answer, &one, sizeof one);
  }
}

static int ready;
bool sys_true_begin(void) {
  enum { EPOLL_CTL_ADD = 1, EPOLLIN = 1 };
  uint64_t event[2] = {EPOLLIN};
  ready = (int)LINUX(eventfd2, 1, 0);
  linux_epoll = (int)LINUX(epoll_create1, 0);
  return LINUX(epoll_ctl, linux_epoll, EPOLL_CTL_ADD, ready, event) == 0;
}
void sys_true_end(void) {
  (void)LINUX(close, linux_epoll);
  (void)LINUX(close, ready);
}

int sys_spawn(const char *role) {
  enum { CLONE_VM = 0x100, CLONE_VFORK = 0x4000, SIGCHLD = 17 };
  const char *argv[] = {"init", role, nullptr}, *environment[] = {nullptr};
  int status = -1;
  int64_t child = LINUX(clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) {
    (void)LINUX(execve, "/init", argv, environment);
    (void)LINUX(exit_group, 127);
  }
  (void)LINUX(wait4, child, &status, 0, 0);
  return status >> 8 & 255;
}
void sys_leave(int status) {
  for (;;) (void)LINUX(exit_group, status);
}

// --- The first process, and its child, which measures: of a signal that the first one gets Linux writes a message

enum { AT_FDCWD = -100, O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2 };
static void device(const char *path, uint64_t major, uint64_t minor) {
  (void)LINUX(mknodat, AT_FDCWD, path, 020600, major << 8 | minor);
}
static int open_file(const char *path, int how) { return (int)LINUX(openat, AT_FDCWD, path, how, 0); }

// Its random numbers are ready, and real-time processes are never held back.
static void prepare(void) {
  enum { RNDADDENTROPY = 0x40085203 };
  struct {
    int bits, bytes;
    uint8_t data[64];
  } entropy = {512, 64, {1, 2, 3}};
  device("/dev/results", 4, LINUX_RESULTS);
  device("/dev/urandom", 1, 9);
  (void)LINUX(mkdirat, AT_FDCWD, "/proc", 0700);
  (void)LINUX(mount, "proc", "/proc", "proc", 0, 0);
  (void)LINUX(ioctl, open_file("/dev/urandom", O_RDWR), RNDADDENTROPY, &entropy);
  (void)LINUX(write, open_file("/proc/sys/kernel/sched_rt_runtime_us", O_RDWR), "-1", 2);
  results = open_file("/dev/results", O_RDWR);
}

// Nanoseconds of Linux's own clock since its start, and what memory it has taken by now.
static void boot(void) {
  enum { CLOCK_MONOTONIC = 1 };
  int64_t now[2] = {};
  struct {
    uint64_t uptime, loads[3], total, free, shared, buffers, words[8];
  } memory = {};
  (void)LINUX(clock_gettime, CLOCK_MONOTONIC, now);
  (void)LINUX(sysinfo, &memory);
  record("BOOT ns %lu\n", (uint64_t)(now[0] * 1'000'000'000 + now[1]));
  record("BOOT free_kib %lu\n", memory.free / 1024);
}

[[noreturn]] static void switch_off(int status) {
  enum : uint64_t { TCSBRK = 0x5409, MAGIC = 0xfee1dead, MAGIC2 = 672274793, RESTART = 0x1234567 };
  record("END %d\n", status);
  (void)LINUX(ioctl, 1, TCSBRK, 1); // what was written is out
  (void)LINUX(ioctl, results, TCSBRK, 1);
  for (;;) (void)LINUX(reboot, MAGIC, MAGIC2, RESTART, 0);
}

[[noreturn]] static void first(int argc, char **argv) {
  int status = 1;
  prepare();
  boot();
  int64_t child = fork_process();
  if (child == 0) {
    linux_pagemap = open_file("/proc/self/pagemap", O_RDONLY);
    clear_refs = open_file("/proc/self/clear_refs", O_WRONLY);
    sys_process = (uint64_t)LINUX(getpid);
    sys_leave(anchor() ? bench_main(argc, argv) : 1);
  }
  (void)LINUX(wait4, child, &status, 0, 0);
  switch_off(status ? 1 : 0);
}

void linux_start(uint64_t *stack) {
  int argc = (int)*stack;
  char **argv = (char **)(stack + 1);
  if (LINUX(getpid) == 1) first(argc, argv);
  if (argc > 1) bench_role(argv[1]);
  sys_leave(127);
}
