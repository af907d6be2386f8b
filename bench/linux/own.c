// own.c: rows of Linux alone, and other ways to do what the common rows do: the cheapest of a name counts.
#include "bench.h"

enum { PAGES = 400 };
static uint64_t index, fine;
static bool take(void) { return sys_pages(PAGES); }
static void draw(void) { index = bench_random(PAGES); }

// Is the page there at all? Not what was asked, but the cheapest question that Linux answers about a page.
static uint64_t resident(void) {
  uint8_t is = 0;
  (void)LINUX(mincore, sys_page(index), EXO_PAGE, &is);
  fine = is & 1;
  return 0;
}
static bool is_there(void) { return fine; }
BENCH(mincore_row, .name = "dirty.mincore", .sosp = "dirty", .begin = take, .prepare = draw, .run = resident,
      .verify = is_there, .end = sys_pages_end);

// --- A gate by futex: words 4 and 5 say whose turn it is

static uint64_t asked[4], answer[4];
static void turn(volatile uint64_t *mine, volatile uint64_t *others) {
  *others = 1;
  linux_wake(others);
  while (!*mine) linux_wait(mine, 0);
  *mine = 0;
}
static void futexgate(void) {
  volatile uint64_t *s = sys_shared();
  for (s[0] = 3;;) {
    while (!s[4]) linux_wait(s + 4, 0);
    s[4] = 0;
    for (int i = 0; i < 4; i++) s[8 + i] += 7;
    s[5] = 1;
    linux_wake(s + 5);
  }
}
ROLE(futexgate);
static bool futex_begin(void) { return sys_partner("futexgate"); }
static void futex_draw(void) {
  for (int i = 0; i < 4; i++) answer[i] = asked[i] = bench_random(1ull << 60);
}
static uint64_t futex_gate(void) {
  for (int i = 0; i < 4; i++) linux_shared[8 + i] = answer[i];
  turn(linux_shared + 5, linux_shared + 4);
  for (int i = 0; i < 4; i++) answer[i] = linux_shared[8 + i];
  return 0;
}
static bool answered(void) {
  for (int i = 0; i < 4; i++)
    if (answer[i] != asked[i] + 7) return false;
  return true;
}
BENCH(futex_row, .name = "gate-round.futex", .begin = futex_begin, .prepare = futex_draw, .run = futex_gate,
      .verify = answered, .end = sys_partner_end);

// --- Paging by the program through userfaultfd, whose faults come as SIGBUS

static int fault_file;
static uint64_t got;
static uint64_t supplied[EXO_PAGE / 8] __attribute__((aligned(EXO_PAGE)));
static bool copy_in(SYS_FAULT) {
  enum : uint64_t { UFFDIO_COPY = 0xC028AA03 };
  struct {
    uint64_t to, from, length, mode;
    int64_t copied;
  } copy = {SYS_ADDRESS & -EXO_PAGE, (uint64_t)supplied, EXO_PAGE, 0, 0};
  supplied[3] = index + 1;
  fine = LINUX(ioctl, fault_file, UFFDIO_COPY, &copy) == 0;
  return true;
}
static bool userfault_begin(void) {
  enum : uint64_t { UFFDIO_API = 0xC018AA3F, UFFDIO_REGISTER = 0xC020AA00, SIGBUS_FEATURE = 1 << 7 };
  struct {
    uint64_t api, features, calls;
  } api = {0xAA, SIGBUS_FEATURE, 0};
  struct {
    uint64_t start, length, mode, calls;
  } region = {SYS_PLACE, (uint64_t)PAGES * EXO_PAGE, 1, 0};
  fault_file = (int)LINUX(userfaultfd, 0);
  sys_on_fault(copy_in);
  return linux_map(0, PAGES, LINUX_READ | LINUX_WRITE) && LINUX(ioctl, fault_file, UFFDIO_API, &api) == 0 &&
         LINUX(ioctl, fault_file, UFFDIO_REGISTER, &region) == 0;
}
static uint64_t read_missing(void) {
  got = sys_page(index)[3];
  return 0;
}
static bool got_it(void) {
  bool ok = fine && got == index + 1;
  sys_lazy_forget(sys_page(index));
  return ok;
}
static void userfault_end(void) {
  (void)LINUX(close, fault_file);
  sys_on_fault(nullptr);
  sys_pages_end();
}
BENCH(userfault, .name = "self-paging.userfaultfd", .begin = userfault_begin, .prepare = draw, .run = read_missing,
      .verify = got_it, .end = userfault_end);

// --- fork of this small process

static int status;
static uint64_t fork_exit_wait(void) {
  enum { SIGCHLD = 17 };
  int64_t child = LINUX(clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) sys_leave(23);
  (void)LINUX(wait4, child, &status, 0, 0);
  return 0;
}
static bool left(void) { return status == 23 << 8; }
BENCH(fork_row, .name = "fork-exit-wait", .sosp = "fork", .budget = 14000, .run = fork_exit_wait, .verify = left);
