// boot_test.c: the way from the handover to the first program, devices on the way, and the memory functions.
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

static void first_program(void) {
  machine_start();
  const struct arch_frame *f = &fake_cpu[0].frame;
  CHECK(f->pc == TEXT + 0x10 && f->sp == STACK_TOP && f->r[0] == FIRST_UAREA && f->r[2] == first());
  CHECK(runs_on(0) == first() && uarea_of(first(), 0)->masked == 1 && uarea_of(first(), 0)->self == FIRST_UAREA);
  CHECK(fake_reach(0, TEXT, EXO_EXEC) && !fake_reach(0, TEXT, EXO_WRITE) && fake_reach(0, DATA, EXO_WRITE));
  CHECK(fake_reach(0, FIRST_UAREA, EXO_WRITE) == uarea_of(first(), 0) &&
        fake_reach(0, FIRST_UAREA + EXO_PAGE, EXO_WRITE));
  CHECK(!fake_reach(0, 0, EXO_READ) && !fake_reach(0, TEXT + 2 * EXO_PAGE, EXO_READ));
  for (unsigned i = 1; i < CPUS; i++) EQ(fake_cpu[i].state, FAKE_IDLE);
  CHECK(machine_window.cpu_count == CPUS && machine_window.archive_frame == 36 && machine_window.version == 1);
  for (unsigned i = 1; i <= 5; i++) CHECK(machine_window.stage_ns[i]);
  CHECK(__builtin_strstr(fake.text[1], "STAGE 5 "));
  for (exo_frame n = machine_window.spare_frame; n < machine_window.spare_frame + machine_window.spare_count; n++)
    CHECK(kind_of(n) == EXO_KIND_USER && desc(n)->guard == EXO_GUARD_FIRST && state_idle(desc(n)->state));
}

static volatile uint32_t *pci(unsigned device_number, unsigned function, unsigned reg) {
  return device(device_number << 15 | function << 12 | reg);
}
static void pci_function(unsigned d, unsigned f, uint32_t class, uint32_t header, uint32_t command) {
  *pci(d, f, 0) = 0x12345678;
  *pci(d, f, 4) = command;
  *pci(d, f, 8) = class << 24;
  *pci(d, f, 12) = header << 16;
}

