// first.c: the first environment, from what the loader laid out. It is made by the same checked calls that any program
// makes, in the name of the environment itself: no second way into the tables exists.
#include "core.h"

static exo_frame spare_next;

static exo_frame spare(void) {
  if (spare_next >= boot->spare_frame + boot->spare_count) panic("the loader prepared too few spare frames");
  return spare_next++;
}

static void must(exo_result r, const char *what) {
  if (r < 0) panic("first environment: %s failed (%ld)", what, r);
}

static struct env *first_env(void) {
  exo_frame n = spare();
  CHECK(n == boot->spare_frame); // frame_init charged the program's frames to this number
  frame_clear(n);
  struct env *env = frame_memory(n);
  env->w.version = 1;
  env->w.alive = 1;
  env->w.number = n | 1ull << 40;
  for (uint32_t i = 0; i < boot->range_count; i++)
    if (boot->range[i].use >= EXO_USE_ARCHIVE) env->w.used += boot->range[i].count;
  env->w.ceiling = env->w.used + machine_window.free_at_start;
  for (int i = 1; i < EXO_SLOTS; i++) env->w.slot[i].open = 1;
  env->w.slot[0] = (struct exo_slot_window){.rights = EXO_RIGHTS_ALL};
  frame_table()[n].generation = 1;
  frame_table()[n].state = EXO_KIND_ENV;
  return env;
}

// The leaf table for `va`, linked on the way where it is missing.
static exo_frame leaf_table(exo_frame root, uint64_t va) {
  exo_frame table = root;
  for (int level = PTE_LEVELS - 1; level > 0; level--) {
    uint64_t index = va >> (EXO_PAGE_BITS + 9 * level) & 511;
    pte_t e = ((const pte_t *)frame_memory(table))[index];
    if (pte_present(e)) {
      table = pte_physical(e) >> EXO_PAGE_BITS;
      continue;
    }
    exo_frame child = spare();
    must(sys_table_link(&(struct exo_table_link){.table = table, .index = index, .frame = child}), "table_link");
    table = child;
  }
  return table;
}

static void map_pages(exo_frame root, uint64_t va, exo_frame frame, uint64_t count, exo_word prot) {
  for (uint64_t i = 0; i < count; i++, va += EXO_PAGE)
    must(sys_map(&(struct exo_map){
             .table = leaf_table(root, va), .index = va >> EXO_PAGE_BITS & 511, .frame = frame + i, .prot = prot}),
         "map");
}

exo_frame first_window(const void *at, uint64_t frames) {
  exo_frame n = (boot->kernel_physical + ((uint64_t)at - boot->kernel_virtual)) >> EXO_PAGE_BITS;
  for (uint64_t i = n; i < n + frames; i++) {
    frame_table()[i].state = EXO_KIND_WINDOW;
    frame_table()[i].guard = EXO_GUARD_WINDOW;
  }
  return n;
}

static void first_presence(struct env *env) {
  exo_frame state = spare(), uarea = spare();
  (void)spare(); // the u-area's second page
  frame_clear(uarea);
  frame_clear(uarea + 1);
  map_pages(env->w.root, FIRST_UAREA, uarea, 2, EXO_READ | EXO_WRITE);
  must(sys_env_cpu(&(struct exo_env_cpu){.env = env->w.number, .state = state, .uarea = uarea}), "env_cpu");
  struct exo_uarea *u = frame_memory(uarea);
  u->self = FIRST_UAREA;
  u->masked = 1;
  arch_frame_door(&u->forced.regs, boot->entry, boot->stack, FIRST_UAREA, first_window(&machine_window, 1));
  *arch_frame_argument(&u->forced.regs, 2) = env->w.number;
  u->forced.busy = 1;
}

[[noreturn]] void first_run(void) {
  spare_next = boot->spare_frame;
  struct env *env = first_env();
  struct cpu *cpu = arch_self();
  cpu->env = env; // the calls below are made in its name
  exo_frame root = spare();
  must(sys_table_root(&(struct exo_table_root){.frame = root}), "table_root");
  must(sys_env_space(&(struct exo_env_space){.env = env->w.number, .root = root}), "env_space");
  for (uint32_t i = 0; i < boot->segment_count; i++)
    map_pages(root, boot->segment[i].va, boot->segment[i].frame, boot->segment[i].count, boot->segment[i].prot);
  first_presence(env);
  must(sys_slice_set(&(struct exo_slice_set){.env = env->w.number, .length_ns = 10'000'000, .guard = EXO_GUARD_SLICE}),
       "slice_set");
  must(sys_env_start(&(struct exo_env_start){.env = env->w.number}), "env_start");
  trace_window();
  machine_window.spare_frame = spare_next;
  machine_window.spare_count = boot->spare_frame + boot->spare_count - spare_next;
  cpu->env = nullptr;
  slice_next();
}
