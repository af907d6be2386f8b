// invariants.c: what must be true of the whole machine whenever no CPU is in the kernel. This is the one list.
#include <string.h>
#include "test.h"

uint64_t invariant_ceilings;

static struct seen { // of each frame, gathered from all tables and environments
  uint64_t maps, parents, pins, charged;
  bool writable, executable;
} seen[FRAMES];

// --- Tables

static void leaf_entry(exo_frame table, uint64_t i, pte_t e) {
  exo_frame n = pte_physical(e) >> EXO_PAGE_BITS;
  CHECK(n < FRAMES && kind_of(n) != EXO_KIND_ABSENT);
  uint64_t prot = pte_prot(e), kind = kind_of(n);
  seen[n].maps++;
  seen[n].writable |= prot & EXO_WRITE;
  seen[n].executable |= prot & EXO_EXEC;
  // A user's, and nothing odd in it. What needs no question to become writable has a frame that knows it.
  bool noted = !(~e & PTE_READY(EXO_READ | EXO_WRITE));
  pte_t made = pte_keep(pte_leaf(n << EXO_PAGE_BITS, noted ? 3 : prot, true), pte_kept(e));
  CHECK(pte_aged(e, 3) == pte_aged(noted ? pte_change(made, prot) : made, 3));
  CHECK(!noted || desc(n)->state & EXO_STATE_WRITE);
  CHECK((prot & ~pte_kept(e)) == 0);
  // No program reaches the kernel's, tables, nobody's frames or private state; kernel tables and env frames it only
  // reads.
  bool table_seen = kind == EXO_KIND_TABLE && exo_state_level(desc(n)->state) < PTE_LEVELS - 1;
  CHECK(kind == EXO_KIND_USER || kind == EXO_KIND_UAREA || kind == EXO_KIND_WINDOW || kind == EXO_KIND_ENV ||
        table_seen);
  if (kind == EXO_KIND_WINDOW || kind == EXO_KIND_ENV || table_seen) EQ(pte_kept(e), EXO_READ);
  seen[n].maps -= table_seen; // a table's mappings are pins
  seen[n].pins += table_seen;
  if (!table_seen && exo_state_maps(desc(n)->state) == 1 && desc(n)->home) EQ(desc(n)->home, table * 512 + i);
}

// A joined table is known by its home. (0 is no frame of RAM, and none of this kind.)
static exo_frame joined_at(uint64_t home) {
  for (exo_frame n = 1; n < FRAMES; n++)
    if (kind_of(n) == EXO_KIND_TABLE && desc(n)->state & EXO_STATE_JOINED && desc(n)->home == home) return n;
  return 0;
}

static void table_entry(exo_frame table, uint64_t i, pte_t e, uint64_t level) {
  exo_frame n = pte_physical(e) >> EXO_PAGE_BITS;
  if (level == 1 && pte_is_leaf(e, 1)) {
    n = joined_at(exo_home_table(exo_home_root(desc(table)->home), exo_home_va(desc(table)->home) + (i << 21)));
    CHECK(pte_aged(e, 3) == pte_aged(pte_join(*(const pte_t *)frame_memory(n)), 3));
    seen[n].parents++;
    return;
  }
  CHECK(e == pte_table(n << EXO_PAGE_BITS) && n < FRAMES && !(desc(n)->state & EXO_STATE_JOINED));
  EQ(kind_of(n), EXO_KIND_TABLE);
  EQ(exo_state_level(desc(n)->state), level - 1);
  bool top = level == PTE_LEVELS - 1;
  uint64_t home = desc(table)->home, va = (top ? 0 : exo_home_va(home)) + (i << (EXO_PAGE_BITS + 9 * level));
  EQ(desc(n)->home, exo_home_table(top ? table : exo_home_root(home), va));
  seen[n].parents++;
}

// The first entry in use from `i` on, eight at a time: most are empty, and this is asked after every step.
static uint64_t in_use(const pte_t *e, uint64_t i, uint64_t end) {
  while (i < end && !e[i]) {
    const pte_t *p = e + ++i;
    while (i % 8 == 0 && i < end && !(p[0] | p[1] | p[2] | p[3] | p[4] | p[5] | p[6] | p[7])) i += 8, p += 8;
  }
  return i;
}

