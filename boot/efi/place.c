// place.c: what is put where in RAM, and where it appears in the kernel's address space.
#include "loader.h"
#include "machine.h"
#include <string.h>

enum { TABLE_ALIGN = 128, STACK_FRAMES = 16, SPARE_FRAMES = 64, SPARE_PER_CPU = 4 }; // 128 descriptors fill a frame

void place_kernel(struct exo_boot *boot, const struct elf *elf, struct file file, struct quiet *quiet) {
  const struct elf_segment *last = &elf->segment[elf->count - 1];
  boot->kernel_virtual = elf->segment[0].va;
  boot->kernel_size = frames_of(last->va - elf->segment[0].va + last->memory_bytes) * EXO_PAGE;
  boot->kernel_physical = memory_take(boot->kernel_size / EXO_PAGE, UINT64_MAX, EXO_USE_KERNEL, "kernel");
  for (uint32_t i = 0; i < elf->count; i++) {
    const struct elf_segment *s = &elf->segment[i];
    uint64_t at = boot->kernel_physical + (s->va - boot->kernel_virtual), count = frames_of(s->memory_bytes);
    memcpy((void *)at, file.data + s->offset, s->file_bytes);
    pages_map(boot->root_physical, s->va, at, count, s->prot);
    if (s->prot & EXO_WRITE) continue;
    quiet->span[quiet->count].first = at / EXO_PAGE;
    quiet->span[quiet->count++].count = count;
  }
  machine_sync_code((void *)boot->kernel_physical, boot->kernel_size);
}

static void add_segment(struct exo_boot *boot, uint64_t va, uint64_t frame, uint64_t count, uint64_t prot) {
  boot->segment[boot->segment_count++] = (struct exo_boot_segment){va, frame, count, prot};
}

// The segments, a guard page, the stack; then spare frames behind them, all in one piece of fresh memory.
void place_program(struct exo_boot *boot, const struct elf *elf, const uint8_t *file) {
  const struct elf_segment *last = &elf->segment[elf->count - 1];
  uint64_t total = STACK_FRAMES, frame;
  for (uint32_t i = 0; i < elf->count; i++) total += frames_of(elf->segment[i].memory_bytes);
  boot->spare_count = SPARE_FRAMES + SPARE_PER_CPU * boot->cpu_count;
  uint64_t base = memory_take(total + boot->spare_count, UINT64_MAX, EXO_USE_APP, "first program");
  frame = base / EXO_PAGE;
  for (uint32_t i = 0; i < elf->count; i++) {
    const struct elf_segment *s = &elf->segment[i];
    memcpy((void *)(frame * EXO_PAGE), file + s->offset, s->file_bytes);
    add_segment(boot, s->va, frame, frames_of(s->memory_bytes), s->prot);
    frame += frames_of(s->memory_bytes);
  }
  uint64_t stack = last->va + (frames_of(last->memory_bytes) + 1) * EXO_PAGE;
  add_segment(boot, stack, frame, STACK_FRAMES, EXO_READ | EXO_WRITE);
  boot->stack = stack + STACK_FRAMES * EXO_PAGE;
  boot->entry = elf->entry;
  boot->spare_frame = frame + STACK_FRAMES;
  machine_sync_code((void *)base, total * EXO_PAGE);
}

// Descriptors of RAM get real frames; between them one read-only page of zeros stands for all frames that do not exist.
void place_frame_table(struct exo_boot *boot, const struct map *map) {
  static struct map groups;
  uint64_t hole = memory_take(1, UINT64_MAX, EXO_USE_KERNEL, "frame table"), frame = 0;
  map_ram(&groups, map, TABLE_ALIGN);
  if (groups.count > EXO_BOOT_RANGES) fail("memory map", "more pieces than the handover has room for");
  for (uint32_t i = 0; i < groups.count; i++) {
    const struct exo_boot_range *g = &groups.range[i];
    uint64_t pages = g->count / TABLE_ALIGN, at = EXO_FRAME_TABLE_BASE + g->first / TABLE_ALIGN * EXO_PAGE;
    uint64_t table = memory_take(pages, UINT64_MAX, EXO_USE_KERNEL, "frame table");
    uint64_t hole_pages = (g->first - frame) / TABLE_ALIGN;
    pages_map_hole(boot->root_physical, at - hole_pages * EXO_PAGE, hole, hole_pages);
    pages_map(boot->root_physical, at, table, pages, EXO_READ | EXO_WRITE);
    boot->table[boot->table_count++] = (struct exo_boot_table){g->first, g->count, table / EXO_PAGE};
    frame = g->first + g->count;
  }
  boot->frame_table_count = frame;
}

void place_cpus(struct exo_boot *boot) {
  static const uint8_t page[EXO_PERCPU_PAGES] = {1, 2, 4, 6, 8, 10, 12, 13};
  uint64_t frames = (uint64_t)EXO_PERCPU_PAGES * boot->cpu_count;
  boot->percpu_physical = memory_take(frames, UINT64_MAX, EXO_USE_KERNEL, "per-CPU areas");
  for (uint64_t i = 0; i < frames; i++) {
    uint64_t cpu = i / EXO_PERCPU_PAGES;
    pages_map(boot->root_physical,
              EXO_PERCPU_BASE + cpu * EXO_PERCPU_STRIDE + page[i % EXO_PERCPU_PAGES] * (uint64_t)EXO_PAGE,
              boot->percpu_physical + i * EXO_PAGE, 1, EXO_READ | EXO_WRITE);
  }
}
