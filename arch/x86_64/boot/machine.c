// machine.c: x86_64 for the loader.
#include "firmware.h"
#include "machine.h"
#include <string.h>

struct cpuid {
  uint32_t a, b, c, d;
};
static struct cpuid cpuid(uint32_t leaf) {
  struct cpuid r;
  __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(0));
  return r;
}
static void out(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
static uint8_t in(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
static uint64_t tsc(void) {
  uint32_t low, high;
  __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high));
  return (uint64_t)high << 32 | low;
}

uint64_t machine_cpu(void) { // Intel SDM vol. 3A, 9.4.6
  if (cpuid(0).a >= 11 && cpuid(11).b) return cpuid(11).d;
  return cpuid(1).b >> 24;
}

fault machine_check(void) {
  uint64_t cr4;
  __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
  if (cr4 & 1 << 12) return "the firmware uses 5-level paging (LA57), which the kernel does not";
  if (cpuid(0x80000000).a < 0x80000001 || !(cpuid(0x80000001).d & 1 << 20)) return "it can not forbid execution (NX)";
  return nullptr;
}

// A 16550 keeps what is written to its scratch register; an empty port reads as ones.
static bool is_serial(uint16_t base) {
  out(base + 7, 0x5a);
  return in(base + 7) == 0x5a;
}

// From CPUID where it is told (vol. 2A, leaf 15H; hypervisors, leaf 40000010H), else against the firmware's clock: the
// shortest of three measurements, as anything that disturbs one makes it longer.
static uint64_t tsc_hz(void) {
  if (cpuid(0).a >= 0x15) {
    struct cpuid r = cpuid(0x15);
    if (r.a && r.b && r.c) return (uint64_t)r.c * r.b / r.a;
  }
  if (cpuid(1).c >> 31 && cpuid(0x40000000).a >= 0x40000010 && cpuid(0x40000010).a)
    return cpuid(0x40000010).a * 1000ull;
  uint64_t best = UINT64_MAX;
  for (int i = 0; i < 3; i++) {
    uint64_t before = tsc();
    efi->BootServices->Stall(10000);
    uint64_t ticks = tsc() - before;
    if (ticks < best) best = ticks;
  }
  return best * 100;
}

void machine_ports(struct exo_boot *boot) {
  enum { COM1 = 0x3f8, COM2 = 0x2f8, DEBUG_EXIT = 0x501 };
  if (!boot->console.kind && is_serial(COM1)) boot->console = (struct exo_boot_serial){COM1, EXO_PORT_16550_IO, 0};
  if (boot->console.base != COM2 && is_serial(COM2))
    boot->results = (struct exo_boot_serial){COM2, EXO_PORT_16550_IO, 0};
  boot->power_base = DEBUG_EXIT;
  boot->timer_hz = tsc_hz();
}

void machine_sync_code(const void *at, size_t size) { (void)at, (void)size; } // caches are coherent

extern uint8_t trampoline_begin[], trampoline_end[], trampoline_enter[], trampoline_root[], trampoline_kernel[],
    trampoline_far[], trampoline_far_boot[], trampoline_gdtr[], trampoline_long[], trampoline_long_boot[],
    trampoline_gdt[];

static void patch(uint8_t *page, const uint8_t *label, uint64_t value, size_t size) {
  memcpy(page + (label - trampoline_begin), &value, size);
}

void machine_trampoline(void *page, uint64_t root, uint64_t low_root, uint64_t entry) {
  uint64_t base = (uintptr_t)page - (uintptr_t)trampoline_begin; // of a label's value in the page
  (void)low_root;
  memcpy(page, trampoline_begin, (size_t)(trampoline_end - trampoline_begin));
  patch(page, trampoline_root, root, 8);
  patch(page, trampoline_kernel, entry, 8);
  patch(page, trampoline_far, base + (uintptr_t)trampoline_long, 4);
  patch(page, trampoline_far_boot, base + (uintptr_t)trampoline_long_boot, 4);
  patch(page, trampoline_gdtr + 2, base + (uintptr_t)trampoline_gdt, 8);
}

void machine_enter(uint64_t trampoline, uint64_t boot) {
  void (*enter)(uint64_t) = (void (*)(uint64_t))(trampoline + (uint64_t)(trampoline_enter - trampoline_begin));
  enter(boot);
  __builtin_unreachable();
}

void machine_exit(uint64_t power_base) { // QEMU's isa-debug-exit; elsewhere nobody listens at this port
  (void)power_base;
  out(0x501, EXIT_LOADER);
}
