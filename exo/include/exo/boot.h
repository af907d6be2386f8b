// boot.h: what the loader hands to the kernel, once, and the state of the machine when it does.
//
// The loader does all discovery (ACPI or FDT, memory map, console, PCI windows), builds the kernel's address space and
// lays out the content of the first program; the kernel checks every number here before it relies on it.
//
// At the kernel's ELF entry, on every machine:
//   * supervisor mode (x86_64 ring 0, AArch64 EL1, RISC-V S), interrupts off, paging on, on the boot CPU;
//   * the root table maps in the upper half: the kernel image (each segment with its own protection, 4 KiB pages), the
//     direct map of all RAM in `range` (never executable; kernel text, rodata and the trampoline read-only), the device
//     windows of `device` at EXO_DEVICE_BASE + physical address (uncached), the frame table, and the per-CPU areas;
//   * the lower half maps the trampoline frame only, at its physical address (AArch64: through TTBR0);
//   * first argument register (rdi, x0, a0) = direct-map address of struct exo_boot; 0 when another CPU enters through
//     the trampoline; no stack: entry.S takes the CPU's own from its per-CPU area.
//
// The trampoline is one page (below 1 MiB on x86_64) that the loader fills with the machine's arch/<m>/boot/ap.S and
// patches with the root table and the kernel entry. A second CPU enters it as its machine starts CPUs (x86_64: SIPI
// with vector = frame number; AArch64: PSCI CPU_ON at EL1 or EL2; RISC-V: SBI hart_start), turns paging on and jumps to
// the kernel entry with first argument 0.
#pragma once
#ifdef __ASSEMBLER__
#define EXO_U64(x) x
#else
#define EXO_U64(x) x##ull
#include <stdint.h>
#endif

// The kernel's half, one map for each number of bits of an address (cmake/base.cmake), whatever the machine:
//   direct map   RAM: physical address p at EXO_DIRECT_BASE + p; RAM beyond EXO_DIRECT_SPAN is left out
//   frame table  struct exo_frame_desc of frame n at + 32 n
//   per-CPU      CPU i's area at + i * EXO_PERCPU_STRIDE
//   devices      registers: physical address p at + p
//   image        of the kernel, in one of two places; which is the linker's business
// The fake machine of the unit tests puts them where an ordinary process has room.
#define EXO_IMAGE_BASE EXO_U64(0xFFFFFFFF80000000) // to the top
#define EXO_LARGE_SPAN EXO_U64(0x40000000)
#define EXO_PERCPU_SPAN EXO_U64(0x40000000)
#if EXO_ADDRESS_BITS == 39
#define EXO_DIRECT_SPAN EXO_U64(0x3000000000) // 192 GiB
#define EXO_DEVICE_SPAN EXO_U64(0xE00000000)  // 56 GiB
#define EXO_DIRECT_BASE EXO_U64(0xFFFFFFC000000000)
#define EXO_DEVICE_BASE EXO_U64(0xFFFFFFF000000000)
#define EXO_LARGE_BASE EXO_U64(0xFFFFFFFE00000000)
#define EXO_FRAME_TABLE_BASE EXO_U64(0xFFFFFFFE40000000)
#define EXO_PERCPU_BASE EXO_U64(0xFFFFFFFEC0000000)
#define EXO_MAP_IN_ORDER                                                                                               \
  (EXO_DIRECT_BASE + EXO_DIRECT_SPAN <= EXO_DEVICE_BASE && EXO_DEVICE_BASE + EXO_DEVICE_SPAN <= EXO_LARGE_BASE &&      \
   EXO_LARGE_BASE + EXO_LARGE_SPAN <= EXO_FRAME_TABLE_BASE &&                                                          \
   EXO_FRAME_TABLE_BASE + EXO_FRAME_TABLE_SPAN <= EXO_PERCPU_BASE &&                                                   \
   EXO_PERCPU_BASE + EXO_PERCPU_SPAN <= EXO_IMAGE_BASE)
