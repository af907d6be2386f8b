// help.c: frames, slots, places, and our own faults.
#include "system.h"
#include "machine.h"

volatile struct seen seen;
void (*volatile seen_twist)(struct arch_frame *f);
static uint64_t (*seen_continue)(void);

static bool see(struct exo_uarea *u, struct exo_record *r) {
  seen.count++;
  seen.cause = r->cause;
  seen.address = r->address;
  seen.masked = u->masked;
  __builtin_memcpy((void *)(uintptr_t)&seen.regs, &r->regs, sizeof r->regs);
  void (*twist)(struct arch_frame *) = seen_twist;
  *arch_frame_pc(&r->regs) = (uint64_t)seen_continue;
  if (!twist) return true;
  seen_twist = nullptr;
  twist(&r->regs);
  (void)exo_resume((struct exo_resume){.record = 0});
  return false;
}

void seen_begin(uint64_t (*continue_at)(void)) {
  seen_continue = continue_at ? continue_at : probe_fault;
  seen.count = 0;
  os_fault_hook = see;
}

void seen_end(void) { os_fault_hook = nullptr; }

exo_name sub(uint64_t n) { return exo_name_extend(os_self.name, n & 127, 8); }

exo_frame frame_new(void) {
  exo_frame f = os_frame_get();
  EXPECT(f != 0);
  return f;
}

exo_frame frame_pair(void) {
  for (int i = 0; i < 1000; i++) {
    exo_frame f = os_frame_pick();
    struct exo_frame_take take = {.slot = OS_SLOT_SELF, .frame = f, .guard = os_self.name};
    if (!f || exo_frame_take(take) != EXO_OK) continue;
    take.frame++;
    if (exo_frame_take(take) == EXO_OK) return f;
    os_frame_put(f);
  }
  EXPECT(!"two consecutive frames");
  return 0;
}

void frame_end(exo_frame f) { EXPECT_IS(exo_frame_drop((struct exo_frame_drop){OS_SLOT_SELF, f}), EXO_OK); }

uint64_t frame_kind(exo_frame f) {
  const struct exo_frame_desc *d = os_frame_desc(f);
  return d ? exo_state_kind(__atomic_load_n(&d->state, __ATOMIC_RELAXED)) : EXO_KIND_ABSENT;
}

uint64_t frame_account(void) { return os_frames_free() + os_self.window->used; }

void slot_set(exo_slot index, exo_name name, uint64_t rights) {
  EXPECT_IS(exo_cap_open((struct exo_cap_open){index, 1}), EXO_OK);
  EXPECT_IS(exo_cap_grant((struct exo_cap_grant){OS_SLOT_SELF, os_self.env, index, name, rights}), EXO_OK);
}

void slot_end(exo_slot index) { EXPECT_IS(exo_cap_drop((struct exo_cap_drop){index, 0, index}), EXO_OK); }

void refuses(exo_result (*f)(exo_slot slot), uint64_t right, exo_result other_name) {
  enum { EMPTY = 60, OTHER = 61, WEAK = 62 };
  EXPECT_IS(f(EMPTY), EXO_NO_SLOT);
  EXPECT_IS(f(EXO_SLOTS), EXO_NO_SLOT);
  EXPECT_IS(f(~0ull), EXO_NO_SLOT);
  slot_set(OTHER, sub(127), EXO_RIGHTS_ALL);
  EXPECT_IS(f(OTHER), other_name);
  slot_end(OTHER);
  if (!right) return;
  slot_set(WEAK, os_self.name, EXO_RIGHTS_ALL & ~right);
  EXPECT_IS(f(WEAK), EXO_DENIED);
  slot_end(WEAK);
}

exo_frame place_table(void) {
  const struct os_leaf *leaf = os_table_leaf(PLACE, true);
  EXPECT(leaf != nullptr);
  return leaf ? leaf->frame : 0;
}

exo_result place_map(uint64_t index, exo_frame f, uint64_t prot) {
  return exo_map((struct exo_map){OS_SLOT_SELF, place_table(), index, OS_SLOT_SELF, f, prot});
}

uint64_t place_unmap(uint64_t index, uint64_t count) {
  return (uint64_t)exo_unmap((struct exo_unmap){OS_SLOT_SELF, place_table(), index, count, 0});
}

uint64_t second_cpu(void) { return os_self.machine->cpu_count > 1 ? 1 : 0; }
