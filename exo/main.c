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

// The handover is the loader's word; every number that the core will rely on is looked at once, here.
static void boot_check(const struct exo_boot *b) {
  if (b->magic != EXO_BOOT_MAGIC || b->version != EXO_BOOT_VERSION || b->size != sizeof *b)
    arch_power_off(ARCH_EXIT_PANIC); // nothing in it is to be believed, not even where the console is
  boot = b;                          // from here on there is a console to complain on
  CHECK(b->range_count > 0 && b->range_count <= EXO_BOOT_RANGES && b->table_count <= EXO_BOOT_RANGES);
  CHECK(b->cpu_count > 0 && b->cpu_count <= EXO_MAX_CPUS);
  CHECK(b->segment_count > 0 && b->segment_count <= EXO_BOOT_SEGMENTS && b->device_count <= EXO_BOOT_DEVICES);
  CHECK(b->ecam_count <= EXO_BOOT_ECAMS && b->virtio_count <= EXO_BOOT_VIRTIO);
  uint64_t end = 0;
  for (uint32_t i = 0; i < b->range_count; i++) {
    const struct exo_boot_range *r = &b->range[i];
    if (r->first < end || r->count == 0 || r->count > b->frame_table_count || r->use - 1 >= EXO_USE_APP)
      panic("memory range %u of the handover is unsorted, overlapping or unknown", i);
    end = r->first + r->count;
  }
  CHECK(end <= b->frame_table_count);
}

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
