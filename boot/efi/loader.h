// loader.h: the loader's own interfaces, in the order of the story.
//
// Two kinds of files: parsers (elf.c, archive.c, acpi.c, fdt.c, map.c, device.c) are total functions over a buffer and
// its size, return nullptr or one sentence saying what is wrong, know nothing of firmware, and run on the host under a
// fuzzer; the others (main.c, load.c, firmware.c, place.c, pages.c, pci.c) talk to firmware or memory and end in
// fail().
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <exo/archive.h>
#include <exo/boot.h>
#include <exo/types.h>

typedef const char *fault; // nullptr: all is well; else what is wrong

enum { EXIT_LOADER = 0x12, FRAME_LIMIT_BITS = 32 }; // no machine has RAM above 16 TiB
#define BLOCK_BYTES 0x200000ull
static inline uint64_t frames_of(uint64_t bytes) { return (bytes + EXO_PAGE - 1) / EXO_PAGE; }

// --- elf.c: static executables.
enum { ELF_SEGMENTS = 12 };
struct elf_segment {
  uint64_t va, memory_bytes; // va page-aligned
  uint64_t offset, file_bytes;
  uint64_t prot; // EXO_READ...
};
struct elf {
  uint64_t entry;
  uint32_t address_bits; // of the kernel's note (boot.h); 0: it has none
  uint32_t count;
  struct elf_segment segment[ELF_SEGMENTS]; // sorted by va, page-disjoint, never writable and executable
};
// All segments must lie in [low, high).
fault elf_read(struct elf *elf, const void *file, size_t size, uint16_t machine, uint64_t low, uint64_t high);

// --- archive.c: the boot archive.
fault archive_check(const void *archive, size_t size);
const struct exo_archive_entry *archive_find(const void *checked, const char *name); // nullptr: not there

// --- map.c: the memory map.
enum { MAP_WORK = 1024 };
struct map {
  uint32_t count;
  struct exo_boot_range range[MAP_WORK]; // sorted, disjoint, merged
  uint64_t left_out;                     // frames that map_limit took out
};
// An EFI memory map: descriptors `stride` bytes apart.
fault map_read(struct map *map, const void *descriptors, size_t size, size_t stride);
// Frames from `end` on are not RAM for us.
void map_limit(struct map *map, uint64_t end);
// What of these frames is RAM is used for `use` from now on.
fault map_claim(struct map *map, uint64_t first, uint64_t count, uint32_t use);
// Has the loader put something into any of these frames?
bool map_is_taken(const struct map *map, uint64_t first, uint64_t count);
// All RAM, whatever its use, as merged ranges; every border rounded outwards to a multiple of `align` (power of two).
void map_ram(struct map *ram, const struct map *map, uint64_t align);
bool map_same(const struct map *a, const struct map *b);

// --- device.c and what acpi.c and fdt.c find.
struct found {
  struct exo_boot *boot;
  uint64_t io_window, io_port, io_size; // port io_port of the PCI host bridge appears at CPU address io_window
  uint32_t reserved_count;
  struct {
    uint64_t base, size;
  } reserved[64];
};
fault device_add(struct exo_boot *boot, uint64_t physical, uint64_t size); // windows that touch become one
void device_add_cpu(struct exo_boot *boot, uint64_t hardware_id);          // the boot CPU is there first, at index 0
fault acpi_check(const void *table, size_t size);                          // a table with the common header
fault acpi_table(struct found *found, const void *table, size_t size);     // takes what it knows, ignores the rest
uint64_t acpi_xsdt_entry(const void *xsdt, size_t size, size_t index);     // physical address; 0 behind the last
uint64_t acpi_xsdt_address(const void *rsdp, size_t size);                 // 0: not an RSDP of revision 2 or later
fault fdt_read(struct found *found, const void *fdt, size_t size);

// --- load.c: console, memory, files.
[[noreturn]] void fail(const char *subject, fault what); // one line on the console, then the end
void check(const char *subject, fault what);             // fails unless what is nullptr
uint64_t memory_take(uint64_t count, uint64_t limit, uint32_t use, const char *what); // zeroed; last byte <= limit
void memory_claims(struct map *map); // every frame taken so far gets its use
struct file {
  uint8_t *data;
  size_t size;
};
struct file file_read(const uint_least16_t *path, const char *name, uint32_t use); // use 0: forgotten at the end
void file_free(struct file file);

// --- firmware.c: what the firmware tells.
struct memory_map {
  void *data;
  size_t size, stride;
  uint64_t key;
};
void firmware_map(struct memory_map *out, struct map *map);
void firmware_tables(struct found *found);
void firmware_framebuffer(struct exo_boot *boot);
void firmware_leave(struct map *map, void (*commit)(const struct map *)); // ExitBootServices

// --- pages.c: the kernel's address space.
void pages_map(uint64_t root, uint64_t va, uint64_t physical, uint64_t count, uint64_t prot);
void pages_map_device(uint64_t root, uint64_t physical, uint64_t size);
void pages_map_hole(uint64_t root, uint64_t va, uint64_t physical, uint64_t count); // one read-only page, many times
struct quiet { // frames that the direct map shows read-only
  uint32_t count;
  struct {
    uint64_t first, count;
  } span[ELF_SEGMENTS + 1];
};
void pages_map_direct(uint64_t root, const struct map *ram, const struct quiet *quiet);

// --- place.c: what is put where in RAM.
void place_kernel(struct exo_boot *boot, const struct elf *elf, struct file file, struct quiet *quiet);
void place_program(struct exo_boot *boot, const struct elf *elf, const uint8_t *file);
void place_frame_table(struct exo_boot *boot, const struct map *map);
void place_cpus(struct exo_boot *boot);

// --- pci.c: the second serial port where the machine itself has but one.
void pci_find_serial(struct found *found);

// --- The machine: arch/<m>/boot. "machine.h" gives MACHINE_NAME, MACHINE_ELF, MACHINE_TRAMPOLINE_LIMIT,
// MACHINE_ROOT_LIMIT and MACHINE_TWO_ROOTS.
uint64_t machine_cpu(void);                          // hardware id of this CPU
fault machine_check(void);                           // can this CPU, in this mode, run the kernel?
void machine_ports(struct exo_boot *boot);           // what no table tells
void machine_sync_code(const void *at, size_t size); // written bytes become instructions
void machine_trampoline(void *page, uint64_t root, uint64_t low_root, uint64_t entry);
[[noreturn]] void machine_enter(uint64_t trampoline, uint64_t boot); // boot: direct-map address
void machine_exit(uint64_t power_base); // ends the machine with EXIT_LOADER; returns when it can not
