// machine.c: a small machine for the unit tests: its RAM, its handover, and short words for what the tests do all the
// time.
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "test.h"

// Frames: 0 none · 1-5 kernel image · 6 trampoline · 7-27 kernel tables · 28-29 frame table · 30-31 kernel · 32-35
// firmware · 36-39 archive · 40-43 segments · 44-63 spare · 64-159 free · 160-175 none · 176-191 free
enum { IMAGE = 1, IMAGE_PAGES = 5, TRAMPOLINE = 6, TABLES = 7, DESCRIPTORS = 28, SEGMENTS = 40, SPARE = 44 };
enum { ECAM_BYTES = 1 << 20, VIRTIO = ECAM_BYTES, DEVICE_BYTES = SCREEN + SCREEN_BYTES };

unsigned machine_cpus = CPUS;
static struct exo_boot handover;
static exo_frame next_table;

static void *area(uint64_t at, uint64_t size, int fd, off_t offset) {
  int flags = MAP_FIXED | (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED);
  void *p = mmap((void *)at, size, PROT_READ | PROT_WRITE, flags, fd, offset);
  if (p == MAP_FAILED) fake_broken("no room for the machine's memory");
  return p;
}

// RAM; the frame table is part of it. Addresses that no RAM answers are not mapped at all.
static void memory_make(void) {
  static bool made;
  if (!made) {
    int fd = memfd_create("ram", 0);
    if (ftruncate(fd, RAM_END * EXO_PAGE)) fake_broken("no RAM");
    area(EXO_DIRECT_BASE, 160 * EXO_PAGE, fd, 0);
    area(EXO_DIRECT_BASE + 176 * EXO_PAGE, 16 * EXO_PAGE, fd, 176 * EXO_PAGE);
    area(EXO_FRAME_TABLE_BASE, FRAMES * 32, fd, DESCRIPTORS * EXO_PAGE);
    area(EXO_PERCPU_BASE, EXO_MAX_CPUS * EXO_PERCPU_STRIDE, -1, 0);
    area(EXO_DEVICE_BASE, DEVICE_BYTES, -1, 0);
    made = true;
  }
  memset((void *)EXO_DIRECT_BASE, 0xEE, 160 * EXO_PAGE);
  memset((void *)(EXO_DIRECT_BASE + 176 * EXO_PAGE), 0xEE, 16 * EXO_PAGE);
  memset(frame_table(), 0, FRAMES * sizeof *frame_table());
  for (unsigned i = 0; i < EXO_MAX_CPUS; i++) memset(cpu_at(i), 0, sizeof *cpu_at(i));
  memset((void *)EXO_DEVICE_BASE, 0xFF, DEVICE_BYTES);
}

static void kernel_map(uint64_t va, uint64_t physical, exo_word prot) {
  pte_t *t = direct(TABLES * EXO_PAGE);
  for (int level = PTE_LEVELS - 1; level > 0; level--) {
    pte_t *e = &t[va >> (EXO_PAGE_BITS + 9 * level) & 511];
    if (!*e) {
      if (next_table == DESCRIPTORS) fake_broken("too few kernel tables");
      memset(direct(next_table * EXO_PAGE), 0, EXO_PAGE);
      *e = pte_table(next_table++ * EXO_PAGE);
    }
    t = direct(pte_physical(*e));
  }
  t[va >> EXO_PAGE_BITS & 511] = pte_leaf(physical, prot, false);
}

static void kernel_tables(void) {
  extern const char kernel_start[];
  next_table = TABLES + 1;
  memset(direct(TABLES * EXO_PAGE), 0, EXO_PAGE);
  for (uint64_t i = 0; i < IMAGE_PAGES; i++) {
    uint64_t at = (IMAGE + i) * EXO_PAGE;
    kernel_map((uint64_t)kernel_start + i * EXO_PAGE, at, i < 2 ? EXO_READ | EXO_EXEC : i < 3 ? EXO_READ : 3);
    kernel_map(EXO_DIRECT_BASE + at, at, i < 3 ? EXO_READ : EXO_READ | EXO_WRITE);
  }
  kernel_map(EXO_DIRECT_BASE + TRAMPOLINE * EXO_PAGE, TRAMPOLINE * EXO_PAGE, EXO_READ);
  pte_t *root = direct(TABLES * EXO_PAGE);
  for (int i = 256; i < 512; i++) // a pattern to be found again in every root
    if (!root[i]) root[i] = pte_leaf((uint64_t)i << EXO_PAGE_BITS, EXO_READ, false);
}

static void range(struct exo_boot *b, uint64_t begin, uint64_t end, uint32_t use) {
  b->range[b->range_count++] = (struct exo_boot_range){.first = begin, .count = end - begin, .use = use};
}

