// machine.c: RISC-V for the loader.
#include "firmware.h"
#include "machine.h"
#include <string.h>

#define SATP_MODE ((EXO_ADDRESS_BITS == 39 ? 8ull : 9ull) << 60)

struct boot_protocol { // RISCV_EFI_BOOT_PROTOCOL, revision 1.0
  uint64_t revision;
  EFI_STATUS(EFIAPI *boot_hart)(struct boot_protocol *this, uint64_t *hart);
};

uint64_t machine_cpu(void) {
  static EFI_GUID guid = {0xccd15fec, 0x6f73, 0x4eec, {0x83, 0x95, 0x3e, 0x69, 0xe4, 0xb9, 0x40, 0xbf}};
  struct boot_protocol *protocol;
  uint64_t hart;
  if (efi->BootServices->LocateProtocol(&guid, nullptr, (void **)&protocol) != EFI_SUCCESS ||
      protocol->boot_hart(protocol, &hart) != EFI_SUCCESS)
    fail("firmware", "it does not tell the boot hart (RISCV_EFI_BOOT_PROTOCOL)");
  return hart;
}

// satp does not take a mode that the hart has not (Privileged Architecture, "Supervisor Address Translation"): try it,
// on a table of huge leaves that maps everything one to one.
fault machine_check(void) {
  alignas(4096) static uint64_t table[512];
  uint64_t satp = SATP_MODE | (uintptr_t)table >> 12, old, got, sstatus;
  for (uint64_t i = 0; i < 256; i++) table[i] = i << (EXO_ADDRESS_BITS - 11) | 0xcf; // D A X W R V
  __asm__ volatile("csrrci %0, sstatus, 2\n"
                   "csrr %1, satp\n"
                   "sfence.vma\n"
                   "csrw satp, %3\n"
                   "csrr %2, satp\n"
                   "csrw satp, %1\n"
                   "sfence.vma\n"
                   "andi %0, %0, 2\n"
                   "csrs sstatus, %0"
                   : "=&r"(sstatus), "=&r"(old), "=&r"(got)
                   : "r"(satp)
                   : "memory");
  if (got == satp) return nullptr;
  return EXO_ADDRESS_BITS == 39 ? "it has no 39-bit paging (Sv39)"
                                : "it has no 48-bit paging (Sv48); a kernel built with EXO_KERNEL_BASE=sv39 needs less";
}

void machine_ports(struct exo_boot *boot) { (void)boot; } // the tables tell all

void machine_sync_code(const void *at, size_t size) {
  (void)at, (void)size;
  __asm__ volatile("fence.i" ::: "memory"); // this hart; the others do it in the trampoline
}

extern uint8_t trampoline_begin[], trampoline_end[], trampoline_enter[], trampoline_satp[], trampoline_kernel[];

static void patch(uint8_t *page, const uint8_t *label, uint64_t value) {
  memcpy(page + (label - trampoline_begin), &value, sizeof value);
}

void machine_trampoline(void *page, uint64_t root, uint64_t low_root, uint64_t entry) {
  (void)low_root;
  memcpy(page, trampoline_begin, (size_t)(trampoline_end - trampoline_begin));
  patch(page, trampoline_satp, SATP_MODE | root >> 12);
  patch(page, trampoline_kernel, entry);
}

void machine_enter(uint64_t trampoline, uint64_t boot) {
  void (*enter)(uint64_t, uint64_t) =
      (void (*)(uint64_t, uint64_t))(trampoline + (uint64_t)(trampoline_enter - trampoline_begin));
  const struct exo_boot *b = (const void *)(boot - EXO_DIRECT_BASE);
  enter(boot, b->cpu_hardware_id[0]);
  __builtin_unreachable();
}

void machine_exit(uint64_t power_base) { // sifive_test, if the device tree has told of one
  if (power_base) *(volatile uint32_t *)power_base = (uint32_t)EXIT_LOADER << 16 | 0x3333;
}
