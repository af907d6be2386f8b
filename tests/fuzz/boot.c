// boot.c: the handover under libFuzzer: a good one with some of its words changed. Either the kernel says no (a panic)
// or the machine boots and all invariants hold; a number that leads where no memory is faults, which is a panic as
// well.
#include <signal.h>
#include <string.h>
#include "bytes.h"

static struct exo_boot handover;
static unsigned pauses;

// A word that may mean something at its place: near what is there, a boundary, or any.
static uint64_t word(uint64_t old) {
  uint64_t tag = bytes_take(1);
  if (tag < 64) return old + tag - 32;
  if (tag < 128) return 1ull << (tag - 64);
  if (tag < 192) return (1ull << (tag - 128)) - 1;
  return tag < 224 ? tag - 192 : bytes_take(8);
}

static void change(uint8_t *at, unsigned width) {
  uint64_t value = 0;
  memcpy(&value, at, width);
  value = word(value);
  memcpy(at, &value, width);
}

// Where the words lie that matter: all but the ends of the two long lists.
static uint8_t *place(uint64_t n) {
  static const struct {
    uint64_t begin, end;
  } part[] = {
      {0, offsetof(struct exo_boot, range[8])},
      {offsetof(struct exo_boot, range_count), offsetof(struct exo_boot, table[2])},
      {offsetof(struct exo_boot, table_count), sizeof handover},
  };
  for (uint64_t i = 0, at = n * 4;; i = (i + 1) % 3) {
    if (at < part[i].end - part[i].begin) return (uint8_t *)&handover + part[i].begin + at;
    at -= part[i].end - part[i].begin;
  }
}

static void changes(void) {
  while (bytes_left()) {
    uint8_t *at = place(bytes_take(2));
    change(at, (uint64_t)at % 8 || bytes_take(1) % 2 ? 4 : 8);
  }
}

// The processor's part: what is not mapped faults, and a fault in the kernel ends the machine.
static void page_fault(int, siginfo_t *what, void *) {
  const struct arch_frame none = {};
  if (!fake_self) fake_broken("a page fault outside the kernel");
  core_trap(&none, "page fault", 0, (uint64_t)what->si_addr);
}

// A serial port that never has room costs the kernel its patience for every byte, and us ours.
static void at_pause(void) {
  enum { PATIENCE = 20'000 };
  if (++pauses > PATIENCE) arch_halt();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sigaction fault = {.sa_sigaction = page_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
  test_running = "fuzz-boot";
  sigaction(SIGSEGV, &fault, nullptr);
  bytes_from(data, size);
  machine_build(&handover);
  changes();
  fake.at_pause = at_pause;
  pauses = 0;
  machine_cpus = handover.cpu_count <= EXO_MAX_CPUS ? handover.cpu_count : CPUS;
  fake_boot(&handover);
  if (!fake.off) invariants();
  machine_cpus = CPUS;
  return 0;
}
