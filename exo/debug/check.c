// check.c: what must be true of the whole machine whenever no CPU is in the kernel. This is the one list. The unit
// tests go through it after each step; in a running system a program asks for it by a call, on a kernel that was built
// to answer (docs/debug.md). No part of the ordinary kernel: all CPUs stand still meanwhile, and interrupts are off for
// as long as it takes.
#include "core.h"

struct check check;

// Leaves the function with the line of what does not hold.
#define HOLDS(condition)                                                                                               \
  do                                                                                                                   \
    if (RARELY(!(condition))) return broken(__LINE__, #condition);                                                     \
  while (0)
#define ALL_OF(check)                                                                                                  \
  do {                                                                                                                 \
    unsigned line = (check);                                                                                           \
    if (RARELY(line)) return line;                                                                                     \
  } while (0)

static unsigned broken(unsigned line, const char *what) {
  check.what = what;
  return check.line = line;
}

enum { FRAMES_MAX = 1 << 18 }; // what can be looked at: 1 GiB
static struct tally {          // of each frame, gathered from all tables and environments
  uint32_t maps, parents, pins, charged;
  bool writable, executable;
} tally[FRAMES_MAX];
static pte_t fresh_root[ENTRIES];
static uint64_t joined, ceilings;

static exo_frame first_frame(void) { return machine_window.range[0].first; }
static struct tally *tally_of(exo_frame n) { // nullptr: no frame of RAM
  return n >= first_frame() && frame_at(n) ? &tally[n - first_frame()] : nullptr;
}
static const struct exo_frame_desc *desc_of(exo_frame n) { return &frame_table()[n]; }
static uint64_t kind_at(exo_frame n) { return exo_state_kind(desc_of(n)->state); }
static uint64_t level_at(exo_frame n) { return exo_state_level(desc_of(n)->state); }
static bool is_root(exo_frame n) {
  return frame_at(n) && kind_at(n) == EXO_KIND_TABLE && level_at(n) == PTE_LEVELS - 1;
}

// --- Tables

// A user's, and nothing odd in it. What needs no question to become writable has a frame that knows it.
static unsigned leaf_sane(exo_frame n, pte_t e) {
  uint64_t prot = pte_prot(e);
  bool noted = !(~e & PTE_READY(EXO_READ | EXO_WRITE));
  pte_t made = pte_keep(pte_leaf(n << EXO_PAGE_BITS, noted ? 3 : prot, true), pte_kept(e));
  HOLDS(pte_aged(e, 3) == pte_aged(noted ? pte_change(made, prot) : made, 3));
  HOLDS(!noted || desc_of(n)->state & EXO_STATE_WRITE);
  HOLDS((prot & ~pte_kept(e)) == 0);
  return 0;
}

// No program reaches the kernel's, roots, nobody's frames or private state; tables, kernel tables and env frames it
// only reads.
static unsigned leaf_entry(exo_frame table, uint64_t i, pte_t e) {
  exo_frame n = pte_physical(e) >> EXO_PAGE_BITS;
  struct tally *t = tally_of(n);
  HOLDS(t);
  ALL_OF(leaf_sane(n, e));
  uint64_t prot = pte_prot(e), kind = kind_at(n);
  bool table_seen = kind == EXO_KIND_TABLE && level_at(n) < PTE_LEVELS - 1; // its mappings are pins
  t->writable |= (prot & EXO_WRITE) != 0;
  t->executable |= (prot & EXO_EXEC) != 0;
  t->maps += !table_seen;
  t->pins += table_seen;
  HOLDS(kind == EXO_KIND_USER || kind == EXO_KIND_UAREA || kind == EXO_KIND_WINDOW || kind == EXO_KIND_ENV ||
        table_seen);
  if (kind == EXO_KIND_WINDOW || kind == EXO_KIND_ENV || table_seen) HOLDS(pte_kept(e) == EXO_READ);
  if (!table_seen && exo_state_maps(desc_of(n)->state) == 1 && desc_of(n)->home)
    HOLDS(desc_of(n)->home == table * ENTRIES + i);
  return 0;
}

static unsigned table_entry(exo_frame table, uint64_t i, pte_t e, uint64_t level) {
  if (level == 1 && pte_is_leaf(e, 1)) {
    joined--;
    return 0;
  }
  exo_frame n = pte_physical(e) >> EXO_PAGE_BITS;
  struct tally *t = tally_of(n);
  HOLDS(t && pte_aged(e, 1) == pte_table(n << EXO_PAGE_BITS));
  HOLDS(kind_at(n) == EXO_KIND_TABLE && level_at(n) == level - 1 && !(desc_of(n)->state & EXO_STATE_JOINED));
  bool top = level == PTE_LEVELS - 1;
  uint64_t home = desc_of(table)->home, va = (top ? 0 : exo_home_va(home)) + (i << (EXO_PAGE_BITS + 9 * level));
  HOLDS(desc_of(n)->home == exo_home_table(top ? table : exo_home_root(home), va));
  t->parents++;
  return 0;
}

// A joined leaf table's own first entry stands as one leaf where its home says. Each leaf of level 1 is found so.
static unsigned joined_check(exo_frame n) {
  uint64_t va = exo_home_va(desc_of(n)->home);
  exo_frame table = exo_home_root(desc_of(n)->home);
  HOLDS(is_root(table));
  for (uint64_t level = PTE_LEVELS - 1; level > 1; level--) {
    pte_t e = ((const pte_t *)frame_memory(table))[va >> (EXO_PAGE_BITS + 9 * level) & (ENTRIES - 1)];
    HOLDS(pte_present(e) && !pte_is_leaf(e, (int)level));
    table = pte_physical(e) >> EXO_PAGE_BITS;
    HOLDS(frame_at(table));
  }
  pte_t leaf = ((const pte_t *)frame_memory(table))[va >> (EXO_PAGE_BITS + 9) & (ENTRIES - 1)];
  HOLDS(exo_state_maps(desc_of(n)->state) == ENTRIES);
  HOLDS(pte_aged(leaf, 3) == pte_aged(pte_join(*(const pte_t *)frame_memory(n)), 3));
  tally_of(n)->parents++;
  joined++;
  return 0;
}

// The first entry in use from `i` on, eight at a time: most are empty, and this is asked often.
static uint64_t in_use(const pte_t *e, uint64_t i, uint64_t end) {
  while (i < end && !e[i]) {
    const pte_t *p = e + ++i;
    while (i % 8 == 0 && i < end && !(p[0] | p[1] | p[2] | p[3] | p[4] | p[5] | p[6] | p[7])) i += 8, p += 8;
  }
  return i;
}

static unsigned table_walk(exo_frame table) {
  const pte_t *e = frame_memory(table);
  bool root = is_root(table);
  uint64_t level = level_at(table), live = 0, end = root ? USER_ENTRIES : ENTRIES;
  for (uint64_t i = in_use(e, 0, end); i < end; i = in_use(e, i + 1, end), live++) {
    HOLDS(pte_present(e[i]));
    ALL_OF(level ? table_entry(table, i, e[i], level) : leaf_entry(table, i, e[i]));
  }
  HOLDS(exo_state_maps(desc_of(table)->state) == live);
  for (uint64_t i = end; i < ENTRIES; i++)
    HOLDS(e[i] == fresh_root[i] || pte_aged(e[i], 3) == pte_aged(fresh_root[i], 3));
  return desc_of(table)->state & EXO_STATE_JOINED ? joined_check(table) : 0;
}

// A root knows the CPUs that have it loaded.
static unsigned root_check(exo_frame root) {
  uint64_t loaded = 0;
  for (unsigned i = 0; i < machine_window.cpu_count; i++) loaded |= (uint64_t)(cpu_at(i)->root == root) << i;
  HOLDS((uint32_t)desc_of(root)->home == loaded);
  HOLDS(desc_of(root)->home >> EXO_HOME_REMEMBERS >> machine_window.cpu_count == 0);
  return 0;
}

// --- Environments

static unsigned slots_check(const struct env *env) {
  for (int i = 0; i < EXO_SLOTS; i++) {
    const struct exo_slot_window *s = &env->w.slot[i];
    uint64_t rights = s->rights & CAP_RIGHTS;
    HOLDS(exo_name_valid(s->name) && s->mask == exo_name_mask(s->name) && s->open <= 1);
    HOLDS((rights & ~EXO_RIGHTS_ALL) == 0);
    HOLDS(rights ? !s->open : !s->name); // a slot in use takes no grant; an empty one has neither rights nor name
  }
  return 0;
}

static unsigned presence_check(const struct env *env, unsigned cpu) {
  exo_frame state = env->w.state_frame[cpu], u = env->uarea_frame[cpu];
  HOLDS(cpu < machine_window.cpu_count && tally_of(state) && tally_of(u) && tally_of(u + 1));
  HOLDS(kind_at(state) == EXO_KIND_ENV_CPU && kind_at(u) == EXO_KIND_UAREA && kind_at(u + 1) == EXO_KIND_UAREA);
  tally_of(state)->pins++;
  tally_of(u)->pins++;
  tally_of(u + 1)->pins++;
  const struct env_cpu *ec = frame_memory(state);
  HOLDS(ec->env == env && ec->uarea == frame_memory(u) && ec->ready <= ENV_ASLEEP);
  return 0;
}

static unsigned env_check(exo_frame n) {
  const struct env *env = frame_memory(n);
  HOLDS(env_frame(env->w.number) == n && env->w.version == 1);
  HOLDS(env->w.used <= env->w.ceiling || env->w.revocation.deadline_ns); // or it has been asked to give back
  ceilings += env->w.ceiling;
  ALL_OF(slots_check(env));
  if (!env->w.alive) { // off every CPU, its number void, nothing in the kernel's service
    HOLDS(env->w.cpus == 0 && env->w.root == 0 && env_at(env->w.number) == nullptr && env->w.obituary.cause);
    return 0;
  }
  HOLDS(env_at(env->w.number) == env && env->w.obituary.cause == 0);
  for (unsigned i = 0; i < EXO_MAX_CPUS; i++)
    if (env->w.cpus >> i & 1) ALL_OF(presence_check(env, i));
  if (!env->w.root) return 0;
  HOLDS(is_root(env->w.root));
  tally_of(env->w.root)->pins++;
  return 0;
}

// --- Frames

static unsigned uses_check(exo_frame n, const struct tally *t) {
  uint64_t s = desc_of(n)->state;
  bool table = exo_state_kind(s) == EXO_KIND_TABLE;
  HOLDS(!(s & EXO_STATE_WRITE && s & EXO_STATE_EXEC) && !(t->writable && t->executable));
  HOLDS(!t->writable || s & EXO_STATE_WRITE);
  HOLDS(!t->executable || s & EXO_STATE_EXEC);
  HOLDS(table || !(s & (EXO_STATE_LEVEL | EXO_STATE_JOINED)));
  HOLDS(table || exo_state_maps(s) == t->maps);
  if (table || !exo_state_maps(s)) HOLDS(!(s & (EXO_STATE_WRITE | EXO_STATE_EXEC)));
  HOLDS(exo_state_pins(s) == t->pins);
  HOLDS(t->parents == (table && !is_root(n)));
  return 0;
}

static unsigned frame_check(exo_frame n) {
  const struct exo_frame_desc *d = desc_of(n);
  const struct tally *t = &tally[n - first_frame()];
  uint64_t kind = exo_state_kind(d->state);
  HOLDS(!(d->state & EXO_STATE_LOCK) && kind <= EXO_KIND_KERNEL);
  ALL_OF(uses_check(n, t));
  if (kind == EXO_KIND_UAREA) HOLDS(!t->executable);
  if (kind == EXO_KIND_UAREA || kind == EXO_KIND_ENV_CPU) HOLDS(t->pins == 1);
  if (kind < EXO_KIND_USER || kind > EXO_KIND_UAREA) { // nobody's
    HOLDS(d->account == 0);
    if (kind == EXO_KIND_FREE) HOLDS(d->guard == 0 && t->maps == 0);
    if (kind == EXO_KIND_ABSENT) HOLDS(d->state == 0 && d->guard == 0);
    return 0;
  }
  HOLDS(tally_of(d->account) && kind_at(d->account) == EXO_KIND_ENV && exo_name_valid(d->guard));
  tally_of(d->account)->charged++;
  return 0;
}

// --- CPUs

static unsigned slices_check(const struct cpu *cpu) {
  HOLDS(cpu->slice_lock == 0);
  for (int i = 0; i < EXO_SLICES; i++) {
    const struct slice *s = &cpu->slice[i];
    HOLDS(exo_name_valid(s->guard) && s->debt_ns <= s->length_ns && s->length_ns <= SLICE_MAX_NS);
    const struct env *owner = s->env ? env_at(s->env) : nullptr;
    HOLDS(!s->env || (owner && env_on(owner, cpu->index)));
  }
  return 0;
}

static unsigned cpu_check(unsigned i) {
  const struct cpu *cpu = cpu_at(i);
  const struct env *env = cpu->env;
  HOLDS(cpu->index == i && cpu->bits == (1ull << i | 1ull << (i + EXO_HOME_REMEMBERS)) && !cpu->probe);
  ALL_OF(slices_check(cpu));
  if (!env) {
    HOLDS(!cpu->root && !cpu->arch.uarea && !cpu->env_cpu && !cpu->live);
    return 0;
  }
  HOLDS(env->w.alive && env_at(env->w.number) == env && env_on(env, i) == cpu->env_cpu);
  HOLDS(cpu->env_cpu && cpu->env_cpu->uarea == cpu->arch.uarea && cpu->root == env->w.root && cpu->root);
  return 0;
}

// --- All of it

static unsigned each(exo_frame n, unsigned pass) {
  uint64_t kind = kind_at(n);
  check.frame = n;
  if (pass == 0) return kind == EXO_KIND_TABLE ? table_walk(n) : kind == EXO_KIND_ENV ? env_check(n) : 0;
  if (pass == 1) return frame_check(n);
  if (kind == EXO_KIND_ENV) HOLDS(((const struct env *)frame_memory(n))->w.used == tally_of(n)->charged);
  return is_root(n) ? root_check(n) : 0;
}

// What environments may use in all: what the first one was given. (Before there is one: nothing.)
static uint64_t first_ceiling(void) {
  uint64_t sum = machine_window.free_at_start;
  for (uint32_t i = 0; i < boot->range_count; i++)
    if (boot->range[i].use >= EXO_USE_ARCHIVE) sum += boot->range[i].count;
  return sum;
}

unsigned check_all(void) {
  uint64_t end = machine_window.frame_count;
  if (end - first_frame() > FRAMES_MAX) return broken(__LINE__, "the machine has more memory than can be looked at");
  memset(tally, 0, (end - first_frame()) * sizeof *tally);
  arch_root_init(fresh_root);
  joined = ceilings = 0;
  for (unsigned pass = 0; pass < 3; pass++)
    for (exo_frame n = first_frame(); n < end; n++) ALL_OF(each(n, pass));
  HOLDS(joined == 0);
  HOLDS(ceilings == first_ceiling() || !ceilings);
  for (unsigned i = 0; i < machine_window.cpu_count; i++) ALL_OF(cpu_check(i));
  return 0;
}

// --- The call: one CPU looks, all others stand still, where nothing is half done: out of user mode, or out of idling.

// Who stands on the CPU of an environment that another one ends must let it go on: that one waits for it.
void check_stand(void) {
  const struct cpu *cpu = arch_self();
  if (!__atomic_load_n(&check.wanted, __ATOMIC_SEQ_CST)) return;
  __atomic_fetch_or(&check.standing, 1ull << cpu->index, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&check.wanted, __ATOMIC_SEQ_CST) && !(cpu->env && !env_alive(cpu->env))) cpu_relax();
  __atomic_fetch_and(&check.standing, ~(1ull << cpu->index), __ATOMIC_SEQ_CST);
}

