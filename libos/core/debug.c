// debug.c: watched words, breakpoints and steps of the program's own. To go on from where a point stopped it, the point
// is off for one instruction.
#include "step.h"
#include "upcall.h"
#include <os/debug.h>
#include <os/mem.h>

bool (*os_debug_hook)(struct exo_record *r, enum os_stop why, uint64_t address);

enum { POINTS = ARCH_DEBUG_POINTS + 4 * (ARCH_DEBUG_POINTS == 0) }; // where there are none, pages stand in for them
static struct point {
  uint64_t address, length, kind; // kind 0: free
  uint64_t value;                 // before a step (x86_64)
} point[POINTS];
static bool (*hook_before)(struct exo_uarea *u, struct exo_record *r);
static unsigned off;     // points that are off for the instruction that is being made
static bool wanted;      // the hook wants to hear of that instruction
static uint64_t touched; // a watched word that it touches; 0: none
static bool called;      // by os_stop

// --- Points, or the protection of pages

static uint64_t page_prot(uint64_t page) { // what is left of it
  uint64_t prot = os_table_entry(page) & (EXO_READ | EXO_WRITE);
  for (unsigned i = 0; i < POINTS; i++) {
    if (!point[i].kind || off >> i & 1 || (point[i].address ^ page) >> EXO_PAGE_BITS) continue;
    prot &= point[i].kind == EXO_WRITE ? EXO_READ : 0;
  }
  return prot;
}

static exo_result page_load(uint64_t page) { // the shadow keeps what the page is meant to be
  const struct os_leaf *leaf = os_table_leaf(page, false);
  struct exo_protect p = {
      .slot = OS_SLOT_SELF, .index = page >> EXO_PAGE_BITS & 511, .count = 1, .prot = page_prot(page)};
  if (!leaf) return EXO_RANGE;
  p.table = leaf->frame;
  exo_result r = exo_protect(p);
  return r < 0 ? r : EXO_OK;
}

static exo_result point_load(unsigned i) {
  const struct point *p = &point[i];
  if (!ARCH_DEBUG_POINTS) return page_load(p->address);
  return exo_debug_set(
      (struct exo_debug_set){.cpu = os_self.uarea->cpu,
                             .index = i,
                             .address = p->address,
                             .control = p->kind && !(off >> i & 1) ? EXO_DEBUG_POINT(p->kind, p->length) : 0});
}

// The point that a record is about. POINTS: none.
static unsigned point_hit(const struct exo_record *r, uint64_t width) {
  unsigned i = 0;
  while (i < POINTS &&
         !(point[i].kind && r->address + width > point[i].address && r->address < point[i].address + point[i].length))
    i++;
  return i;
}
static bool page_watched(const struct exo_record *r) { // and not off already, when it is something else that is wrong
  if (r->cause != EXO_CAUSE_READ && r->cause != EXO_CAUSE_WRITE) return false;
  for (unsigned i = 0; i < POINTS; i++)
    if (point[i].kind && !(off >> i & 1) && (point[i].address ^ r->address) >> EXO_PAGE_BITS == 0) return true;
  return false;
}

// --- Stops

static bool tell(struct exo_record *r, enum os_stop why, uint64_t address) {
  return os_debug_hook && os_debug_hook(r, why, address);
}

static void points_off(unsigned set) {
  off |= set;
  for (unsigned i = 0; i < POINTS; i++)
    if (set >> i & 1) (void)point_load(i);
}

// Where data stops behind the access a step and a point meet in one trap, of which QEMU makes two, and the second finds
// the kernel: so no step is made with such points on. Who writes is seen by what the word is then.
static uint64_t value_of(const struct point *p) {
  uint64_t value = 0;
  if (os_table_entry(p->address)) __builtin_memcpy(&value, (const void *)p->address, p->length);
  return value;
}
static unsigned data_points(void) {
  unsigned set = 0;
  for (unsigned i = 0; i < POINTS; i++)
    if (point[i].kind && point[i].kind != EXO_EXEC) set |= 1u << i, point[i].value = value_of(&point[i]);
  return set;
}
static uint64_t changed(void) { // the address of a watched word that a step changed; 0: none
  for (unsigned i = 0; i < POINTS; i++)
    if (point[i].kind && point[i].kind != EXO_EXEC && point[i].value != value_of(&point[i])) return point[i].address;
  return 0;
}

// Goes on for one instruction; by the call, for what asks for a step is lost on a shorter way.
[[noreturn]] static void step(struct exo_record *r) {
  if (!ARCH_DEBUG_BEFORE) points_off(data_points());
  os_step_begin(r);
  (void)exo_resume((struct exo_resume){.record = 0});
  for (;;) arch_pause();
}

