// fdt.c: the flattened device tree, by way of libfdt (Devicetree Specification 0.4 and its bindings). Pure.
//
// Addresses are taken as the CPU's: on the machines we know, every bus above these devices translates one to one.
#include "loader.h"
#include <libfdt.h>
#include <string.h>

// `cells` big-endian words as one number; the caller has checked that they exist.
static uint64_t number(const fdt32_t *cell, int cells) {
  uint64_t value = 0;
  for (int i = 0; i < cells; i++) value = value << 32 | fdt32_to_cpu(cell[i]);
  return value;
}

static uint64_t property(const void *fdt, int node, const char *name, uint64_t otherwise) {
  int length = 0;
  const fdt32_t *value = node < 0 ? nullptr : fdt_getprop(fdt, node, name, &length);
  return value && (length == 4 || length == 8) ? number(value, length / 4) : otherwise;
}

// The index-th pair of the node's `reg`.
static bool reg(const void *fdt, int node, int index, uint64_t *base, uint64_t *size) {
  int parent = fdt_parent_offset(fdt, node), length = 0;
  const fdt32_t *value = fdt_getprop(fdt, node, "reg", &length);
  if (parent < 0 || !value) return false;
  int address_cells = fdt_address_cells(fdt, parent), size_cells = fdt_size_cells(fdt, parent);
  int each = address_cells + size_cells;
  if (address_cells < 1 || address_cells > 2 || size_cells < 0 || size_cells > 2) return false;
  if ((index + 1) * each * 4 > length) return false;
  *base = number(value + index * each, address_cells);
  *size = number(value + index * each + address_cells, size_cells);
  return true;
}

static int find(const void *fdt, const char *const *names) {
  for (; *names; names++) {
    int node = fdt_node_offset_by_compatible(fdt, -1, *names);
    if (node >= 0) return node;
  }
  return -1;
}
#define FIND(fdt, ...) find(fdt, (const char *const[]){__VA_ARGS__, nullptr})

static bool is_enabled(const void *fdt, int node) {
  const char *status = fdt_getprop(fdt, node, "status", nullptr);
  return !status || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}

static fault cpus(struct found *found, const void *fdt) {
  int all = fdt_path_offset(fdt, "/cpus"), node;
  if (all < 0) return "no /cpus";
  found->boot->timer_hz = property(fdt, all, "timebase-frequency", 0);
  fdt_for_each_subnode(node, fdt, all) {
    const char *type = fdt_getprop(fdt, node, "device_type", nullptr);
    uint64_t id, none;
    if (!type || strcmp(type, "cpu") != 0 || !is_enabled(fdt, node) || !reg(fdt, node, 0, &id, &none)) continue;
    device_add_cpu(found->boot, id);
  }
  return nullptr;
}

static fault reserve(struct found *found, uint64_t base, uint64_t size) {
  if (!size) return nullptr;
  if (found->reserved_count == sizeof found->reserved / sizeof found->reserved[0]) return "too much reserved memory";
  if (size > UINT64_MAX - base) return "a memory reservation ends behind the end";
  found->reserved[found->reserved_count].base = base;
  found->reserved[found->reserved_count++].size = size;
  return nullptr;
}

// The header's list, and /reserved-memory: on RISC-V the only place that tells where the SBI firmware lies.
static fault reservations(struct found *found, const void *fdt) {
  fault f = nullptr;
  uint64_t base, size;
  for (int i = 0, n = fdt_num_mem_rsv(fdt); i < n && !f; i++)
    if (fdt_get_mem_rsv(fdt, i, &base, &size) == 0) f = reserve(found, base, size);
  int all = fdt_path_offset(fdt, "/reserved-memory"), node;
  if (all < 0 || f) return f;
  fdt_for_each_subnode(node, fdt, all) {
    for (int i = 0; !f && reg(fdt, node, i, &base, &size) && size; i++) f = reserve(found, base, size);
    if (f) return f;
  }
  return nullptr;
}

static int stdout_node(const void *fdt) {
  const char *path = fdt_stringlist_get(fdt, fdt_path_offset(fdt, "/chosen"), "stdout-path", 0, nullptr);
  if (!path) return FIND(fdt, "arm,pl011", "ns16550a", "ns16550");
  const char *options = strchr(path, ':');
  return fdt_path_offset_namelen(fdt, path, options ? (int)(options - path) : (int)strlen(path));
}

static fault console(struct found *found, const void *fdt) {
  int node = stdout_node(fdt);
  uint64_t base, size;
  if (node < 0 || !reg(fdt, node, 0, &base, &size)) return nullptr;
  bool is_pl011 = fdt_node_check_compatible(fdt, node, "arm,pl011") == 0;
  if (!is_pl011 && fdt_node_check_compatible(fdt, node, "ns16550a") != 0 &&
      fdt_node_check_compatible(fdt, node, "ns16550") != 0)
    return nullptr;
  found->boot->console = (struct exo_boot_serial){base, is_pl011 ? EXO_PORT_PL011 : EXO_PORT_16550_MMIO,
                                                  (uint32_t)property(fdt, node, "reg-shift", 0) & 7};
  return device_add(found->boot, base, size);
}