// False: the caller is being ended, by one that waits for it.
static bool stop_others(const struct cpu *self) {
  enum { AGAIN = 4096 };
  uint64_t others = ((1ull << machine_window.cpu_count) - 1) & ~(1ull << self->index);
  __atomic_store_n(&check.wanted, 1, __ATOMIC_SEQ_CST);
  for (uint64_t turn = 0; __atomic_load_n(&check.standing, __ATOMIC_SEQ_CST) != others; turn++) {
    for (unsigned i = 0; turn % AGAIN == 0 && i < machine_window.cpu_count; i++) smp_kick(i);
    if (!env_alive(self->env)) return false;
    cpu_relax();
  }
  return true;
}

exo_result check_call(void) {
  const struct cpu *self = arch_self();
  while (__atomic_exchange_n(&check.looking, 1, __ATOMIC_SEQ_CST)) {
    if (!env_alive(self->env)) return EXO_BUSY;
    check_stand(); // nothing is half done here either
    cpu_relax();
  }
  exo_result r = EXO_BUSY;
  if (stop_others(self)) {
    space_check_kernel();
    r = (exo_result)check_all();
    if (r) print("check.c:%ld: frame %lx: not so: %s\n", r, check.frame, check.what);
  }
  __atomic_store_n(&check.wanted, 0, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&check.standing, __ATOMIC_SEQ_CST)) cpu_relax(); // none takes the next look for this one
  __atomic_store_n(&check.looking, 0, __ATOMIC_SEQ_CST);
  return r;
}