// An instruction was made, as it was wanted or as a point's.
static bool made(struct exo_record *r) {
  unsigned set = off;
  uint64_t address = touched || ARCH_DEBUG_BEFORE || !set ? touched : changed();
  off = 0, touched = 0;
  for (unsigned i = 0; i < POINTS; i++)
    if (set >> i & 1) (void)point_load(i);
  wanted = address ? tell(r, OS_STOP_WATCH, address) : wanted && tell(r, OS_STOP_STEP, 0);
  if (wanted) step(r);
  return true;
}

// Stopped before an instruction that touches a watched page: of all its points, none is to stop it again.
static void before_access(struct exo_record *r) {
  uint64_t width = ARCH_DEBUG_POINTS ? 8 : os_step_width(r);
  unsigned hit = point_hit(r, 1);
  if (hit == POINTS) hit = point_hit(r, width); // which begins below the watched bytes
  bool tells = hit < POINTS && (point[hit].kind != EXO_WRITE || r->cause != EXO_CAUSE_READ);
  unsigned set = hit < POINTS ? 1u << hit : 0;
  if (tells) touched = point[hit].address;
  for (unsigned i = 0; i < POINTS; i++)
    if (point[i].kind && point[i].kind != EXO_EXEC && (point[i].address ^ r->address) >> EXO_PAGE_BITS == 0)
      set |= 1u << i;
  points_off(set);
  step(r);
}

static bool at_point(struct exo_record *r) {
  unsigned i = point_hit(r, 1);
  bool code = i < POINTS && point[i].kind == EXO_EXEC;
  if (code) {
    wanted = tell(r, OS_STOP_BREAK, r->address);
    if (*arch_frame_pc(&r->regs) != r->address) return true; // it goes on elsewhere
    points_off(1u << i);
    step(r);
  }
  if (ARCH_DEBUG_BEFORE) before_access(r);
  touched = r->address;
  return made(r);
}

static bool fault(struct exo_uarea *u, struct exo_record *r) {
  enum os_step how = os_step_look(r);
  if (how == OS_STEP_MADE) return made(r);
  bool ours = r->cause == EXO_CAUSE_POINT && point_hit(r, sizeof(uint64_t)) < POINTS; // not a debugger's elsewhere
  bool stopped = ours || (!ARCH_DEBUG_POINTS && page_watched(r));
  if (stopped && how == OS_STEP_NONE) wanted = false;
  if (stopped) return at_point(r);
  if (r->cause == EXO_CAUSE_FOREIGN && called) {
    called = false;
    wanted = tell(r, OS_STOP_CALLED, 0);
    if (wanted) step(r);
    return true;
  }
  if (hook_before && hook_before(u, r)) return true;
  if (how == OS_STEP_NONE) return false;
  os_fault_serve(r);
  step(r); // once more
}

static void hook(void) {
  if (os_fault_hook == fault) return;
  hook_before = os_fault_hook;
  os_fault_hook = fault;
}

// --- What the program says

// What the kernel would check of a point, and that the page is not one that the library lives in.
static bool page_valid(uint64_t address, uint64_t length, uint64_t kind) {
  if (!length || length > 8 || length & (length - 1) || address & (length - 1)) return false;
  return (kind | EXO_READ) == (EXO_READ | EXO_WRITE) && kind != EXO_READ && address >= OS_HEAP && address < OS_HEAP_END;
}

exo_result os_watch(const volatile void *address, uint64_t length, uint64_t kind) {
  unsigned i = 0;
  while (i < POINTS && point[i].kind) i++;
  if (i == POINTS) return EXO_BUSY;
  if (!ARCH_DEBUG_POINTS && kind == EXO_EXEC) return EXO_NO_CALL;
  if (!ARCH_DEBUG_POINTS && !page_valid((uint64_t)address, length, kind)) return EXO_RANGE;
  if (!ARCH_DEBUG_POINTS) { // it is to be there, not only promised
    volatile uint8_t *byte = (volatile uint8_t *)(uintptr_t)address;
    *byte = *byte;
  }
  hook();
  point[i] = (struct point){(uint64_t)address, length, kind, 0};
  exo_result r = point_load(i);
  if (r != EXO_OK) point[i].kind = 0;
  return r;
}

exo_result os_unwatch(const volatile void *address) {
  for (unsigned i = 0; i < POINTS; i++) {
    if (!point[i].kind || point[i].address != (uint64_t)address) continue;
    point[i].kind = 0;
    return point_load(i);
  }
  return EXO_EMPTY;
}

// A call that is not one enters the fault door on every machine, with the pc behind it.
void os_stop(void) {
  hook();
  called = true;
  (void)arch_call(EXO_CALL_COUNT, (const uint64_t[6]){});
}
