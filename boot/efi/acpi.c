// acpi.c: the static ACPI tables (ACPI 6.5, chapter 5; SPCR and MCFG in their own papers). No AML. Pure.
#include "loader.h"
#include <string.h>

struct table {
  const uint8_t *at;
  size_t size;
};
// Little-endian number at `offset`; 0 where the table has ended (older revisions are shorter).
static uint64_t get(struct table t, size_t offset, size_t bytes) {
  uint64_t value = 0;
  if (offset > t.size || bytes > t.size - offset) return 0;
  memcpy(&value, t.at + offset, bytes);
  return value;
}

static bool sums_to_zero(const uint8_t *at, size_t size) {
  uint8_t sum = 0;
  for (size_t i = 0; i < size; i++) sum = (uint8_t)(sum + at[i]);
  return sum == 0;
}

uint64_t acpi_xsdt_address(const void *rsdp, size_t size) { // 5.2.5.3
  struct table t = {rsdp, size};
  if (size < 36 || memcmp(rsdp, "RSD PTR ", 8) != 0 || get(t, 15, 1) < 2 || !sums_to_zero(rsdp, 20)) return 0;
  return get(t, 24, 8);
}

fault acpi_check(const void *table, size_t size) { // 5.2.6
  uint64_t length = get((struct table){table, size}, 4, 4);
  if (size < 36 || length < 36 || length > size) return "a table's length is wrong";
  return sums_to_zero(table, length) ? nullptr : "a table's checksum is wrong";
}

uint64_t acpi_xsdt_entry(const void *xsdt, size_t size, size_t index) { // 5.2.8
  struct table t = {xsdt, size};
  t.size = get(t, 4, 4);
  return index < 4096 && t.size <= size ? get(t, 36 + 8 * index, 8) : 0;
}

// 5.2.12.14-18: the generic interrupt controller of Arm.
static fault madt_arm(struct found *found, struct table e) {
  uint64_t *base = found->boot->interrupt_base;
  switch (get(e, 0, 1)) {
  case 11: // GICC
    if (get(e, 12, 4) & 1) device_add_cpu(found->boot, get(e, 68, 8));
    if (base[1] || !get(e, 60, 8)) return nullptr;
    base[1] = get(e, 60, 8);
    return device_add(found->boot, base[1], 0x20000);
  case 12: // GICD
    base[0] = get(e, 8, 8);
    base[2] = get(e, 20, 1);
    return device_add(found->boot, base[0], 0x10000);
  case 14: // GICR
    base[1] = get(e, 4, 8);
    return device_add(found->boot, base[1], get(e, 12, 4));
  default: return nullptr;
  }
}

// 5.2.12.2-12: local APICs and the I/O APIC whose pins begin at interrupt 0.
static fault madt_entry(struct found *found, struct table e) {
  uint64_t *base = found->boot->interrupt_base;
  switch (get(e, 0, 1)) {
  case 0:
    if (get(e, 4, 4) & 1) device_add_cpu(found->boot, get(e, 3, 1));
    return nullptr;
  case 1:
    if (get(e, 8, 4) != 0) return nullptr;
    base[1] = get(e, 4, 4);
    return device_add(found->boot, base[1], EXO_PAGE);
  case 5: base[0] = get(e, 4, 8); return nullptr;
  case 9:
    if (get(e, 8, 4) & 1) device_add_cpu(found->boot, get(e, 4, 4));
    return nullptr;
  default: return madt_arm(found, e);
  }
}

static fault madt(struct found *found, struct table t) {
  found->boot->interrupt_base[0] = get(t, 36, 4); // the local APIC on x86_64, 0 elsewhere
  for (size_t at = 44, length; at + 2 <= t.size; at += length) {
    length = get(t, at + 1, 1);
    if (length < 2 || length > t.size - at) return "MADT: an entry's length is wrong";
    fault f = madt_entry(found, (struct table){t.at + at, length});
    if (f) return f;
  }
  uint64_t first = found->boot->interrupt_base[0];
  return first ? device_add(found->boot, first, EXO_PAGE) : "MADT: no interrupt controller";
}

static fault mcfg(struct found *found, struct table t) {
  struct exo_boot *boot = found->boot;
  for (size_t at = 44; at + 16 <= t.size; at += 16) {
    struct exo_boot_ecam e = {get(t, at, 8), (uint32_t)get(t, at + 10, 1), (uint32_t)get(t, at + 11, 1)};
    if (get(t, at + 8, 2) != 0 || boot->ecam_count == EXO_BOOT_ECAMS) continue; // segment groups: the first one only
    if (e.last_bus < e.first_bus || e.physical > UINT64_MAX / 2) return "MCFG: a bus range is wrong";
    fault f = device_add(boot, e.physical + ((uint64_t)e.first_bus << 20), (e.last_bus - e.first_bus + 1ull) << 20);
    if (f) return f;
    boot->ecam[boot->ecam_count++] = e;
  }
  return nullptr;
}

static fault spcr(struct found *found, struct table t) {
  uint64_t type = get(t, 36, 1), space = get(t, 40, 1), address = get(t, 44, 8);
  struct exo_boot_serial *console = &found->boot->console;
  if (!address || console->kind) return nullptr;
  bool is_16550 = type == 0 || type == 1 || type == 0x12, is_pl011 = type == 3 || type == 0xe || type == 0xd;
  if (space == 1 && is_16550) {
    *console = (struct exo_boot_serial){address, EXO_PORT_16550_IO, 0};
    return nullptr;
  }
  if (space != 0 || (!is_16550 && !is_pl011)) return nullptr;
  uint32_t shift = get(t, 41, 1) == 32 ? 2 : 0; // register width: the stride of a 16550
  *console = (struct exo_boot_serial){address, is_pl011 ? EXO_PORT_PL011 : EXO_PORT_16550_MMIO, is_pl011 ? 0 : shift};
  return device_add(found->boot, address, EXO_PAGE);
}

fault acpi_table(struct found *found, const void *table, size_t size) {
  fault f = acpi_check(table, size);
  if (f) return f;
  struct table t = {table, size};
  t.size = get(t, 4, 4);
  if (memcmp(table, "APIC", 4) == 0) return madt(found, t);
  if (memcmp(table, "MCFG", 4) == 0) return mcfg(found, t);
  if (memcmp(table, "SPCR", 4) == 0) return spcr(found, t);
  if (memcmp(table, "FACP", 4) == 0 && get(t, 129, 2) & 1) // 5.2.9.4: PSCI is there; bit 1: by HVC
    found->boot->power_base = get(t, 129, 2) & 2 ? 1 : 2;
  if (memcmp(table, "GTDT", 4) == 0) found->boot->timer_interrupt = get(t, 64, 4); // 5.2.25: virtual EL1 timer
  return nullptr;
}