void machine_build(struct exo_boot *b) {
  fake_reset(); // first: CPUs may be running
  memory_make();
  kernel_tables();
  memset(&machine_window, 0, sizeof machine_window);
  memset(&check, 0, sizeof check); // somebody may have been looking when the last machine ended
  *b = (struct exo_boot){.magic = EXO_BOOT_MAGIC, .version = EXO_BOOT_VERSION, .size = sizeof *b};
  b->kernel_physical = IMAGE * EXO_PAGE;
  b->kernel_virtual = (uint64_t)&machine_window - 4 * EXO_PAGE; // so that the window lies in the image's last frame
  b->kernel_size = IMAGE_PAGES * EXO_PAGE;
  b->root_physical = b->low_root_physical = TABLES * EXO_PAGE;
  b->trampoline_physical = TRAMPOLINE * EXO_PAGE;
  b->frame_table_count = FRAMES;
  range(b, 1, 32, EXO_USE_KERNEL);
  range(b, 32, 36, EXO_USE_FIRMWARE);
  range(b, 36, 40, EXO_USE_ARCHIVE);
  range(b, 40, 64, EXO_USE_APP);
  range(b, 64, 160, EXO_USE_FREE);
  range(b, 176, RAM_END, EXO_USE_FREE);
  b->cpu_count = machine_cpus;
  b->table_count = 1;
  b->table[0] = (struct exo_boot_table){.frame_count = FRAMES, .table_frame = DESCRIPTORS};
  b->console = (struct exo_boot_serial){.base = 0x3F8, .kind = EXO_PORT_16550_IO};
  b->results = (struct exo_boot_serial){.base = 0x2F8, .kind = EXO_PORT_16550_IO};
  b->device_count = 1;
  b->device[0] = (struct exo_boot_device){0, DEVICE_BYTES};
  b->ecam_count = 1;
  b->virtio_count = 1;
  b->virtio_mmio[0] = VIRTIO;
  b->segment_count = 2;
  b->segment[0] = (struct exo_boot_segment){TEXT, SEGMENTS, 2, EXO_READ | EXO_EXEC};
  b->segment[1] = (struct exo_boot_segment){DATA, SEGMENTS + 2, 2, EXO_READ | EXO_WRITE};
  b->entry = TEXT + 0x10;
  b->stack = STACK_TOP;
  b->spare_frame = SPARE;
  b->spare_count = 64 - SPARE;
  b->archive_frame = 36;
  b->archive_bytes = 4 * EXO_PAGE - 5;
}

static void doors_set(struct exo_uarea *u) {
  u->fault_door = FAULT_DOOR;
  u->fault_stack = FAULT_STACK;
  u->event_door = EVENT_DOOR;
  u->event_stack = EVENT_STACK;
}

// As long as a root is loaded, the environment it belongs to is held on this CPU: its frames can not be taken away.
static void root_check(uint64_t old, uint64_t root) {
  (void)root;
  const struct env *env = arch_self()->env;
  if (old != boot->low_root_physical) CHECK(env && env->w.root == old >> EXO_PAGE_BITS);
}

void machine_start(void) {
  machine_build(&handover);
  fake.before_root = root_check;
  fake_boot(&handover);
  if (fake.off) fake_broken("the machine ended while it booted");
  doors_set(uarea_of(first(), 0));
  invariants();
}

void machine_post(unsigned cpu, uint64_t number, const void *argument, size_t size) {
  struct fake_cpu *c = &fake_cpu[cpu];
  memset(c->argument, 0xBB, sizeof c->argument); // words that the call does not have
  memcpy(c->argument, argument, size);
  c->number = number;
  fake_post(cpu, JOB_CALL);
}

void batch_set(unsigned cpu, unsigned i, uint64_t number, const void *argument, size_t size) {
  struct exo_batch_entry *e = &cpu_at(cpu)->arch.uarea->batch[i];
  *e = (struct exo_batch_entry){.number = number, .result = 77};
  memcpy(e->argument, argument, size);
}

int64_t machine_call(unsigned cpu, uint64_t number, const void *argument, size_t size) {
  struct fake_cpu *c = &fake_cpu[cpu];
  const struct exo_uarea *u = cpu_at(cpu)->arch.uarea;
  machine_post(cpu, number, argument, size);
  fake_run();
  if (errors_by_hand) draw_note(c, u);
  if (!fake.off) invariants();
  return c->returned ? c->result : AWAY;
}

static const char *const name_of[] = {
#define EXO_CALL(number, name, ...) [number] = #name,
#include <exo/call.def>
#undef EXO_CALL
};