static void table_walk(exo_frame table) {
  const pte_t *e = frame_memory(table);
  uint64_t level = exo_state_level(desc(table)->state), live = 0, end = level == PTE_LEVELS - 1 ? 256 : 512;
  for (uint64_t i = in_use(e, 0, end); i < end; i = in_use(e, i + 1, end)) {
    CHECK(pte_present(e[i]));
    live++;
    if (level)
      table_entry(table, i, e[i], level);
    else
      leaf_entry(table, i, e[i]);
  }
  EQ(exo_state_maps(desc(table)->state), live);
  if (end == 256) CHECK(memcmp(e + 256, (const pte_t *)direct(boot->root_physical) + 256, 256 * sizeof *e) == 0);
}

// --- Environments

static void slots_check(const struct env *env) {
  for (int i = 0; i < EXO_SLOTS; i++) {
    const struct exo_slot_window *s = &env->w.slot[i];
    uint64_t rights = s->rights & 0xFFFFFFFF;
    CHECK(exo_name_valid(s->name) && s->mask == exo_name_mask(s->name) && s->open <= 1);
    CHECK((rights & ~EXO_RIGHTS_ALL) == 0);
    if (rights)
      EQ(s->open, 0); // a slot in use takes no grant
    else
      CHECK(s->name == 0); // an empty slot has neither rights nor name
  }
}

static void presence_check(const struct env *env, unsigned cpu) {
  exo_frame state = env->w.state_frame[cpu], u = env->uarea_frame[cpu];
  CHECK(cpu < CPUS && state < FRAMES && u + 1 < FRAMES);
  EQ(kind_of(state), EXO_KIND_ENV_CPU);
  EQ(kind_of(u), EXO_KIND_UAREA);
  EQ(kind_of(u + 1), EXO_KIND_UAREA);
  seen[state].pins++;
  seen[u].pins++;
  seen[u + 1].pins++;
  const struct env_cpu *ec = frame_memory(state);
  CHECK(ec->env == env && ec->uarea == frame_memory(u) && ec->ready <= ENV_ASLEEP);
}

static void env_check(exo_frame n, uint64_t *ceilings) {
  const struct env *env = frame_memory(n);
  EQ(env_frame(env->w.number), n);
  EQ(env->w.version, 1);
  CHECK(env->w.used <= env->w.ceiling || env->w.revocation.deadline_ns); // or it has been asked to give back
  *ceilings += env->w.ceiling;
  slots_check(env);
  if (!env->w.alive) { // off every CPU, its number void, nothing in the kernel's service
    CHECK(env->w.cpus == 0 && env->w.root == 0 && env_at(env->w.number) == nullptr && env->w.obituary.cause);
    return;
  }
  CHECK(env_at(env->w.number) == env && env->w.obituary.cause == 0);
  for (unsigned i = 0; i < EXO_MAX_CPUS; i++)
    if (env->w.cpus >> i & 1) presence_check(env, i);
  if (!env->w.root) return;
  CHECK(kind_of(env->w.root) == EXO_KIND_TABLE && exo_state_level(desc(env->w.root)->state) == PTE_LEVELS - 1);
  seen[env->w.root].pins++;
}

// --- Frames

static void frame_check(exo_frame n) {
  const struct exo_frame_desc *d = desc(n);
  uint64_t s = d->state, kind = exo_state_kind(s);
  CHECK(!(s & EXO_STATE_LOCK));
  CHECK(!(s & EXO_STATE_WRITE && s & EXO_STATE_EXEC) && !(seen[n].writable && seen[n].executable));
  CHECK(!seen[n].writable || s & EXO_STATE_WRITE);
  CHECK(!seen[n].executable || s & EXO_STATE_EXEC);
  CHECK(kind == EXO_KIND_TABLE || !(s & EXO_STATE_LEVEL));
  if (kind != EXO_KIND_TABLE) EQ(exo_state_maps(s), seen[n].maps);
  if (kind == EXO_KIND_TABLE || !exo_state_maps(s)) CHECK(!(s & (EXO_STATE_WRITE | EXO_STATE_EXEC)));
  EQ(exo_state_pins(s), seen[n].pins);
  EQ(seen[n].parents, kind == EXO_KIND_TABLE && exo_state_level(s) < PTE_LEVELS - 1);
  if (kind == EXO_KIND_UAREA) CHECK(!seen[n].executable);
  if (kind == EXO_KIND_UAREA || kind == EXO_KIND_ENV_CPU) EQ(seen[n].pins, 1);
  if (kind < EXO_KIND_USER || kind > EXO_KIND_UAREA) { // nobody's
    EQ(d->account, 0);
    if (kind == EXO_KIND_FREE) CHECK(d->guard == 0 && seen[n].maps == 0);
    if (kind == EXO_KIND_ABSENT) CHECK(s == 0 && d->guard == 0);
    return;
  }
  CHECK(d->account < FRAMES && kind_of(d->account) == EXO_KIND_ENV && exo_name_valid(d->guard));
  seen[d->account].charged++;
}

