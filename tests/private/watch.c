// watch.c: a plugin of QEMU's: notes what the kernel writes between two marks, which are stores of a program into a
// page agreed upon: word 2k begins operation k, word 2k + 1 ends it. At the end of the machine it says of each
// operation, as it was done last, every store and every atomic read-modify-write, by place. So entry.S is seen, too;
// what the machine itself writes at a trap, to the stack of its CPU, is not.
//   -plugin watch.so,out=FILE,marks=ADDRESS
#include <exo/boot.h>
#include <exo/types.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "plugin.h"

enum { CPUS = 16, OPERATIONS = 16, RUNS = 8, STORES = 4096, WRITES = 2, BOTH = 3, INFO_SHIFT = 16 };
static struct run {
  unsigned stores;
  struct {
    uint64_t at;
    bool update;
  } store[STORES];
} run[OPERATIONS][RUNS];
static unsigned runs[OPERATIONS];
static struct run *now[CPUS];
static uint64_t marks;
static const char *out;

static void marked(unsigned cpu, uint64_t word) {
  unsigned *n = &runs[word / 2];
  bool begins = word % 2 == 0 && *n < RUNS;
  now[cpu] = begins ? &run[word / 2][(*n)++] : nullptr;
}

static void written(unsigned cpu, uint32_t info, uint64_t va, void *kernel) {
  struct run *r = now[cpu];
  if (!(info >> INFO_SHIFT & WRITES)) return; // it is not always asked for writes alone
  if (kernel && r && r->stores < STORES) {
    r->store[r->stores].at = va;
    r->store[r->stores++].update = (info >> INFO_SHIFT & BOTH) == BOTH;
  }
  if (!kernel && va - marks < 16 * OPERATIONS) marked(cpu, (va - marks) / 8);
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
    bool kernel = qemu_plugin_insn_vaddr(insn) >> 63;
    qemu_plugin_register_vcpu_mem_cb(insn, written, 0, WRITES, kernel ? &run : nullptr);
  }
}

static bool within(uint64_t va, uint64_t base, uint64_t size) { return va >= base && va - base < size; }

// The kernel's number of a CPU may be another than QEMU's: whoever enters the kernel first of all writes its own
// record.
static uint64_t cpu_of(const struct run *r) {
  for (unsigned i = 0; i < r->stores; i++)
    if (within(r->store[i].at, EXO_PERCPU_BASE, EXO_PERCPU_SPAN))
      return (r->store[i].at - EXO_PERCPU_BASE) / EXO_PERCPU_STRIDE;
  return ~0ull;
}

static void place(FILE *f, uint64_t va, uint64_t cpu) {
  if (within(va, EXO_PERCPU_BASE, EXO_PERCPU_SPAN)) {
    bool own = (va - EXO_PERCPU_BASE) / EXO_PERCPU_STRIDE == cpu;
    fprintf(f, "%s %llu", own ? "cpu" : "another-cpu", (unsigned long long)(va % EXO_PERCPU_STRIDE / 64));
  } else if (within(va, EXO_FRAME_TABLE_BASE, EXO_FRAME_TABLE_SPAN)) // the first of the two in a line
    fprintf(f, "descriptors %llu", (unsigned long long)((va - EXO_FRAME_TABLE_BASE) / 64 * 2));
  else if (within(va, EXO_DIRECT_BASE, EXO_DIRECT_SPAN))
    fprintf(f, "frame %llu", (unsigned long long)((va - EXO_DIRECT_BASE) >> EXO_PAGE_BITS));
  else
    fprintf(f, "%s %llx", within(va, EXO_DEVICE_BASE, EXO_DEVICE_SPAN) ? "device" : "global", (unsigned long long)va);
}

static void ended(uint64_t id, void *data) {
  (void)id, (void)data;
  FILE *f = fopen(out, "w");
  if (!f) return;
  for (unsigned k = 0; k < OPERATIONS * RUNS; k++) {
    const struct run *r = &run[k / RUNS][k % RUNS];
    for (unsigned i = 0; i < r->stores; i++) {
      fprintf(f, "%u %u %s ", k / RUNS, k % RUNS, r->store[i].update ? "update" : "store");
      place(f, r->store[i].at, cpu_of(r));
      fprintf(f, "\n");
    }
  }
  fclose(f);
}

[[gnu::visibility("default")]] int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv) {
  (void)info;
  for (int i = 0; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    if (!value++) return 1;
    if (argv[i][0] == 'o') out = strdup(value);
    if (argv[i][0] == 'm') marks = strtoull(value, nullptr, 0);
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, ended, nullptr);
  return !out;
}
