// main.c: what exists and in which order it wakes up. Each stage is announced after a check of what it stands for.
#include "core.h"

const struct exo_boot *boot;
_Alignas(EXO_PAGE) struct exo_machine_window machine_window;

static uint64_t entry_counter;

void boot_stage(unsigned stage, const char *what) {
  if (__atomic_load_n(&machine_window.stage_ns[stage], __ATOMIC_RELAXED)) return;
  uint64_t ticks = arch_counter() - entry_counter, hz = arch_clock_hz();
  uint64_t ns = ticks / hz * 1'000'000'000 + ticks % hz * 1'000'000'000 / hz;
  uint64_t never = 0; // two CPUs may get here at once
  if (!__atomic_compare_exchange_n(&machine_window.stage_ns[stage], &never, ns ? ns : 1, false, __ATOMIC_RELAXED,
                                   __ATOMIC_RELAXED))
    return;
  print("stage %u: %s: %lu us\n", stage, what, ns / 1000);
  print_port(EXO_PORT_RESULTS, "STAGE %u %lu\n", stage, ns / 1000);
}

[[gnu::section(".note.veridian"), gnu::used]] static const struct exo_boot_note note = EXO_BOOT_NOTE;

// --- The handover is the loader's word; every number that the core will rely on is looked at once, here.

// Frames of one use, all in one range. (Ranges are sorted, and merged where they touch.)
static bool frames_are(uint64_t first, uint64_t count, uint32_t use) {
  for (uint32_t i = 0; i < boot->range_count; i++) {
    const struct exo_boot_range *r = &boot->range[i];
    if (r->use == use && first >= r->first && first - r->first <= r->count)
      return count <= r->count - (first - r->first);
  }
  return false;
}
static bool bytes_are_kernel(uint64_t physical, uint64_t size) {
  return physical % EXO_PAGE == 0 && size % EXO_PAGE == 0 &&
         frames_are(physical >> EXO_PAGE_BITS, size >> EXO_PAGE_BITS, EXO_USE_KERNEL);
}

bool boot_registers(const struct exo_boot *b, uint64_t physical, uint64_t size) {
  for (uint32_t i = 0; i < b->device_count; i++) {
    const struct exo_boot_device *d = &b->device[i];
    if (physical >= d->physical && physical - d->physical <= d->size && size <= d->size - (physical - d->physical))
      return true;
  }
  return false;
}

static bool port_is_sane(const struct exo_boot *b, const struct exo_boot_serial *s) {
  if (s->kind <= EXO_PORT_16550_IO) return true;
  if (s->kind > EXO_PORT_PL011 || s->shift > 7) return false;
  return boot_registers(b, s->base, s->kind == EXO_PORT_PL011 ? 0x20 : 8ull << s->shift);
}

// Is there somebody to complain to? If not, nothing here is to be believed.
static bool head_is_sane(const struct exo_boot *b) {
  return b->magic == EXO_BOOT_MAGIC && b->version == EXO_BOOT_VERSION && b->size == sizeof *b &&
         b->device_count <= EXO_BOOT_DEVICES && port_is_sane(b, &b->console) && port_is_sane(b, &b->results);
}

static void check_ranges(const struct exo_boot *b) {
  uint64_t end = 0;
  for (uint32_t i = 0; i < b->range_count; i++) {
    const struct exo_boot_range *r = &b->range[i];
    if (r->first < end || r->first > b->frame_table_count || r->count == 0 || r->count > b->frame_table_count ||
        r->use - 1 >= EXO_USE_APP)
      panic("memory range %u of the handover is unsorted, overlapping or unknown", i);
    end = r->first + r->count;
  }
  CHECK(end <= b->frame_table_count && b->frame_table_count <= EXO_DIRECT_SPAN >> EXO_PAGE_BITS);
  for (uint32_t i = 0, k = 0; i < b->range_count; i++) { // both sorted: each range's descriptors are there
    const struct exo_boot_range *r = &b->range[i];
    while (k < b->table_count && b->table[k].first_frame + b->table[k].frame_count <= r->first) k++;
    if (k == b->table_count || r->first < b->table[k].first_frame ||
        r->first + r->count > b->table[k].first_frame + b->table[k].frame_count)
      panic("memory range %u of the handover has no descriptors", i);
  }
}

