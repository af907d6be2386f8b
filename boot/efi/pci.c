// pci.c: finds a 16550 behind PCI (QEMU's pci-serial), the second serial port of machines that have but one themselves.
#include "loader.h"

enum { SERIAL_ID = 0x00021b36, COMMAND_IO = 1, BAR0 = 0x10, PORTS = 8 }; // device and vendor; PCI 3.0, 6.1

static volatile uint32_t *config(const struct exo_boot_ecam *ecam, uint32_t bus, uint32_t slot, uint32_t offset) {
  return (volatile uint32_t *)(ecam->physical + (bus << 20 | slot << 15 | offset));
}

// Firmware that did not look for serial ports may have left the BAR empty; the window's end is where nobody else is.
static uint64_t assign(const struct found *found, volatile uint32_t *bar) {
  uint64_t port = *bar & ~3u;
  if (!(*bar & 1)) return UINT64_MAX; // not an I/O BAR
  if (port && port >= found->io_port && port - found->io_port <= found->io_size - PORTS) return port;
  port = found->io_port + found->io_size - PORTS;
  *bar = (uint32_t)port;
  return port;
}

void pci_find_serial(struct found *found) {
  struct exo_boot *boot = found->boot;
  if (boot->results.kind || !boot->ecam_count || found->io_size < PORTS) return;
  const struct exo_boot_ecam *ecam = &boot->ecam[0];
  for (uint32_t slot = 0; slot < 32; slot++) {
    if (*config(ecam, ecam->first_bus, slot, 0) != SERIAL_ID) continue;
    uint64_t port = assign(found, config(ecam, ecam->first_bus, slot, BAR0));
    if (port == UINT64_MAX) continue;
    *config(ecam, ecam->first_bus, slot, 4) = COMMAND_IO; // I/O on, memory and bus mastering off, status untouched
    boot->results = (struct exo_boot_serial){found->io_window + (port - found->io_port), EXO_PORT_16550_MMIO, 0};
    return;
  }
}
