// main.c: the loader's story: read two files, find out about the machine, build the kernel's world, leave, jump.
#include "firmware.h"
#include "machine.h"
#include <string.h>

#define KERNEL_FILE "kernel-" MACHINE_NAME ".elf"
#define ARCHIVE_FILE "boot-" MACHINE_NAME ".img"
#define INIT_NAME ARCHIVE_FILE ": init"
#define WIDE_(s) u##s
#define WIDE(s) WIDE_(s)
#define KERNEL_HIGH 0xFFFFFFFFFFFFF000ull
#define PROGRAM_LOW 0x10000ull
#define PROGRAM_HIGH ((1ull << (EXO_ADDRESS_BITS - 1)) - 0x100000)
enum { KERNEL_MAX = 64 << 20 };

struct exo_boot *handover;
static struct elf kernel, program;
static struct file kernel_file, archive;
static struct found found;
static struct map map, ram, ram_before;
static struct quiet quiet;

extern const char image_base[]; // efi.ld
EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static void begin(void) {
  efi->BootServices->SetWatchdogTimer(0, 0, 0, nullptr); // the firmware's 5 minutes are not ours
  handover = (void *)memory_take(frames_of(sizeof *handover), UINT64_MAX, EXO_USE_KERNEL, "handover");
  handover->magic = EXO_BOOT_MAGIC;
  handover->version = EXO_BOOT_VERSION;
  handover->size = sizeof *handover;
  handover->loader_physical = (uintptr_t)image_base;
  found.boot = handover;
}

static void discover(void) {
  device_add_cpu(handover, machine_cpu());
  firmware_tables(&found);
  check("CPU", machine_check());
  machine_ports(handover);
  pci_find_serial(&found);
  firmware_framebuffer(handover);
  if (!handover->console.kind && !handover->framebuffer.size)
    fail("firmware", "neither a serial port nor a framebuffer for the kernel's console");
}

static void read_kernel(void) {
  kernel_file = file_read(WIDE("\\EFI\\veridian\\") WIDE(KERNEL_FILE), KERNEL_FILE, 0);
  check(KERNEL_FILE, elf_read(&kernel, kernel_file.data, kernel_file.size, MACHINE_ELF, EXO_LARGE_BASE, KERNEL_HIGH));
  if (kernel.address_bits != EXO_ADDRESS_BITS)
    fail(KERNEL_FILE, "its note names another paging mode than this loader sets up");
  const struct elf_segment *first = &kernel.segment[0], *last = &kernel.segment[kernel.count - 1];
  uint64_t end = last->va + last->memory_bytes;
  if (end - first->va > KERNEL_MAX) fail(KERNEL_FILE, "larger than 64 MiB");
  if (end > EXO_LARGE_BASE + EXO_LARGE_SPAN && first->va < EXO_IMAGE_BASE)
    fail(KERNEL_FILE, "its addresses are those of the direct map and the device windows");
}

static void read_program(void) {
  archive = file_read(WIDE("\\EFI\\veridian\\") WIDE(ARCHIVE_FILE), ARCHIVE_FILE, EXO_USE_ARCHIVE);
  check(ARCHIVE_FILE, archive_check(archive.data, archive.size));
  const struct exo_archive_entry *init = archive_find(archive.data, "init");
  if (!init) fail(INIT_NAME, "not there");
  const uint8_t *file = archive.data + init->offset;
  check(INIT_NAME, elf_read(&program, file, init->size, MACHINE_ELF, PROGRAM_LOW, PROGRAM_HIGH));
  place_program(handover, &program, file);
  handover->archive_frame = (uintptr_t)archive.data / EXO_PAGE;
  handover->archive_bytes = archive.size;
}

static void build(void) {
  static struct memory_map before;
  handover->root_physical = memory_take(1, MACHINE_ROOT_LIMIT, EXO_USE_KERNEL, "page tables");
  handover->low_root_physical =
      MACHINE_TWO_ROOTS ? memory_take(1, MACHINE_ROOT_LIMIT, EXO_USE_KERNEL, "page tables") : handover->root_physical;
  handover->trampoline_physical = memory_take(1, MACHINE_TRAMPOLINE_LIMIT, EXO_USE_KERNEL, "trampoline");
  uint64_t root = handover->root_physical, trampoline = handover->trampoline_physical;
  machine_trampoline((void *)trampoline, root, handover->low_root_physical, kernel.entry);
  pages_map(handover->low_root_physical, trampoline, trampoline, 1, EXO_READ | EXO_EXEC);
  quiet.span[quiet.count].first = trampoline / EXO_PAGE;
  quiet.span[quiet.count++].count = 1;
  place_kernel(handover, &kernel, kernel_file, &quiet);
  file_free(kernel_file);
  place_cpus(handover);
  for (uint32_t i = 0; i < handover->device_count; i++)
    pages_map_device(root, handover->device[i].physical, handover->device[i].size);
  firmware_map(&before, &map);
  map_ram(&ram_before, &map, 1);
  place_frame_table(handover, &map);
  pages_map_direct(root, &ram_before, &quiet);
}

// The final map becomes the handover's ranges. Called before each try to leave, while lines can still be printed.
static void commit(const struct map *final) {
  static struct map mine;
  mine = *final;
  map_ram(&ram, final, 1);
  if (!map_same(&ram, &ram_before)) fail("memory map", "RAM came or went while loading");
  for (uint32_t i = 0; i < found.reserved_count; i++) {
    uint64_t first = found.reserved[i].base / EXO_PAGE;
    uint64_t end = found.reserved[i].base + found.reserved[i].size;
    uint64_t count = end / EXO_PAGE + (end % EXO_PAGE != 0) - first;
    if (map_is_taken(&mine, first, count)) fail("firmware", "it gave out memory that its device tree reserves");
    check("memory map", map_claim(&mine, first, count, EXO_USE_FIRMWARE));
  }
  check("memory map", map_claim(&mine, 0, 1, EXO_USE_FIRMWARE)); // frame 0 means "none" to too many
  if (mine.count > EXO_BOOT_RANGES) fail("memory map", "more pieces than the handover has room for");
  memcpy(handover->range, mine.range, mine.count * sizeof mine.range[0]);
  handover->range_count = mine.count;
  handover->frames_left_out = mine.left_out;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system) {
  efi = system;
  efi_image = image;
  begin();
  discover();
  read_kernel();
  read_program();
  build();
  firmware_leave(&map, commit);
  machine_enter(handover->trampoline_physical, EXO_DIRECT_BASE + (uintptr_t)handover);
}
