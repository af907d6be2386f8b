// pci.c: what PCI functions there are, and none of them a bus master until it has an owner: firmware leaves devices
// with the right to write memory, and nothing of ours confines them yet (PCI Local Bus 3.0, 6.1 and 6.2.2).
#include "core.h"

enum { PCI_ID = 0, PCI_COMMAND = 4, PCI_CLASS = 8, PCI_HEADER = 0xC, PCI_MASTER = 4, CLASS_BRIDGE = 6 };

static volatile uint32_t *config(const struct exo_boot_ecam *e, unsigned bus, unsigned function, unsigned reg) {
  return device(e->physical + ((uint64_t)bus << 20 | function << 12 | reg));
}

// One function: 1 if there is one. A bus master that is not a bridge is made quiet, or counted if only asked.
static unsigned function_visit(const struct exo_boot_ecam *e, unsigned bus, unsigned f, bool change,
                               unsigned *masters) {
  if ((*config(e, bus, f, PCI_ID) & 0xFFFF) == 0xFFFF) return 0;
  if (*config(e, bus, f, PCI_CLASS) >> 24 == CLASS_BRIDGE) return 1;
  volatile uint32_t *command = config(e, bus, f, PCI_COMMAND);
  if (!(*command & PCI_MASTER)) return 1;
  ++*masters;
  if (change) *command = *command & 0xFFFF & ~(uint32_t)PCI_MASTER; // status above is write-1-to-clear: write zeros
  return 1;
}

static unsigned bus_visit(const struct exo_boot_ecam *e, unsigned bus, bool change, unsigned *masters) {
  unsigned found = 0;
  for (unsigned device_number = 0; device_number < 32; device_number++) {
    unsigned f = device_number << 3;
    if (!function_visit(e, bus, f, change, masters)) continue;
    found++;
    if (!(*config(e, bus, f, PCI_HEADER) >> 16 & 0x80)) continue;
    for (unsigned i = 1; i < 8; i++) found += function_visit(e, bus, f + i, change, masters);
  }
  return found;
}

static unsigned visit_all(bool change, unsigned *masters) {
  unsigned found = 0;
  for (uint32_t i = 0; i < boot->ecam_count; i++)
    for (uint32_t bus = boot->ecam[i].first_bus; bus <= boot->ecam[i].last_bus; bus++)
      found += bus_visit(&boot->ecam[i], bus, change, masters);
  return found;
}

// virtio-mmio: a device that is not reset may still fill the firmware's rings (virtio 1.2, 4.2.2: Status at 0x70).
static void virtio_reset(void) {
  for (uint32_t i = 0; i < boot->virtio_count; i++)
    if (*(volatile uint32_t *)device(boot->virtio_mmio[i]) == 0x74726976)
      *(volatile uint32_t *)device(boot->virtio_mmio[i] + 0x70) = 0;
}

unsigned pci_quiet(void) {
  unsigned masters = 0;
  virtio_reset();
  return visit_all(true, &masters);
}

bool pci_is_quiet(void) {
  unsigned masters = 0;
  visit_all(false, &masters);
  return masters == 0;
}
