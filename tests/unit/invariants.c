// invariants.c: what must be true of the whole machine whenever no CPU is in the kernel: the kernel's own list
// (exo/debug/check.c), and what only the fake machine can tell: what its CPUs remember, and what they do.
#include <string.h>
#include "test.h"

// Nobody who is ready waits for a CPU that is idle.
static void idle_check(const struct cpu *cpu) {
  for (int i = 0; i < EXO_SLICES; i++) {
    const struct slice *s = &cpu->slice[i];
    if (s->env && s->length_ns) CHECK(env_on(env_at(s->env), cpu->index)->ready != ENV_READY);
  }
}

// The points of what runs here, and a step of its own, or nothing.
static void debug_check(const struct cpu *cpu, const struct fake_cpu *f) {
  for (unsigned i = 0; i < ARCH_DEBUG_POINTS; i++) {
    uint64_t control = cpu->env_cpu ? cpu->env_cpu->debug.control[i] : 0;
    EQ(f->debug.control[i], control);
    if (control) EQ(f->debug.address[i], cpu->env_cpu->debug.address[i]);
    if (control) CHECK(cpu->env_cpu->points >> i & 1 && f->debug.address[i] < ARCH_USER_LIMIT);
  }
  if (f->step) CHECK(cpu->live & LIVE_DEBUG);
}

static void cpu_check(unsigned i) {
  const struct cpu *cpu = cpu_at(i);
  const struct fake_cpu *f = &fake_cpu[i];
  CHECK(cpu->cross_done == cpu->cross_want);
  EQ(f->root, cpu->root ? cpu->root << EXO_PAGE_BITS : boot->low_root_physical);
  EQ((cpu->live & LIVE_FP) != 0, f->fp_on);
  debug_check(cpu, f);
  EQ(f->state, cpu->env ? FAKE_USER : FAKE_IDLE);
  if (!cpu->env) {
    idle_check(cpu);
    return;
  }
  if (f->timer_ns == ~0ull) // nobody keeps a CPU for ever who is not alone there
    for (int k = 0; k < EXO_SLICES; k++)
      CHECK(!cpu->slice[k].length_ns || !cpu->slice[k].env || cpu->slice[k].env == cpu->env->w.number);
  CHECK(f->frame.pc < ARCH_USER_LIMIT);
}

// Does a root say of this CPU that all it remembers of it is true? (For how long, only its next edit knows.)
static bool answers_for(uint64_t root, unsigned cpu) {
  exo_frame n = root >> EXO_PAGE_BITS;
  if (fake_cpu[cpu].root == root) return true;
  return kind_of(n) == EXO_KIND_TABLE && exo_state_level(desc(n)->state) == PTE_LEVELS - 1 &&
         desc(n)->home >> (EXO_HOME_REMEMBERS + cpu) & 1 && cpu_at(cpu)->remembered[n % ARCH_ASIDS] == n;
}

// No CPU may use what the tables do not say any more: neither now nor when it loads a root that it remembers.
static void translations_check(unsigned cpu) {
  const struct fake_cpu *f = &fake_cpu[cpu];
  for (int i = 0; i < FAKE_TLB; i++) {
    const struct fake_translation *t = &f->tlb[i];
    if (!t->root || !answers_for(t->root, cpu)) continue;
    pte_t e = fake_walk(t->root, t->va, t->level);
    CHECK(t->asid == 1 + (t->root >> EXO_PAGE_BITS) % ARCH_ASIDS && pte_present(e) && pte_physical(e) == t->physical);
    if (t->level == 0) CHECK((t->prot & ~pte_prot(e)) == 0);
  }
}

void invariants(void) {
  unsigned line = check_all();
  if (line) test_fail("check.c", (int)line, check.what, (int64_t)check.frame, 0);
  for (unsigned i = 0; i < machine_cpus; i++) {
    cpu_check(i);
    translations_check(i);
  }
}

// Two words and their places at a time, none of which waits for another.
static uint64_t mix(uint64_t h, const void *at, size_t bytes) {
  static const uint64_t golden = 0x9E3779B97F4A7C15ull;
  const uint64_t *w = at;
  uint64_t sum = h * golden, i = 0;
  for (; i + 1 < bytes / 8; i += 2) sum += (w[i] + (i + h) * golden) * (w[i + 1] + (i + 1) * golden);
  if (i < bytes / 8) sum += (w[i] ^ h) * golden;
  return sum ^ sum >> 29;
}

uint64_t machine_digest(void) {
  uint64_t h = mix(1, frame_table(), FRAMES * sizeof *frame_table());
  for (exo_frame n = 0; n < RAM_END; n++)
    if (kind_of(n) >= EXO_KIND_TABLE && kind_of(n) <= EXO_KIND_UAREA) h = mix(h, frame_memory(n), EXO_PAGE);
  for (unsigned i = 0; i < CPUS; i++) {
    h = mix(h, cpu_at(i)->slice, sizeof cpu_at(i)->slice);
    h = mix(h, &fake_cpu[i].frame, sizeof fake_cpu[i].frame);
    h = mix(h, &(uint64_t[]){(uint64_t)cpu_at(i)->env, fake_cpu[i].root, fake_cpu[i].entered}, 24);
  }
  return h;
}