static void home_check(exo_frame root) { // a root knows the CPUs that have it loaded
  uint64_t loaded = 0;
  for (unsigned i = 0; i < CPUS; i++)
    if (fake_cpu[i].root == root << EXO_PAGE_BITS) loaded |= 1ull << i;
  EQ((uint32_t)desc(root)->home, loaded);
  CHECK(desc(root)->home >> (EXO_HOME_REMEMBERS + machine_cpus) == 0);
}

// Does a root say of this CPU that all it remembers of it is true? (For how long, only its next edit knows.)
static bool answers_for(uint64_t root, unsigned cpu) {
  exo_frame n = root >> EXO_PAGE_BITS;
  if (fake_cpu[cpu].root == root) return true;
  return kind_of(n) == EXO_KIND_TABLE && exo_state_level(desc(n)->state) == PTE_LEVELS - 1 &&
         desc(n)->home >> (EXO_HOME_REMEMBERS + cpu) & 1 && cpu_at(cpu)->remembered[n % ARCH_ASIDS] == n;
}

// --- CPUs

static void slices_check(const struct cpu *cpu) {
  EQ(cpu->slice_lock, 0);
  for (int i = 0; i < EXO_SLICES; i++) {
    const struct slice *s = &cpu->slice[i];
    CHECK(exo_name_valid(s->guard) && s->debt_ns <= s->length_ns && s->length_ns <= SLICE_MAX_NS);
    const struct env *owner = s->env ? env_at(s->env) : nullptr;
    if (!s->env) continue;
    CHECK(owner && env_on(owner, cpu->index));
    // Nobody who is ready waits for a CPU that is idle.
    if (!cpu->env && s->length_ns) CHECK(env_on(owner, cpu->index)->ready != ENV_READY);
  }
}

static void cpu_check(unsigned i) {
  const struct cpu *cpu = cpu_at(i);
  const struct fake_cpu *f = &fake_cpu[i];
  CHECK(cpu->index == i && !cpu->probe && cpu->cross_done == cpu->cross_want);
  EQ(f->root, cpu->root ? cpu->root << EXO_PAGE_BITS : boot->low_root_physical);
  EQ(cpu->fp_live, f->fp_on);
  slices_check(cpu);
  EQ(f->state, cpu->env ? FAKE_USER : FAKE_IDLE);
  if (!cpu->env) {
    CHECK(!cpu->root && !cpu->arch.uarea && !cpu->env_cpu);
    return;
  }
  CHECK(cpu->env->w.alive && env_at(cpu->env->w.number) == cpu->env && env_on(cpu->env, i) == cpu->env_cpu);
  CHECK(cpu->env_cpu && cpu->env_cpu->uarea == cpu->arch.uarea && cpu->root == cpu->env->w.root && cpu->root);
  if (f->timer_ns == ~0ull) // nobody keeps a CPU for ever who is not alone there
    for (int k = 0; k < EXO_SLICES; k++)
      CHECK(!cpu->slice[k].length_ns || !cpu->slice[k].env || cpu->slice[k].env == cpu->env->w.number);
  CHECK(f->frame.pc < ARCH_USER_LIMIT);
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
  uint64_t ceilings = 0;
  memset(seen, 0, sizeof seen);
  for (exo_frame n = 0; n < FRAMES; n++)
    if (kind_of(n) == EXO_KIND_TABLE) table_walk(n);
  for (exo_frame n = 0; n < FRAMES; n++)
    if (kind_of(n) == EXO_KIND_ENV) env_check(n, &ceilings);
  for (exo_frame n = 0; n < FRAMES; n++) frame_check(n);
  for (exo_frame n = 0; n < FRAMES; n++) {
    if (kind_of(n) == EXO_KIND_ENV) EQ(((const struct env *)frame_memory(n))->w.used, seen[n].charged);
    if (kind_of(n) == EXO_KIND_TABLE && exo_state_level(desc(n)->state) == PTE_LEVELS - 1) home_check(n);
  }
  if (invariant_ceilings) EQ(ceilings, invariant_ceilings);
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
