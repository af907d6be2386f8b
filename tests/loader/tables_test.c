// tables_test.c: ACPI tables and device trees, as QEMU's machines have them.
#include "test.h"
#include <libfdt.h>

static struct exo_boot boot;
static struct found found;
static void start(void) {
  boot = (struct exo_boot){};
  found = (struct found){.boot = &boot};
}

struct bytes {
  uint8_t at[512];
  uint32_t size;
};
static void put(struct bytes *b, uint64_t value, size_t size) {
  memcpy(b->at + b->size, &value, size);
  b->size += (uint32_t)size;
}
static struct bytes begin(const char *signature) {
  struct bytes b = {.size = 36};
  memcpy(b.at, signature, 4);
  return b;
}
static void finish(struct bytes *b) {
  uint8_t sum = 0;
  memcpy(b->at + 4, &b->size, 4);
  b->at[9] = 0;
  for (uint32_t i = 0; i < b->size; i++) sum = (uint8_t)(sum + b->at[i]);
  b->at[9] = (uint8_t)-sum;
}

void parse_acpi(const void *input, size_t size) {
  start();
  acpi_table(&found, input, size);
  WANT(boot.device_count <= EXO_BOOT_DEVICES && boot.ecam_count <= EXO_BOOT_ECAMS && boot.cpu_count <= EXO_MAX_CPUS);
  acpi_xsdt_address(input, size);
  for (size_t i = 0; size >= 8 && i < 8; i++) acpi_xsdt_entry(input, size, i);
}
// Damage that the checksum would catch reaches further with a right one.
void parse_acpi_summed(const void *input, size_t size) {
  struct bytes b = {.size = size < sizeof b.at ? (uint32_t)size : sizeof b.at};
  memcpy(b.at, input, b.size);
  if (b.size >= 36) finish(&b);
  void *copy = exact(b.at, b.size);
  parse_acpi(copy, b.size);
  free(copy);
}

static struct bytes madt(void) {
  struct bytes b = begin("APIC");
  put(&b, 0xfee00000, 4), put(&b, 1, 4);
  for (uint64_t id = 0; id < 3; id++) // the third one is disabled
    put(&b, 0x0800 | id << 24, 4), put(&b, id < 2, 4);
  put(&b, 0x0c01, 4), put(&b, 0xfec00000, 4), put(&b, 0, 4);
  finish(&b);
  return b;
}

void acpi_test(void) {
  struct bytes b = madt();
  start();
  WANT(!acpi_table(&found, b.at, b.size));
  WANT(boot.cpu_count == 2 && boot.interrupt_base[0] == 0xfee00000 && boot.interrupt_base[1] == 0xfec00000);
  WANT(boot.device_count == 2);
  test_damage(b.at, b.size, parse_acpi, 5000);
  test_damage(b.at, b.size, parse_acpi_summed, 20000);
  b.at[45] = 0; // the first entry's length
  finish(&b);
  WANT(says(acpi_table(&found, b.at, b.size), "entry's length"));
  b.at[20]++;
  WANT(says(acpi_table(&found, b.at, b.size), "checksum"));
  WANT(says(acpi_table(&found, b.at, b.size - 1), "length"));

  b = begin("MCFG");
  put(&b, 0, 8), put(&b, 0xb0000000, 8), put(&b, 0xff000000, 4), put(&b, 0, 4);
  finish(&b);
  WANT(!acpi_table(&found, b.at, b.size) && boot.ecam_count == 1 && boot.ecam[0].last_bus == 255);
  test_damage(b.at, b.size, parse_acpi_summed, 20000);
  b = begin("SPCR");
  put(&b, 3, 4), put(&b, 0x03002000, 4), put(&b, 0x09000000, 8);
  finish(&b);
  start();
  WANT(!acpi_table(&found, b.at, b.size) && boot.console.kind == EXO_PORT_PL011 && boot.console.base == 0x9000000);
  test_damage(b.at, b.size, parse_acpi_summed, 5000);
}

// A small machine: two harts, a reserved piece, console, PLIC, PCI, one virtio window, the exit device.
static void cells(void *fdt, const char *name, const uint32_t *value, int count) {
  fdt32_t big[32];
  for (int i = 0; i < count; i++) big[i] = cpu_to_fdt32(value[i]);
  WANT(fdt_property(fdt, name, big, count * 4) == 0);
}
#define CELLS(name, ...) cells(fdt, name, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