#else
#define EXO_DIRECT_SPAN EXO_U64(0x100000000000) // 16 TiB
#define EXO_DEVICE_SPAN EXO_U64(0x200000000000) // 32 TiB
#define EXO_LARGE_BASE EXO_U64(0xFFFF800000000000)
#ifndef EXO_DIRECT_BASE
#define EXO_DIRECT_BASE EXO_U64(0xFFFF900000000000)
#define EXO_FRAME_TABLE_BASE EXO_U64(0xFFFFA00000000000)
#define EXO_PERCPU_BASE EXO_U64(0xFFFFB00000000000)
#define EXO_DEVICE_BASE EXO_U64(0xFFFFD00000000000)
#define EXO_MAP_IN_ORDER                                                                                               \
  (EXO_LARGE_BASE + EXO_LARGE_SPAN <= EXO_DIRECT_BASE && EXO_DIRECT_BASE + EXO_DIRECT_SPAN <= EXO_FRAME_TABLE_BASE &&  \
   EXO_FRAME_TABLE_BASE + EXO_FRAME_TABLE_SPAN <= EXO_PERCPU_BASE &&                                                   \
   EXO_PERCPU_BASE + EXO_PERCPU_SPAN <= EXO_DEVICE_BASE && EXO_DEVICE_BASE + EXO_DEVICE_SPAN <= EXO_IMAGE_BASE)
#endif
#endif
#define EXO_FRAME_TABLE_SPAN (EXO_DIRECT_SPAN / 128) // 32 bytes for each 4 KiB

// One CPU's area: unmapped guard pages between everything that grows.
//   page 0 guard · 1-2 main stack · 3 guard · 4 emergency stack 0 · 5 guard · 6 emergency 1 · 7 guard · 8 emergency 2
//   9 guard · 10 emergency 3 · 11 guard · 12-13 the CPU's record (struct cpu) · 14-31 guard
#define EXO_PERCPU_STRIDE EXO_U64(0x20000)
#define EXO_PERCPU_STACK_TOP EXO_U64(0x3000)
#define EXO_PERCPU_EMERGENCY_TOP(n) (EXO_U64(0x5000) + EXO_U64(0x2000) * (n))
#define EXO_PERCPU_RECORD EXO_U64(0xC000)

#ifndef __ASSEMBLER__
#define EXO_BOOT_MAGIC 0x4e41494449524556ull // "VERIDIAN"
enum { EXO_BOOT_VERSION = 1 };
enum { EXO_PERCPU_PAGES = 8 }; // mapped pages: 1, 2, 4, 6, 8, 10, 12, 13

enum {
  EXO_MAX_CPUS = 16,
  EXO_BOOT_RANGES = 256,
  EXO_BOOT_SEGMENTS = 16,
  EXO_BOOT_DEVICES = 32,
  EXO_BOOT_ECAMS = 4,
  EXO_BOOT_VIRTIO = 32,
};
#ifdef EXO_MAP_IN_ORDER
static_assert(EXO_MAP_IN_ORDER && EXO_MAX_CPUS * EXO_PERCPU_STRIDE <= EXO_PERCPU_SPAN);
#endif

// The ELF note of a kernel image: what the loader must know before it builds an address space.
struct exo_boot_note {
  uint32_t name_bytes, value_bytes, type;
  char name[12];
  uint32_t address_bits;
};
#define EXO_BOOT_NOTE ((struct exo_boot_note){9, 4, 1, "Veridian", EXO_ADDRESS_BITS})

// What a range of RAM is used for when the kernel is entered. Frames in no range do not exist.
enum exo_boot_use : uint32_t {
  EXO_USE_FREE = 1,     // nobody's: goes to whoever takes it
  EXO_USE_KERNEL = 2,   // kernel image, kernel tables, frame table, per-CPU areas, struct exo_boot, trampoline
  EXO_USE_FIRMWARE = 3, // runtime services, ACPI tables, /reserved-memory: never touched
  EXO_USE_ARCHIVE = 4,  // the boot archive: becomes the first environment's frames
  EXO_USE_APP = 5,      // the first program's segments and spare frames: becomes the first environment's frames
};

struct exo_boot_range {
  uint64_t first; // frame number (physical address / 4096)
  uint64_t count; // frames, at least 1
  uint32_t use;   // enum exo_boot_use
  uint32_t reserved;
};

// Pages of the first program: `count` frames from `frame` appear at `va` with `prot` (EXO_READ...).
struct exo_boot_segment {
  uint64_t va, frame, count, prot;
};

struct exo_boot_device {
  uint64_t physical, size; // page-aligned register window, mapped uncached at EXO_DEVICE_BASE + physical
};