void machine_refuse(const char *file, int line, int64_t want, unsigned cpu, uint64_t number, const void *a,
                    size_t size) {
  uint64_t before = machine_digest();
  int64_t got = machine_call(cpu, number, a, size);
  if (got != want) test_fail(file, line, name_of[number], got, want);
  if (machine_digest() != before) test_fail(file, line, "a failing call changed something", got, want);
}

void machine_fault(unsigned cpu, uint64_t cause, uint64_t address) {
  fake_cpu[cpu].cause = cause;
  fake_cpu[cpu].address = address;
  fake_post(cpu, JOB_FAULT);
  fake_run();
  if (!fake.off) invariants();
}

void machine_fp(unsigned cpu) {
  fake_post(cpu, JOB_FP);
  fake_run();
  invariants();
}

void machine_pass(uint64_t ns) {
  fake_time(ns);
  if (!fake.off) invariants();
}

exo_frame frame_free_at(exo_frame from) {
  for (; from < RAM_END; from++)
    if (kind_of(from) == EXO_KIND_FREE) return from;
  fake_broken("no free frame left");
}

exo_frame frame_new(exo_name guard) {
  exo_frame n = frame_free_at(64);
  EQ(CALL(0, frame_take, .frame = n, .guard = guard), EXO_OK);
  return n;
}

static exo_frame table_new(exo_name guard, exo_frame parent, uint64_t va, int level) {
  exo_frame n = frame_new(guard);
  EQ(CALL(0, table_link, .table = parent, .index = va >> (EXO_PAGE_BITS + 9 * level) & 511, .frame = n), EXO_OK);
  return n;
}

static void child_presence(struct child *c, unsigned cpu) {
  c->state[cpu] = frame_new(c->guard);
  exo_frame u = c->uarea[cpu] = frame_new(c->guard);
  while (kind_of(u + 1) != EXO_KIND_FREE) u = c->uarea[cpu] = frame_new(c->guard);
  EQ(CALL(0, frame_take, .frame = u + 1, .guard = c->guard), EXO_OK);
  for (uint64_t i = 0; i < 2; i++)
    EQ(CALL(0, map, .table = c->leaf, .index = 2 * cpu + i, .frame = u + i, .prot = EXO_READ | EXO_WRITE), EXO_OK);
  memset(frame_memory(u), 0, 2 * EXO_PAGE);
  EQ(CALL(0, env_cpu, .env = c->number, .cpu = cpu, .state = c->state[cpu], .uarea = u), EXO_OK);
  uarea_of(c->number, cpu)->self = CHILD_UAREA + 2 * cpu * EXO_PAGE;
  doors_set(uarea_of(c->number, cpu));
}

void child_make(struct child *c, uint64_t id, unsigned cpus) {
  *c = (struct child){.guard = test_guard(id)};
  c->env = frame_new(c->guard);
  c->number = (exo_env)CALL(0, env_create, .frame = c->env, .guard = c->guard);
  CHECK((int64_t)c->number > 0);
  c->root = frame_new(c->guard);
  EQ(CALL(0, table_root, .frame = c->root), EXO_OK);
  c->upper = table_new(c->guard, c->root, CHILD_UAREA, 3);
  c->middle = table_new(c->guard, c->upper, CHILD_UAREA, 2);
  c->leaf = table_new(c->guard, c->middle, CHILD_UAREA, 1);
  EQ(CALL(0, env_space, .env = c->number, .root = c->root), EXO_OK);
  for (unsigned i = 0; i < CPUS; i++)
    if (cpus >> i & 1) child_presence(c, i);
  EQ(CALL(0, cap_grant, .env = c->number, .index = 0, .name = c->guard, .rights = EXO_RIGHTS_ALL), EXO_OK);
}

void child_run(struct child *c, unsigned cpu, uint64_t index, uint64_t length_ns) {
  EQ(CALL(0, slice_set, .cpu = cpu, .index = index, .env = c->number, .length_ns = length_ns, .guard = c->guard),
     EXO_OK);
  EQ(CALL(0, env_start, .env = c->number, .cpu = cpu), EXO_OK);
}

// A slice on CPU 1, and an entry without time half a turn away: whoever lends looks at half of the entries.
void child_runs_at(struct child *c, uint64_t index, uint64_t length_ns) {
  EQ(CALL(0, slice_set, .cpu = 1, .index = index + 16, .env = c->number, .guard = c->guard), EXO_OK);
  child_run(c, 1, index, length_ns);
}

struct exo_uarea *uarea_of(exo_env env, unsigned cpu) {
  const struct env *e = frame_memory(env_frame(env));
  return frame_memory(e->uarea_frame[cpu]);
}

exo_env runs_on(unsigned cpu) { return cpu_at(cpu)->env ? cpu_at(cpu)->env->w.number : 0; }
