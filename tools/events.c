// events.c: a plugin of QEMU's: how often each row of the benchmarks loads a root of page tables, invalidates
// translations and enters the kernel. The harness says which row is run by a store of bench_mark (bench/main.c); one
// CPU.
//   -plugin events.so,arch=MACHINE,mark=ADDRESS OF bench_mark,marks=ADDRESS OF bench_marks,out=FILE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "plugin.h"

enum { ROWS = 128, MARK_BYTES = 64, WRITES = 2 };
enum event { SWITCH, INVALIDATION, TRAP, EVENTS, NONE = EVENTS };
static struct row {
  uint64_t runs, count[EVENTS];
} row[ROWS];
static uint64_t now, mark, marks; // now: the row that is run, 0: none
static bool in_kernel;
static const char *arch, *out;

static void happened(unsigned cpu, void *event) {
  (void)cpu;
  row[now].count[(uintptr_t)event]++;
}

static void entered(unsigned cpu, void *kernel) {
  if (kernel && !in_kernel) happened(cpu, (void *)TRAP);
  in_kernel = kernel;
}

static void marked(unsigned cpu, uint32_t info, uint64_t va, void *data) {
  (void)cpu, (void)info, (void)data;
  if (va - marks >= ROWS) return;
  now = va - marks;
  row[now].runs++;
}

// SDM 2A "MOV to CR3", "INVLPG", "INVPCID"; Arm ARM C5.3 (TTBR0_EL1), C5.5 (TLBI); RISC-V Privileged Architecture.
static enum event x86_64_event(const uint8_t *p) {
  if (p[0] == 0x66 && p[1] == 0x0F && p[2] == 0x38 && p[3] == 0x82) return INVALIDATION;
  p += (p[0] & 0xF0) == 0x40;
  if (p[0] == 0x0F && p[1] == 0x22 && (p[2] & 0x38) == 0x18) return SWITCH;
  return p[0] == 0x0F && p[1] == 0x01 && (p[2] & 0x38) == 0x38 && p[2] < 0xC0 ? INVALIDATION : NONE;
}
static enum event aarch64_event(uint32_t w) {
  return (w & ~31u) == 0xD5182000 ? SWITCH : (w & 0xFFF8F000) == 0xD5088000 ? INVALIDATION : NONE;
}
static enum event riscv64_event(uint32_t w) {
  if ((w & 0xFFF0007F) == 0x18000073 && w >> 12 & 7) return SWITCH;
  return (w & 0xFE007FFF) == 0x12000073 ? INVALIDATION : NONE;
}
static enum event event_of(const struct qemu_plugin_insn *insn) {
  uint8_t bytes[16] = {};
  uint32_t word;
  size_t size = qemu_plugin_insn_size(insn);
  memcpy(bytes, qemu_plugin_insn_data(insn), size < sizeof bytes ? size : sizeof bytes);
  memcpy(&word, bytes, sizeof word);
  return *arch == 'x' ? x86_64_event(bytes) : *arch == 'a' ? aarch64_event(word) : riscv64_event(word);
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  bool kernel = qemu_plugin_tb_vaddr(tb) >> 63;
  qemu_plugin_register_vcpu_tb_exec_cb(tb, entered, 0, (void *)(uintptr_t)kernel);
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
    enum event event = kernel ? event_of(insn) : NONE;
    if (event != NONE) qemu_plugin_register_vcpu_insn_exec_cb(insn, happened, 0, (void *)(uintptr_t)event);
    if (qemu_plugin_insn_vaddr(insn) - mark < MARK_BYTES)
      qemu_plugin_register_vcpu_mem_cb(insn, marked, 0, WRITES, nullptr);
  }
}

static void ended(uint64_t id, void *data) {
  (void)id, (void)data;
  FILE *f = fopen(out, "w");
  if (!f) return;
  for (unsigned i = 1; i < ROWS; i++)
    if (row[i].runs)
      fprintf(f, "EVENTS %u %llu %llu %llu %llu\n", i, (unsigned long long)row[i].runs,
              (unsigned long long)row[i].count[SWITCH], (unsigned long long)row[i].count[INVALIDATION],
              (unsigned long long)row[i].count[TRAP]);
  fclose(f);
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv) {
  (void)info;
  for (int i = 0; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    if (!value) return 1;
    *value++ = 0;
    if (!strcmp(argv[i], "arch")) arch = strdup(value);
    if (!strcmp(argv[i], "out")) out = strdup(value);
    if (!strcmp(argv[i], "mark")) mark = strtoull(value, nullptr, 16);
    if (!strcmp(argv[i], "marks")) marks = strtoull(value, nullptr, 16);
  }
  if (!arch || !out || !mark || !marks) return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, ended, nullptr);
  return 0;
}