// Firmware left devices that may write memory: none may when the first program runs.
static void bus_masters(void) {
  static struct exo_boot b;
  machine_build(&b);
  pci_function(0, 0, 6, 0, 0x0290'0007);    // host bridge
  pci_function(3, 0, 2, 0x80, 0xFFFF'0007); // network card with two functions; its status is write-1-to-clear
  pci_function(3, 5, 1, 0, 0x0010'0003 | 4);
  pci_function(4, 0, 1, 0, 0x0010'0003); // no master
  pci_function(5, 1, 1, 0, 0x0010'0007); // not there: function 0 is missing
  pci_function(31, 7, 1, 0, 0);
  volatile uint32_t *virtio = device(1 << 20);
  virtio[0] = 0x74726976;
  virtio[0x70 / 4] = 0xF;
  fake_boot(&b);
  CHECK(!fake.off);
  EQ(*pci(0, 0, 4), 0x0290'0007);
  EQ(*pci(3, 0, 4), 3);
  EQ(*pci(3, 5, 4), 3);
  EQ(*pci(4, 0, 4), 0x0010'0003);
  EQ(*pci(5, 1, 4), 0x0010'0007);
  EQ(virtio[0x70 / 4], 0);
  CHECK(__builtin_strstr(fake.text[0], "4 PCI functions"));
}

static void handover_refused(void) { // not a word to say, and no port to say it on
  static struct exo_boot b;
  for (int i = 0; i < 5; i++) {
    machine_build(&b);
    if (i == 0) b.magic++;
    if (i == 1) b.version++;
    if (i == 2) b.size -= 8;
    if (i == 3) b.console = (struct exo_boot_serial){.kind = EXO_PORT_PL011, .base = 1ull << 40};
    if (i == 4) b.results.kind = EXO_PORT_PL011 + 1;
    fake_boot(&b);
    CHECK(fake.off && fake.exit == ARCH_EXIT_PANIC && fake.length[0] == 0);
  }
}

// --- The kernel ends itself: each in a process of its own, since a kernel panics once.

static struct exo_boot broken;
static void give_up_after_a_fault(void) {
  machine_start();
  uarea_of(first(), 0)->fault_door = 0;
  machine_fault(0, EXO_CAUSE_WRITE, 0x1234);
}
static void ranges_overlap(void) {
  machine_build(&broken);
  broken.range[1].first--;
  fake_boot(&broken);
}
static void range_of_no_use(void) {
  machine_build(&broken);
  broken.range[2].use = EXO_USE_APP + 1;
  fake_boot(&broken);
}
static void range_beyond_the_table(void) {
  machine_build(&broken);
  broken.frame_table_count = RAM_END - 1;
  fake_boot(&broken);
}
static void too_few_spares(void) {
  machine_build(&broken);
  broken.spare_count = 8;
  fake_boot(&broken);
}
static void spares_elsewhere(void) {
  machine_build(&broken);
  broken.spare_frame = 64; // free frames
  fake_boot(&broken);
}
static void root_elsewhere(void) {
  machine_build(&broken);
  broken.root_physical = 64 * EXO_PAGE;
  fake_boot(&broken);
}
static void no_descriptors(void) {
  machine_build(&broken);
  broken.table[0].frame_count = 128;
  fake_boot(&broken);
}
static void registers_elsewhere(void) {
  machine_build(&broken);
  broken.virtio_mmio[0] = broken.device[0].size - 8;
  fake_boot(&broken);
}
static void buses_elsewhere(void) {
  machine_build(&broken);
  broken.ecam[0].last_bus = 255;
  fake_boot(&broken);
}
static void text_writable(void) {
  machine_build(&broken);
  extern const char kernel_start[];
  pte_t *t = direct(broken.root_physical);
  for (int level = 3; level > 0; level--) t = direct(pte_physical(t[(uint64_t)kernel_start >> (12 + 9 * level) & 511]));
  t[(uint64_t)kernel_start >> 12 & 511] = pte_leaf(EXO_PAGE, 7, false);
  fake_boot(&broken);
}
static void text_writable_by_alias(void) {
  machine_build(&broken);
  pte_t *t = direct(broken.root_physical);
  for (int level = 3; level > 0; level--) t = direct(pte_physical(t[EXO_DIRECT_BASE >> (12 + 9 * level) & 511]));
  t[2] = pte_leaf(2 * EXO_PAGE, 3, false);
  fake_boot(&broken);
}
static void cpu_refuses(void) {
  machine_build(&broken);
  fake.refuse_start = true;
  fake_boot(&broken);
}

static void panics(void) {
  static const struct {
    void (*run)(void);
    const char *text;
  } way[] = {
      {give_up_after_a_fault, "the first environment ended: cause "},
      {ranges_overlap, "memory range 1 "},
      {range_of_no_use, "memory range 2 "},
      {range_beyond_the_table, "end <= "},
      {too_few_spares, "too few spare frames"},
      {spares_elsewhere, "b->spare_frame"},
      {root_elsewhere, "b->root_physical"},
      {no_descriptors, "has no descriptors"},
      {registers_elsewhere, "b->virtio_mmio"},
      {buses_elsewhere, "e->physical"},
      {text_writable, "== want"},
      {text_writable_by_alias, "== alias"},
      {cpu_refuses, "can not be started"},
  };
  for (unsigned i = 0; i < sizeof way / sizeof *way; i++) {
    pid_t child = fork();
    if (!child) {
      way[i].run();
      const char *said = __builtin_strstr(fake.text[0], "veridian: panic: ");
      bool told = said && __builtin_strstr(said, way[i].text) && __builtin_strstr(fake.text[1], "PANIC ");
      _exit(fake.off && fake.exit == ARCH_EXIT_PANIC && told ? 0 : 1 + (int)i);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EQ(status, 0);
  }
}

static void memory_functions(void) {
  void *core_memset(void *, int, size_t), *core_memcpy(void *, const void *, size_t);
  void *core_memmove(void *, const void *, size_t);
  int core_memcmp(const void *, const void *, size_t);
  for (int i = 0; i < 20'000; i++) {
    char mine[64], theirs[64];
    for (unsigned k = 0; k < sizeof mine; k++) mine[k] = theirs[k] = (char)test_random(3);
    uint64_t from = test_random(32), to = test_random(32), n = test_random(33);
    switch (test_random(4)) {
    case 0:
      CHECK(core_memset(mine + to, (int)from, n) == mine + to);
      memset(theirs + to, (int)from, n);
      break;
    case 1:
      CHECK(core_memmove(mine + to, mine + from, n) == mine + to);
      memmove(theirs + to, theirs + from, n);
      break;
    case 2:
      from %= 16, n %= 17, to = 32 + to % 16;
      CHECK(core_memcpy(mine + to, mine + from, n) == mine + to);
      memcpy(theirs + to, theirs + from, n);
      break;
    default: {
      int got = core_memcmp(mine + from, mine + to, n), want = memcmp(mine + from, mine + to, n);
      CHECK((got < 0) == (want < 0) && (got > 0) == (want > 0));
    }
    }
    CHECK(memcmp(mine, theirs, sizeof mine) == 0);
  }
}

static void formats(void) {
  machine_start();
  fake.length[1] = 0;
  memset(fake.text[1], 0, sizeof fake.text[1]);
  print_port(EXO_PORT_RESULTS, "%s %c %d %d %u %x %lx %lu %ld|%%", "s", 'c', -1, 0, 4000000000u, 0xABCu, ~0ul, ~0ul,
             INT64_MIN);
  CHECK(strcmp(fake.text[1], "s c -1 0 4000000000 abc ffffffffffffffff 18446744073709551615 -9223372036854775808|%") ==
        0);
}

const struct test boot_tests[] = {
    {"first program", first_program},
    {"bus masters", bus_masters},
    {"handover refused", handover_refused},
    {"panics", panics},
    {"memory functions", memory_functions},
    {"formats", formats},
    {},
};