static void node(void *fdt, const char *name, const char *compatible, uint32_t base, uint32_t size) {
  fdt_begin_node(fdt, name);
  if (compatible) fdt_property_string(fdt, "compatible", compatible);
  if (size) CELLS("reg", 0, base, 0, size);
}

static void cpu_nodes(void *fdt) {
  fdt_begin_node(fdt, "cpus");
  CELLS("#address-cells", 1), CELLS("#size-cells", 0), CELLS("timebase-frequency", 10000000);
  for (uint32_t i = 0; i < 3; i++) {
    char name[8];
    snprintf(name, sizeof name, "cpu@%u", i);
    fdt_begin_node(fdt, name);
    fdt_property_string(fdt, "device_type", "cpu");
    fdt_property_string(fdt, "status", i == 2 ? "disabled" : "okay");
    CELLS("reg", i);
    fdt_end_node(fdt);
  }
  fdt_end_node(fdt);
}

static void build(void *fdt, int size) {
  fdt_create(fdt, size);
  fdt_finish_reservemap(fdt);
  fdt_begin_node(fdt, "");
  CELLS("#address-cells", 2), CELLS("#size-cells", 2);
  cpu_nodes(fdt);
  fdt_begin_node(fdt, "reserved-memory");
  CELLS("#address-cells", 2), CELLS("#size-cells", 2);
  node(fdt, "mmode@80000000", nullptr, 0x80000000, 0x80000), fdt_end_node(fdt);
  fdt_end_node(fdt);
  fdt_begin_node(fdt, "chosen");
  fdt_property_string(fdt, "stdout-path", "/serial@10000000:115200");
  fdt_end_node(fdt);
  node(fdt, "serial@10000000", "ns16550a", 0x10000000, 0x100), fdt_end_node(fdt);
  node(fdt, "plic@c000000", "sifive,plic-1.0.0", 0xc000000, 0x600000), fdt_end_node(fdt);
  node(fdt, "test@100000", "sifive,test0", 0x100000, 0x1000), fdt_end_node(fdt);
  node(fdt, "virtio@10001000", "virtio,mmio", 0x10001000, 0x1000), fdt_end_node(fdt);
  node(fdt, "pci@30000000", "pci-host-ecam-generic", 0x30000000, 0x10000000);
  CELLS("bus-range", 0, 255);
  CELLS("ranges", 0x1000000, 0, 0, 0, 0x3000000, 0, 0x10000, 0x2000000, 0, 0x40000000, 0, 0x40000000, 0, 0x40000000);
  fdt_end_node(fdt);
  fdt_end_node(fdt);
  WANT(fdt_finish(fdt) == 0);
}

void parse_fdt(const void *input, size_t size) {
  start();
  fdt_read(&found, input, size);
  WANT(boot.device_count <= EXO_BOOT_DEVICES && boot.virtio_count <= EXO_BOOT_VIRTIO);
}

void fdt_test(void) {
  static uint8_t fdt[4096] __attribute__((aligned(8)));
  build(fdt, sizeof fdt);
  size_t size = fdt_totalsize(fdt);
  start();
  WANT(!fdt_read(&found, fdt, size));
  WANT(boot.cpu_count == 2 && boot.timer_hz == 10000000 && boot.power_base == 0x100000);
  WANT(found.reserved_count == 1 && found.reserved[0].base == 0x80000000 && found.reserved[0].size == 0x80000);
  WANT(boot.console.kind == EXO_PORT_16550_MMIO && boot.console.base == 0x10000000);
  WANT(boot.interrupt_base[0] == 0xc000000 && boot.virtio_count == 1 && boot.virtio_mmio[0] == 0x10001000);
  WANT(boot.ecam_count == 1 && found.io_window == 0x3000000 && found.io_size == 0x10000 && found.io_port == 0);
  WANT(says(fdt_read(&found, fdt, size - 1), "truncated"));
  WANT(says(fdt_read(&found, fdt, 10), "not a device tree"));
  test_damage(fdt, size, parse_fdt, 20000);
}
