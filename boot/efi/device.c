// device.c: the lists that ACPI and FDT fill. Pure.
#include "loader.h"

void device_add_cpu(struct exo_boot *boot, uint64_t hardware_id) {
  for (uint32_t i = 0; i < boot->cpu_count; i++)
    if (boot->cpu_hardware_id[i] == hardware_id) return;
  if (boot->cpu_count < EXO_MAX_CPUS)
    boot->cpu_hardware_id[boot->cpu_count++] = hardware_id;
  else
    boot->cpus_left_out++;
}

static bool touches(const struct exo_boot_device *d, uint64_t first, uint64_t end) {
  return d->physical <= end && first <= d->physical + d->size;
}

// A window that touches others swallows them, so that no page is mapped twice.
fault device_add(struct exo_boot *boot, uint64_t physical, uint64_t size) {
  uint64_t limit = EXO_DEVICE_SPAN;
  if (!size || physical >= limit || size > limit - physical)
    return "a device's registers lie beyond the kernel's window for them";
  uint64_t first = physical & -(uint64_t)EXO_PAGE, end = frames_of(physical + size) * EXO_PAGE;
  for (uint32_t i = 0; i < boot->device_count;) {
    const struct exo_boot_device *d = &boot->device[i];
    if (!touches(d, first, end)) {
      i++;
      continue;
    }
    if (d->physical < first) first = d->physical;
    if (d->physical + d->size > end) end = d->physical + d->size;
    boot->device[i] = boot->device[--boot->device_count];
    i = 0; // the window has grown
  }
  if (boot->device_count == EXO_BOOT_DEVICES) return "more register windows than the handover has room for";
  boot->device[boot->device_count++] = (struct exo_boot_device){first, end - first};
  return nullptr;
}
