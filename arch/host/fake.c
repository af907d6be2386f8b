// fake.c: a machine in an ordinary process: what arch.h asks for, with memory as arrays. How its CPUs come to run is
// turns.h's.
#include <string.h>
#include "turns.h"

struct fake_cpu fake_cpu[EXO_MAX_CPUS];
struct fake fake;
_Thread_local struct cpu *fake_self;

static const struct exo_boot *handover;
enum : uint64_t { PATIENCE = 50'000, PAUSE_NS = 100 };

// The image that exo/kernel.ld would lay out: two pages of text, one of constants, two of data; no build id.
__asm__(".pushsection .bss.image,\"aw\",@nobits\n.balign 4096\n"
        ".globl kernel_start, text_end, rodata_end, kernel_end, build_id, build_id_end\n"
        "kernel_start: .skip 8192\ntext_end: .skip 4096\nrodata_end: .skip 8192\nkernel_end:\n"
        "build_id:\nbuild_id_end:\n.skip 4096\n.popsection\n");

static struct arch_cpu *record(unsigned i) {
  return (struct arch_cpu *)(EXO_PERCPU_BASE + i * EXO_PERCPU_STRIDE + EXO_PERCPU_RECORD);
}
static unsigned self_index(void) { return (unsigned)(((uint64_t)fake_self - EXO_PERCPU_BASE) / EXO_PERCPU_STRIDE); }
static struct fake_cpu *self(void) { return &fake_cpu[self_index()]; }

// --- A CPU's life

void fake_become(unsigned i) { fake_self = (struct cpu *)record(i); }

bool fake_busy(const struct fake_cpu *c) {
  if (c->state == FAKE_ABSENT || fake.off) return false;
  return c->state == FAKE_KERNEL || c->job != JOB_NONE || c->cross_pending || c->timer_ns <= fake.now;
}

// One of the steps that all programs have together.
static bool program_step(unsigned i, struct fake_cpu *c) {
  uint64_t left = fake.steps;
  if (!left) return false;
  c->state = FAKE_KERNEL;
  c->turns++;
  if (__c11_atomic_compare_exchange_strong(&fake.steps, &left, left - 1, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
    fake.program(i);
  return c->job != JOB_NONE;
}

// What a CPU in user mode does next: what was posted, an interrupt, or what its program wants. False: nothing.
static bool job_find(unsigned i, struct fake_cpu *c) {
  if (c->job == JOB_NONE && !c->cross_pending && c->timer_ns > fake.now) return program_step(i, c);
  c->state = FAKE_KERNEL; // before what kept it busy is gone
  c->turns++;
  if (c->job != JOB_NONE) return true;
  c->job = c->cross_pending ? JOB_CROSS : JOB_TICK;
  if (c->job == JOB_CROSS)
    c->cross_pending = false;
  else
    c->timer_ns = ~0ull;
  return true;
}

static void job_run(unsigned i, struct fake_cpu *c) {
  enum fake_job job = c->job;
  c->job = JOB_NONE;
  if (job == JOB_START && i == 0) core_main(handover);
  if (job == JOB_START) core_secondary(i);
  if (job == JOB_FAULT) core_fault(&c->frame, c->cause, c->address);
  if (job == JOB_TICK) core_tick(&c->frame);
  if (job == JOB_CROSS) core_cross(&c->frame);
  if (job == JOB_FP && !c->fp_on) core_fp(&c->frame);
  if (job == JOB_CALL) {
    c->result = core_call(c->argument, c->number);
    c->returned = true;
  }
}

void fake_life(unsigned i) {
  struct fake_cpu *c = &fake_cpu[i];
  _setjmp(c->top); // arch_enter comes back here
  for (;;) {
    while (!job_find(i, c)) {
      c->state = FAKE_USER;
      turn_pass();
    }
    job_run(i, c);
  }
}

static void depth_note(void) {
  uint64_t used = turn_depth();
  if (used > self()->deepest) self()->deepest = used;
}

// Gives the turn away, if one is to be given at all.
static void mingle(void) {
  if (!fake.mingle || self()->state != FAKE_KERNEL) return;
  fake.mingle = fake.mingle * 6364136223846793005ull + 1442695040888963407ull;
  if (fake.mingle >> 62 == 0) turn_pass();
}

void fake_pause(void) {
  fake.now += PAUSE_NS;
  if (fake.at_pause) fake.at_pause();
  turn_pass();
}

// --- The driver's side

static void clock_to(uint64_t ns) { // never back, though programs may move it on meanwhile
  uint64_t now = fake.now;
  while (now < ns && !__c11_atomic_compare_exchange_weak(&fake.now, &now, ns, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
}

void fake_time(uint64_t ns) {
  uint64_t end = fake.now + ns;
  for (;;) {
    uint64_t first = end;
    for (unsigned i = 0; i < EXO_MAX_CPUS; i++) {
      uint64_t at = fake_cpu[i].timer_ns; // once: a program that goes on already may have it fire meanwhile
      if (fake_cpu[i].state != FAKE_ABSENT && at < first) first = at;
    }
    clock_to(first);
    fake_run();
    if (fake.off || first >= end) return;
  }
}

void fake_post(unsigned cpu, enum fake_job job) {
  struct fake_cpu *c = &fake_cpu[cpu];
  if (c->state != FAKE_USER) fake_broken("a trap on a CPU that runs no program");
  c->returned = false;
  c->job = job;
}

static void cpu_begin(unsigned i) {
  fake_cpu[i].job = JOB_START;
  fake_cpu[i].state = FAKE_KERNEL;
  turn_begin(i);
}

void fake_reset(void) {
  turn_reset();
  memset(fake_cpu, 0, sizeof fake_cpu);
  memset(&fake, 0, sizeof fake);
  fake_self = nullptr;
  for (unsigned i = 0; i < EXO_MAX_CPUS; i++) fake_cpu[i].timer_ns = ~0ull;
}

void fake_boot(const struct exo_boot *boot) {
  handover = boot;
  cpu_begin(0);
  while (fake_cpu[0].state != FAKE_USER && !fake.off) {
    fake_run();
    if (fake_cpu[0].state == FAKE_IDLE) fake_time(1000);
  }
}

// --- CPU

void arch_cpu_init(const struct exo_boot *boot, unsigned index) {
  struct arch_cpu *r = record(index);
  r->self = r;
  r->stack = turn_stack(index);
  r->user_limit = ARCH_USER_LIMIT;
  fake_cpu[index].root = boot->low_root_physical;
}

bool arch_cpu_start(const struct exo_boot *, unsigned index) {
  if (fake.refuse_start) return false;
  cpu_begin(index);
  return true;
}

void arch_enter(const struct arch_frame *f) {
  struct fake_cpu *c = self();
  if (!record(self_index())->uarea) fake_broken("a program is entered and has no u-area");
  if (f->pc >= ARCH_USER_LIMIT) fake_broken("a program is entered at a pc that is not its own");
  if ((f->flags & ~(uint64_t)FRAME_FLAGS_USER) != FRAME_FLAGS_FIXED) fake_broken("privileged flags reached a program");
  depth_note();
  c->frame = *f;
  c->entered++;
  longjmp(c->top, 1);
}

void arch_enter_words(uint64_t pc, uint64_t sp, const uint64_t words[6]) {
  struct arch_frame f = {.flags = FRAME_FLAGS_FIXED, .sp = sp, .pc = pc};
  memcpy(f.r, words, 6 * sizeof *words);
  arch_enter(&f);
}

void arch_idle(void) {
  struct fake_cpu *c = self();
  depth_note();
  c->idled = c->idle_ns == fake.now ? c->idled + 1 : 0;
  c->idle_ns = fake.now;
  if (c->idled > PATIENCE) fake_broken("a CPU is idle and never sleeps");
  while (!c->cross_pending && c->timer_ns > fake.now) {
    c->state = FAKE_IDLE;
    turn_pass();
  }
  c->state = FAKE_KERNEL;
  c->turns++;
  if (c->cross_pending) {
    c->cross_pending = false;
    core_cross(nullptr);
  } else {
    c->timer_ns = ~0ull;
    core_tick(nullptr);
  }
}

bool arch_interrupt_pending(void) {
  if (fake.at_look) fake.at_look();
  struct fake_cpu *c = self();
  bool pending = c->interrupt || c->cross_pending || c->timer_ns <= fake.now;
  c->interrupts += pending;
  return pending;
}

static void end(uint32_t exit) {
  fake.exit = exit;
  fake.off = true;
  for (;;) turn_pass();
}
void arch_power_off(enum arch_exit exit) {
  end(exit);
  __builtin_unreachable();
}
void arch_halt(void) {
  end(0);
  __builtin_unreachable();
}

void arch_cross_send(unsigned index) {
  fake_cpu[index].cross_pending = true;
  mingle();
}

uint64_t arch_now_ns(void) { return fake.now; }
void arch_timer_set(uint64_t at_ns) { self()->timer_ns = at_ns; }
uint64_t arch_clock_hz(void) { return 1'000'000'000; }
uint64_t arch_clock_zero(void) { return 7; }
uint64_t fake_counter(void) { return fake.now + 7; }

// --- Page tables, and what a CPU remembers of them

void arch_root_init(pte_t *table) {
  const pte_t *kernel = direct(handover->root_physical);
  memcpy(table + 256, kernel + 256, 256 * sizeof *table);
}

void arch_root_load(uint64_t root, uint64_t asid, bool fresh) {
  if (fake.before_root) fake.before_root(self()->root, root);
  self()->root = root;
  self()->asid = asid;
  if (fresh) arch_flush_all();
  mingle();
}

void arch_frame_clear(void *frame) { memset(frame, 0, 4096); }
void arch_table_fence(void) { mingle(); }
void arch_code_fence(void) {}

static uint64_t span(int level) { return 1ull << (12 + 9 * level); }

// A page only: tables that higher levels led to are forgotten by arch_flush_all alone. Both only under the identifier
// at hand.
void arch_flush_page(uint64_t va) {
  struct fake_cpu *c = self();
  c->flushes++;
  for (int i = 0; i < FAKE_TLB; i++)
    if (c->tlb[i].asid == c->asid && c->tlb[i].level == 0 && c->tlb[i].va == va) c->tlb[i].root = 0;
}

void arch_flush_all(void) {
  struct fake_cpu *c = self();
  c->flushes++;
  for (int i = 0; i < FAKE_TLB; i++)
    if (c->tlb[i].asid == c->asid) c->tlb[i].root = 0;
}

// What the walker of a CPU reads, while others write. It comes to the next table by what it read here, not before.
static pte_t entry_read(uint64_t table, uint64_t va, int level) {
  return __atomic_load_n(&((const pte_t *)direct(table))[va / span(level) % 512], __ATOMIC_ACQUIRE);
}

// A page of a joined table, as it would be alone.
static pte_t page_of(pte_t e, uint64_t va, int level) {
  uint64_t at = pte_physical(e);
  return (e ^ pte_address(at)) | pte_address(at + va % span(level) / EXO_PAGE * EXO_PAGE);
}

pte_t fake_walk(uint64_t root, uint64_t va, int level) {
  for (int l = PTE_LEVELS - 1;; l--) {
    pte_t e = entry_read(root, va, l);
    if (l == level || !pte_present(e)) return e;
    if (pte_is_leaf(e, l)) return page_of(e, va, l);
    root = pte_physical(e);
  }
}

static struct fake_translation *remembered(struct fake_cpu *c, uint64_t va, int level) {
  for (int i = 0; i < FAKE_TLB; i++) {
    struct fake_translation *t = &c->tlb[i];
    if (t->root && t->asid == c->asid && t->level == level && t->va == va / span(level) * span(level)) return t;
  }
  return nullptr;
}

static void remember(struct fake_cpu *c, uint64_t va, int level, pte_t e) {
  c->tlb[c->next++ % FAKE_TLB] = (struct fake_translation){.root = c->root,
                                                           .asid = c->asid,
                                                           .va = va / span(level) * span(level),
                                                           .prot = pte_prot(e),
                                                           .physical = pte_physical(e),
                                                           .level = level};
}

// Walks as far as needed, remembers each step, and notes the use in the entry, as the machine does.
static const struct fake_translation *walk(struct fake_cpu *c, uint64_t va, uint64_t prot) {
  uint64_t table = c->root;
  for (int level = PTE_LEVELS - 1;; level--) {
    const struct fake_translation *known = level ? remembered(c, va, level) : nullptr;
    pte_t *entry = (pte_t *)direct(table) + va / span(level) % 512;
    pte_t e = known ? pte_table(known->physical) : entry_read(table, va, level);
    if (!pte_present(e)) return nullptr;
    if (pte_is_leaf(e, level)) {
      if (!pte_prot(e) || prot & ~pte_prot(e)) return nullptr;
      pte_t used = e | PTE_TOUCHED | (prot & EXO_WRITE ? PTE_DIRTIED : 0);
      if (!__atomic_compare_exchange_n(entry, &e, used, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return nullptr;
      remember(c, va, 0, page_of(used, va, level));
      return remembered(c, va, 0);
    }
    if (!known) remember(c, va, level, e);
    table = pte_physical(e);
  }
}

void *fake_reach(unsigned cpu, uint64_t va, uint64_t prot) {
  struct fake_cpu *c = &fake_cpu[cpu];
  if (va >= ARCH_USER_LIMIT) return nullptr;
  const struct fake_translation *t = remembered(c, va, 0);
  if (!t || prot & EXO_WRITE) t = walk(c, va, prot);
  return !t || prot & ~t->prot ? nullptr : (char *)direct(t->physical) + va % EXO_PAGE;
}

// --- Registers

void arch_fp_save(void *area) {
  *(uint64_t *)area = self()->fp;
  self()->fp = 0;
}
void arch_fp_load(const void *area) {
  self()->fp = *(const uint64_t *)area;
  self()->fp_on = true;
}
void arch_fp_off(void) { self()->fp_on = false; }
void arch_thread_save(uint64_t words[ARCH_THREAD_WORDS]) {
  words[0] = self()->thread;
  mingle();
}
void arch_thread_load(const uint64_t words[ARCH_THREAD_WORDS], uint64_t uarea_va) {
  (void)uarea_va;
  self()->thread = words[0];
  mingle();
}

void arch_debug_load(const struct arch_debug *points) {
  static const struct arch_debug none;
  self()->debug = points ? *points : none;
  self()->step &= points != nullptr;
  mingle();
}
bool arch_debug_step(const struct arch_frame *f) { return self()->step |= (f->flags & FRAME_FLAGS_STEP) != 0; }

bool arch_frame_sane(struct arch_frame *f) {
  f->flags = (f->flags & FRAME_FLAGS_USER) | FRAME_FLAGS_FIXED;
  return f->pc < ARCH_USER_LIMIT;
}
void arch_frame_door(struct arch_frame *f, uint64_t pc, uint64_t sp, uint64_t a0, uint64_t a1) {
  *f = (struct arch_frame){.flags = FRAME_FLAGS_FIXED, .sp = sp, .r = {a0, a1}, .pc = pc};
}

const uint64_t *arch_backtrace_slot(uint64_t fp) {
  (void)fp;
  return nullptr;
}

// --- Ports: two UARTs (console at 0x3F8, results at 0x2F8) that always have room.

uint8_t arch_port_read(uint16_t port) {
  if (port == 0x3F8 + 5 || port == 0x2F8 + 5) return 0x20 | (port == 0x3F8 + 5 && fake.input && *fake.input);
  if (port == 0x3F8 && fake.input && *fake.input) return (uint8_t)*fake.input++;
  return 0xFF;
}

void arch_port_write(uint16_t port, uint8_t value) {
  int which = port == 0x2F8;
  if (port != 0x3F8 && port != 0x2F8) return;
  unsigned at = fake.length[which]++;
  if (at < sizeof fake.text[which] - 1) fake.text[which][at] = (char)value;
}