struct exo_boot_ecam {
  uint64_t physical; // of bus 0's configuration space, as in MCFG
  uint32_t first_bus, last_bus;
};

enum exo_boot_port : uint32_t {
  EXO_PORT_NONE = 0,
  EXO_PORT_16550_IO = 1,   // base = I/O port
  EXO_PORT_16550_MMIO = 2, // base = physical address, byte-wide registers, `shift` = log2 of the register stride
  EXO_PORT_PL011 = 3,      // base = physical address
};

struct exo_boot_serial {
  uint64_t base;
  uint32_t kind; // enum exo_boot_port
  uint32_t shift;
};

struct exo_boot_framebuffer {
  uint64_t physical, size; // size 0: none
  uint32_t width, height, stride_bytes;
  uint32_t format; // EFI_GRAPHICS_PIXEL_FORMAT
};

struct exo_boot {
  uint64_t magic;
  uint32_t version;
  uint32_t size; // of this struct: the whole handover lies in consecutive frames

  // The kernel's own memory. Physical addresses are the real ones, whatever the ELF file wished.
  uint64_t kernel_physical, kernel_virtual, kernel_size;
  uint64_t root_physical;       // root table (AArch64: TTBR1)
  uint64_t low_root_physical;   // AArch64: TTBR0's root with the trampoline; elsewhere = root_physical
  uint64_t trampoline_physical; // one frame
  uint64_t percpu_physical;     // EXO_PERCPU_PAGES frames a CPU, consecutive
  uint64_t frame_table_count;   // descriptors mapped: highest RAM frame + 1, rounded up to 128; holes read as zero

  struct exo_boot_range range[EXO_BOOT_RANGES]; // sorted by first, disjoint, adjacent equal uses merged
  uint32_t range_count;

  // CPUs: hardware_id is the local APIC id, MPIDR or hart id. Index 0 is the CPU that entered the kernel.
  uint32_t cpu_count, cpus_left_out; // left out: more than EXO_MAX_CPUS
  uint32_t reserved0;
  uint64_t frames_left_out; // RAM beyond EXO_DIRECT_SPAN
  uint64_t cpu_hardware_id[EXO_MAX_CPUS];

  // Where the frame table's descriptors lie physically, for the window: one per RAM range group, sorted.
  struct exo_boot_table {
    uint64_t first_frame, frame_count; // descriptors of these frames (both multiples of 128) ...
    uint64_t table_frame;              // ... lie consecutively from this frame on
  } table[EXO_BOOT_RANGES];
  uint32_t table_count;
  uint32_t reserved1;

  // Machine facts.
  struct exo_boot_serial console, results; // results: second serial port; EXO_PORT_NONE where the machine has one port
  uint64_t
      interrupt_base[4]; // x86_64: {LAPIC, I/O APIC, 0, 0}; AArch64: {GICD, GICR, GIC version, 0}; RISC-V: {PLIC, ...}
  uint64_t power_base;   // RISC-V: sifive_test; AArch64: PSCI conduit (1 = HVC, 2 = SMC); x86_64: isa-debug-exit port
  uint64_t timer_hz;     // RISC-V: timebase; AArch64: 0 (CNTFRQ); x86_64: TSC frequency (measured by the loader)
  uint64_t timer_interrupt; // AArch64: interrupt ID of the virtual timer (16 + PPI; 27 by custom)
  struct exo_boot_framebuffer framebuffer;
  struct exo_boot_device device[EXO_BOOT_DEVICES];
  uint32_t device_count;
  uint32_t ecam_count;
  struct exo_boot_ecam ecam[EXO_BOOT_ECAMS];
  uint64_t virtio_mmio[EXO_BOOT_VIRTIO]; // physical addresses of virtio-mmio windows, to be reset before stage 4
  uint32_t virtio_count;

  // The first program.
  uint32_t segment_count;
  struct exo_boot_segment segment[EXO_BOOT_SEGMENTS]; // text, rodata, data+bss, stack: sorted by va, disjoint
  uint64_t entry;                                     // first pc
  uint64_t stack;                                     // first sp
  uint64_t spare_frame, spare_count; // frames (use APP) for its tables, env frames and u-area; at least 64 + 4 a CPU
  uint64_t archive_frame, archive_bytes;

  uint64_t loader_physical; // where the loader's image lay: for debuggers
};
#endif