static fault interrupts(struct found *found, const void *fdt) {
  uint64_t *base = found->boot->interrupt_base, size;
  int plic = FIND(fdt, "sifive,plic-1.0.0", "riscv,plic0");
  int v3 = FIND(fdt, "arm,gic-v3"), v2 = FIND(fdt, "arm,cortex-a15-gic", "arm,gic-400");
  fault f = nullptr;
  if (plic >= 0 && reg(fdt, plic, 0, &base[0], &size)) return device_add(found->boot, base[0], size);
  int gic = v3 >= 0 ? v3 : v2;
  if (gic < 0) return "no interrupt controller that is known";
  base[2] = v3 >= 0 ? 3 : 2;
  for (int i = 0; i < 2 && !f; i++) { // distributor, then redistributors (v2: the CPU interface)
    if (!reg(fdt, gic, i, &base[i], &size)) return "the interrupt controller has no registers";
    f = device_add(found->boot, base[i], size);
  }
  return f;
}

// arm,armv8-timer: triples {1 = PPI, number, flags} for secure, physical, virtual, hypervisor.
static void timer(struct found *found, const void *fdt) {
  int node = FIND(fdt, "arm,armv8-timer"), length = 0;
  const fdt32_t *value = node < 0 ? nullptr : fdt_getprop(fdt, node, "interrupts", &length);
  if (value && length >= 36 && fdt32_to_cpu(value[6]) == 1) found->boot->timer_interrupt = 16 + fdt32_to_cpu(value[7]);
}

static fault power(struct found *found, const void *fdt) {
  int test = FIND(fdt, "sifive,test0"), psci = FIND(fdt, "arm,psci-1.0", "arm,psci-0.2", "arm,psci");
  uint64_t size;
  if (test >= 0 && reg(fdt, test, 0, &found->boot->power_base, &size))
    return device_add(found->boot, found->boot->power_base, size);
  const char *method = psci < 0 ? nullptr : fdt_getprop(fdt, psci, "method", nullptr);
  if (method) found->boot->power_base = strcmp(method, "hvc") == 0 ? 1 : 2;
  return nullptr;
}

// The I/O window in a PCI host bridge's `ranges`: {flags, child (2 cells), parent (2), size (2)}; space 1 is I/O.
static fault io_window(struct found *found, const void *fdt, int node) {
  int length = 0;
  const fdt32_t *value = fdt_getprop(fdt, node, "ranges", &length);
  for (int at = 0; value && (at + 7) * 4 <= length; at += 7) {
    if ((fdt32_to_cpu(value[at]) >> 24 & 3) != 1) continue;
    found->io_port = number(value + at + 1, 2);
    found->io_window = number(value + at + 3, 2);
    found->io_size = number(value + at + 5, 2);
    return device_add(found->boot, found->io_window, found->io_size);
  }
  return nullptr;
}

static fault pci(struct found *found, const void *fdt) {
  struct exo_boot *boot = found->boot;
  int node = FIND(fdt, "pci-host-ecam-generic"), length = 0;
  uint64_t base, size;
  if (node < 0 || !reg(fdt, node, 0, &base, &size) || size < 1 << 20) return nullptr;
  const fdt32_t *buses = fdt_getprop(fdt, node, "bus-range", &length);
  uint32_t first = buses && length == 8 ? fdt32_to_cpu(buses[0]) & 255 : 0;
  uint64_t count = size >> 20 < 256u - first ? size >> 20 : 256u - first;
  if (base < (uint64_t)first << 20) return "the PCI bus range is wrong";
  fault f = device_add(boot, base, count << 20);
  boot->ecam[0] = (struct exo_boot_ecam){base - ((uint64_t)first << 20), first, first + (uint32_t)count - 1};
  boot->ecam_count = 1;
  return f ? f : io_window(found, fdt, node);
}

static fault virtio(struct found *found, const void *fdt) {
  struct exo_boot *boot = found->boot;
  fault f = nullptr;
  int node = -1;
  while (!f && (node = fdt_node_offset_by_compatible(fdt, node, "virtio,mmio")) >= 0) {
    uint64_t base, size;
    if (!reg(fdt, node, 0, &base, &size) || boot->virtio_count == EXO_BOOT_VIRTIO) continue;
    boot->virtio_mmio[boot->virtio_count++] = base;
    f = device_add(boot, base, size);
  }
  return f;
}

fault fdt_read(struct found *found, const void *fdt, size_t size) {
  if (size < sizeof(struct fdt_header) || fdt_check_header(fdt) != 0) return "not a device tree";
  if (fdt_totalsize(fdt) > size) return "truncated";
  fault f;
  if ((f = power(found, fdt)) || (f = cpus(found, fdt)) || (f = reservations(found, fdt)) ||
      (f = console(found, fdt)) || (f = interrupts(found, fdt)) || (f = pci(found, fdt)))
    return f;
  timer(found, fdt);
  return virtio(found, fdt);
}
