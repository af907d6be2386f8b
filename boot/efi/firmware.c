// firmware.c: what the firmware tells: memory map, configuration tables, framebuffer; and the way out of it.
#include "firmware.h"
#include <string.h>

bool firmware_is_guid(const EFI_GUID *a, const EFI_GUID *b) { return memcmp(a, b, sizeof *a) == 0; }

static void *configuration_table(EFI_GUID guid) {
  for (UINTN i = 0; i < efi->NumberOfTableEntries; i++)
    if (firmware_is_guid(&efi->ConfigurationTable[i].VendorGuid, &guid)) return efi->ConfigurationTable[i].VendorTable;
  return nullptr;
}

// The buffer is taken once, with room to grow: taking it changes the map.
void firmware_map(struct memory_map *out, struct map *map) {
  UINT32 version;
  UINTN size = out->size;
  if (!out->data) {
    UINTN key, stride;
    efi->BootServices->GetMemoryMap(&size, nullptr, &key, &stride, &version);
    out->size = size = frames_of(size + 64 * stride) * EXO_PAGE;
    out->data = (void *)memory_take(size / EXO_PAGE, UINT64_MAX, 0, "memory map");
  }
  if (efi->BootServices->GetMemoryMap(&size, out->data, &out->key, &out->stride, &version) != EFI_SUCCESS)
    fail("memory map", "it grows faster than it can be read");
  check("memory map", map_read(map, out->data, size, out->stride));
  map_limit(map, EXO_DIRECT_SPAN / EXO_PAGE);
}

// A table's own length tells how much may be read; 16 MiB is more than any has.
static size_t acpi_length(const void *table) {
  uint32_t length;
  memcpy(&length, (const uint8_t *)table + 4, sizeof length);
  return length < 36 || length > 16 << 20 ? 0 : length;
}

static void read_acpi(struct found *found, const void *rsdp) {
  uint64_t xsdt = acpi_xsdt_address(rsdp, 36);
  if (!xsdt) fail("ACPI", "its root pointer is damaged or has no XSDT");
  size_t size = acpi_length((void *)xsdt);
  check("ACPI: XSDT", acpi_check((void *)xsdt, size));
  for (size_t i = 0;; i++) {
    const void *table = (const void *)acpi_xsdt_entry((void *)xsdt, size, i);
    if (!table) return;
    check("ACPI", acpi_table(found, table, acpi_length(table)));
  }
}

// The device tree wins where the firmware offers both.
void firmware_tables(struct found *found) {
  const uint8_t *fdt = configuration_table((EFI_GUID)EFI_DTB_TABLE_GUID);
  const void *rsdp = configuration_table((EFI_GUID)ACPI_20_TABLE_GUID);
  if (fdt) {
    uint32_t size = (uint32_t)fdt[4] << 24 | (uint32_t)fdt[5] << 16 | (uint32_t)fdt[6] << 8 | fdt[7];
    check("device tree", fdt_read(found, fdt, size > 16 << 20 ? 0 : size));
  } else if (rsdp) {
    read_acpi(found, rsdp);
  } else {
    fail("firmware", "it has neither a device tree nor ACPI 2.0 tables");
  }
}

void firmware_framebuffer(struct exo_boot *boot) {
  static EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
  EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;
  if (efi->BootServices->LocateProtocol(&guid, nullptr, (void **)&gop) != EFI_SUCCESS || !gop->Mode) return;
  const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info = gop->Mode->Info;
  uint64_t at = gop->Mode->FrameBufferBase, size = gop->Mode->FrameBufferSize;
  if (!info || !at || !size || info->PixelFormat >= PixelBltOnly) return;
  if (device_add(boot, at, size)) return; // no picture is no reason not to start
  boot->framebuffer = (struct exo_boot_framebuffer){.physical = at,
                                                    .size = size,
                                                    .width = info->HorizontalResolution,
                                                    .height = info->VerticalResolution,
                                                    .stride_bytes = info->PixelsPerScanLine * 4,
                                                    .format = info->PixelFormat};
}

// UEFI 2.10, 7.4.6: the key may be stale, as events run; then the map is read again, and nothing else is called.
void firmware_leave(struct map *map, void (*commit)(const struct map *)) {
  static struct memory_map final;
  for (int tries = 0; tries < 8; tries++) {
    firmware_map(&final, map);
    memory_claims(map);
    commit(map);
    if (efi->BootServices->ExitBootServices(efi_image, final.key) == EFI_SUCCESS) return;
  }
  fail("firmware", "it does not let go: ExitBootServices fails again and again");
}