static void check_memory(const struct exo_boot *b) {
  uint64_t window = (uint64_t)&machine_window - b->kernel_virtual;
  CHECK(bytes_are_kernel(b->root_physical, EXO_PAGE) && bytes_are_kernel(b->low_root_physical, EXO_PAGE));
  CHECK(bytes_are_kernel(b->trampoline_physical, EXO_PAGE) && bytes_are_kernel(b->kernel_physical, b->kernel_size));
  CHECK(window < b->kernel_size && window % EXO_PAGE == 0);
  for (uint32_t i = 0; i < b->table_count; i++) {
    const struct exo_boot_table *t = &b->table[i];
    CHECK(t->frame_count % 128 == 0 && t->first_frame % 128 == 0 && t->frame_count <= b->frame_table_count);
    CHECK(t->first_frame <= b->frame_table_count - t->frame_count);
    CHECK(frames_are(t->table_frame, t->frame_count / 128, EXO_USE_KERNEL));
  }
  const struct exo_boot_table *last = &b->table[b->table_count - 1]; // every range has one
  CHECK(last->first_frame + last->frame_count == b->frame_table_count);
  CHECK(frames_are(b->spare_frame, b->spare_count, EXO_USE_APP));
}

static void check_devices(const struct exo_boot *b) {
  for (uint32_t i = 0; i < b->ecam_count; i++) {
    const struct exo_boot_ecam *e = &b->ecam[i];
    CHECK(e->first_bus <= e->last_bus && e->last_bus <= 255);
    CHECK(boot_registers(b, e->physical + ((uint64_t)e->first_bus << 20), (e->last_bus - e->first_bus + 1ull) << 20));
  }
  for (uint32_t i = 0; i < b->virtio_count; i++) CHECK(boot_registers(b, b->virtio_mmio[i], 0x100));
}

static void boot_check(const struct exo_boot *b) {
  if (!head_is_sane(b)) arch_power_off(ARCH_EXIT_PANIC);
  boot = b; // from here on there is a console to complain on
  CHECK(b->range_count > 0 && b->range_count <= EXO_BOOT_RANGES && b->table_count <= EXO_BOOT_RANGES);
  CHECK(b->cpu_count > 0 && b->cpu_count <= EXO_MAX_CPUS);
  CHECK(b->segment_count > 0 && b->segment_count <= EXO_BOOT_SEGMENTS);
  CHECK(b->ecam_count <= EXO_BOOT_ECAMS && b->virtio_count <= EXO_BOOT_VIRTIO);
  check_ranges(b);
  check_memory(b);
  check_devices(b);
}

// --- Waking up

// Traps, interrupts and the timer work when a timer that was set has fired.
static void timer_check(void) {
  struct cpu *cpu = arch_self();
  uint64_t begun = arch_now_ns(), ticks = cpu->ticks;
  arch_timer_set(begun + 200'000);
  while (cpu->ticks == ticks) arch_idle();
  CHECK(arch_now_ns() - begun >= 200'000);
}

[[noreturn, gnu::no_stack_protector]] void core_main(const struct exo_boot *b) {
  entry_counter = arch_counter();
  __stack_chk_guard = (entry_counter | 1) * 0x9E3779B97F4A7C15 & ~0xFFull; // a zero byte stops strings
  boot_check(b);
  print_init();
  screen_init();
  arch_cpu_init(boot, 0);
  machine_window.version = 1;
  machine_window.cpu_count = boot->cpu_count;
  machine_window.clock_hz = arch_clock_hz();
  machine_window.clock_zero = arch_clock_zero();
  machine_window.archive_frame = boot->archive_frame;
  machine_window.archive_bytes = boot->archive_bytes;
  print("Veridian %s\n", machine_window.build_id);
  trace_init();
  boot_stage(1, "hand-over accepted");
  space_check_kernel();
  boot_stage(2, "kernel address space live");
  slice_init(arch_self(), 0);
  arch_fp_off();
  timer_check();
  boot_stage(3, "traps, interrupts and timer");
  unsigned functions = pci_quiet();
  CHECK(pci_is_quiet());
  frame_init();
  boot_stage(4, "frames under protection");
  smp_start();
  arch_self()->started = true;
  for (unsigned i = 0; i < boot->cpu_count; i++) CHECK(cpu_at(i)->started);
  print("%u CPUs, %u PCI functions, %lu frames free\n", boot->cpu_count, functions, machine_window.free_at_start);
  if (boot->frames_left_out)
    print("%lu MiB of memory beyond the first %u GiB are left out\n", boot->frames_left_out / 256,
          (unsigned)(EXO_DIRECT_SPAN >> 30));
  boot_stage(5, "all CPUs and devices enumerated");
  first_run();
}
