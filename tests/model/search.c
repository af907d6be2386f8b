// search.c: all states that the real core can reach with three environments, a few frames and two levels of tables, and
// all calls of a small domain from each of them. A state is the relevant bytes of descriptors, slots, entries, accounts
// and one slice. Each call answers as the reference model does; a refused one changes no byte; in each new state all
// invariants hold and the model is in the same state.
//   search m|n|l FRAMES: mappings, names, or lives of environments
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "model.h"
#include "test.h"

enum { FRAMES_MAX = 4, SLOTS = 2, PLACES = 2, SLICE = 1, ARGUMENTS = 32, ROWS = 40, CALLS_MAX = 4096 };
enum { A, B, C, ENVS };

// --- The state

struct words { // what a frame holds that the kernel must trust: a table's entries, or the presence on a CPU
  uint64_t word[3];
};
struct life { // an env frame
  uint64_t alive, number, parent, root, used, ceiling, cpus, state_frame, uarea_frame, cause, by;
  struct exo_slot_window slot[SLOTS];
};
struct state {
  struct exo_frame_desc frame[FRAMES_MAX], environment[ENVS], middle, root;
  struct words content[FRAMES_MAX];
  uint64_t entry[PLACES]; // of the middle table
  struct life life[ENVS];
  struct slice slice;
};

static unsigned frames;
static exo_frame frame[FRAMES_MAX], environment[ENVS], middle, root; // root: of C
static struct state now;

static exo_env number_of(unsigned e) { return environment[e] | (e == A ? 0 : 1ull << 40); } // of its first life
static struct env *env_of(unsigned e) { return frame_memory(environment[e]); }

static void content_read(struct words *to, exo_frame n) {
  const struct env_cpu *ec = frame_memory(n);
  const pte_t *e = frame_memory(n);
  if (kind_of(n) == EXO_KIND_TABLE) *to = (struct words){{e[0], e[1]}};
  if (kind_of(n) == EXO_KIND_ENV_CPU) *to = (struct words){{ec->ready, (uint64_t)ec->env, (uint64_t)ec->uarea}};
}

static void content_write(const struct words *from, exo_frame n) {
  struct env_cpu *ec = frame_memory(n);
  pte_t *e = frame_memory(n);
  if (kind_of(n) != EXO_KIND_TABLE && kind_of(n) != EXO_KIND_ENV_CPU) return;
  memset(e, 0, EXO_PAGE);
  if (kind_of(n) == EXO_KIND_TABLE) {
    e[0] = from->word[0];
    e[1] = from->word[1];
  } else {
    ec->ready = from->word[0];
    ec->env = (struct env *)from->word[1];
    ec->uarea = (struct exo_uarea *)from->word[2];
  }
}

static void life_read(struct life *to, unsigned e) {
  struct env *env = env_of(e);
  const struct exo_env_window *w = &env->w;
  *to = (struct life){};
  if (kind_of(environment[e]) != EXO_KIND_ENV) return;
  *to = (struct life){w->alive, w->number, w->parent, w->root,           w->used,        w->ceiling,
                      w->cpus,  0,         0,         w->obituary.cause, w->obituary.by, {}};
  if (w->cpus) to->state_frame = w->state_frame[0], to->uarea_frame = env->uarea_frame[0];
  for (unsigned i = 0; i < SLOTS; i++) {
    env->w.slot[i].rights &= CAP_RIGHTS; // versions would make every state a new one
    to->slot[i] = w->slot[i];
  }
}

static void life_write(const struct life *from, unsigned e) {
  struct env *env = env_of(e);
  struct exo_env_window *w = &env->w;
  if (kind_of(environment[e]) != EXO_KIND_ENV) return;
  if (e == C) {
    memset(w, 0, EXO_PAGE);
    for (unsigned i = SLOTS; i < EXO_SLOTS; i++) w->slot[i].open = 1;
  }
  w->version = 1;
  w->alive = from->alive;
  w->number = from->number;
  w->parent = from->parent;
  w->root = from->root;
  w->used = from->used;
  w->ceiling = from->ceiling;
  w->cpus = from->cpus;
  w->obituary.cause = from->cause;
  w->obituary.by = from->by;
  if (e != A) w->state_frame[0] = from->state_frame, env->uarea_frame[0] = from->uarea_frame;
  memcpy(w->slot, from->slot, sizeof from->slot);
}

static void state_read(struct state *s) {
  memset(s, 0, sizeof *s);
  for (unsigned i = 0; i < frames; i++) {
    if (kind_of(frame[i]) != EXO_KIND_TABLE && !exo_state_maps(desc(frame[i])->state))
      desc(frame[i])->home = 0;     // where it was mapped last is of no consequence
    desc(frame[i])->generation = 0; // how often it was dropped is not, either
    s->frame[i] = *desc(frame[i]);
    content_read(&s->content[i], frame[i]);
  }
  for (unsigned e = 0; e < ENVS; e++) {
    if (kind_of(environment[e]) != EXO_KIND_ENV && desc(environment[e])->generation)
      desc(environment[e])->generation = 1;
    s->environment[e] = *desc(environment[e]);
    life_read(&s->life[e], e);
  }
  s->middle = *desc(middle);
  s->root = *desc(root);
  memcpy(s->entry, frame_memory(middle), sizeof s->entry);
  s->slice = cpu_at(0)->slice[SLICE];
}

static void state_write(const struct state *s) {
  for (unsigned i = 0; i < frames; i++) {
    *desc(frame[i]) = s->frame[i];
    content_write(&s->content[i], frame[i]);
  }
  for (unsigned e = 0; e < ENVS; e++) {
    *desc(environment[e]) = s->environment[e];
    life_write(&s->life[e], e);
  }
  *desc(middle) = s->middle;
  *desc(root) = s->root;
  memcpy(frame_memory(middle), s->entry, sizeof s->entry);
  cpu_at(0)->slice[SLICE] = s->slice;
  uarea_of(first(), 0)->pending = 0;
}

// --- The domain: rows of callers, a call, and the letters of its arguments

static const struct row {
  const char *domains, *callers;
  uint64_t number;
  const char *arguments;
} rows[] = {
    {"n", "BC", EXO_CALL_cap_grant, "seigr"}, {"l", "B", EXO_CALL_cap_grant, "0c0gr"},
    {"n", "BC", EXO_CALL_cap_drop, "sEi"},    {"n", "BC", EXO_CALL_cap_open, "ii"},
    {"n", "BC", EXO_CALL_frame_take, "0fgE"}, {"l", "BC", EXO_CALL_frame_take, "0fbE"},
    {"m", "BC", EXO_CALL_frame_take, "0fg0"}, {"n", "BC", EXO_CALL_frame_guard, "0fg"},
    {"mnl", "BC", EXO_CALL_frame_drop, "0F"}, {"m", "B", EXO_CALL_table_link, "0Mif"},
    {"m", "BC", EXO_CALL_table_drop, "0f"},   {"m", "BC", EXO_CALL_map, "0fi0Fp"},
    {"m", "BC", EXO_CALL_protect, "0f021q0"}, {"m", "BC", EXO_CALL_protect, "0fi1q0"},
    {"m", "BC", EXO_CALL_unmap, "0fi10"},     {"m", "B", EXO_CALL_unmap, "0f020"},
    {"nl", "B", EXO_CALL_env_create, "0Kg"},  {"l", "B", EXO_CALL_env_cpu, "0c0ff"},
    {"l", "B", EXO_CALL_env_space, "0cR"},    {"l", "BC", EXO_CALL_env_start, "0c0"},
    {"l", "A", EXO_CALL_env_ceiling, "0dl"},  {"l", "B", EXO_CALL_env_ceiling, "0el"},
    {"nl", "AB", EXO_CALL_env_stop, "0c0"},   {"l", "A", EXO_CALL_slice_set, "001ctg"},
};

static const struct row *const end_of_rows = rows + sizeof rows / sizeof *rows;

static struct call {
  unsigned caller;
  uint64_t number, argument[EXO_CALL_WORDS];
} calls[CALLS_MAX];
static unsigned call_count;

static unsigned values(char letter, uint64_t v[FRAMES_MAX + 1]) {
  const exo_name b = test_guard(1), c = exo_name_extend(b, 1, 1);
  const uint64_t list[][5] = {
      {'s', 2, 0, 1},
      {'i', 2, 0, 1},
      {'g', 2, b, c},
      {'e', 2, number_of(B), number_of(C)},
      {'E', 2, 0, number_of(C)},
      {'c', 1, number_of(C)},
      {'K', 1, environment[C]},
      {'M', 1, middle},
      {'R', 1, root},
      {'r', 2, EXO_RIGHTS_ALL, EXO_MANAGE | EXO_GRANT | EXO_READ},
      {'p', 3, 1, 3, 5},
      {'b', 1, b},
      {'d', 1, number_of(B)},
      {'l', 2, 1, 3},
      {'t', 2, 0, 50'000},
  };
  if (letter >= '0' && letter <= '9') return v[0] = (uint64_t)(letter - '0'), 1;
  if (letter == 'q') return v[0] = 0, v[1] = 1, v[2] = 3, v[3] = 5, 4;
  if (letter == 'f' || letter == 'F') {
    for (unsigned i = 0; i < frames; i++) v[i] = frame[i];
    v[frames] = environment[C];
    return frames + (letter == 'F');
  }
  for (unsigned i = 0; i < sizeof list / sizeof *list; i++)
    if (list[i][0] == (uint64_t)letter) return memcpy(v, &list[i][2], 3 * sizeof *v), (unsigned)list[i][1];
  fake_broken("no such letter");
}

// All combinations of the arguments from the i-th on.
static void combine(const struct row *r, unsigned i, struct call c) {
  uint64_t v[FRAMES_MAX + 1];
  if (!r->arguments[i]) {
    if (call_count == CALLS_MAX) fake_broken("too many calls");
    calls[call_count++] = c;
    return;
  }
  for (unsigned k = 0, n = values(r->arguments[i], v); k < n; k++) {
    c.argument[i] = v[k];
    combine(r, i + 1, c);
  }
}

static void domain(char name) {
  for (const struct row *r = rows; r < end_of_rows; r++)
    for (const char *who = r->callers; *who && strchr(r->domains, name); who++)
      combine(r, 0, (struct call){.caller = (unsigned)(*who - 'A'), .number = r->number});
}

// --- The set of states seen, by 128 bits of each, and those still to be looked at, layer by layer

static struct seen {
  uint64_t a, b;
} *seen;
enum : uint64_t { SEEN = 1 << 24 };
static struct layer {
  struct state *state;
  size_t count, room;
} layer[2];

static bool seen_before(const struct state *s) {
  const uint64_t *w = (const uint64_t *)s;
  uint64_t a = 1, b = 2;
  for (unsigned i = 0; i < sizeof *s / 8; i++) {
    a = (a ^ w[i]) * 0x9E3779B97F4A7C15ull, a ^= a >> 29;
    b = (b ^ w[i]) * 0xD6E8FEB86659FD93ull, b ^= b >> 32;
  }
  uint64_t at = a % SEEN;
  for (; seen[at].a | seen[at].b; at = (at + 1) % SEEN)
    if (seen[at].a == a && seen[at].b == b) return true;
  seen[at] = (struct seen){a, b};
  return false;
}

static void layer_add(struct layer *l, const struct state *s) {
  if (l->count == l->room) {
    l->room = l->room ? 2 * l->room : 1024;
    struct state *more = realloc(l->state, l->room * sizeof *s);
    if (!more) fake_broken("no memory left");
    l->state = more;
  }
  l->state[l->count++] = *s;
}

// --- The search

static struct model model, saved, core;
static uint64_t states, edges, changes;

static int64_t real_call(const struct call *c) {
  struct cpu *cpu = cpu_at(0);
  struct env *runs = cpu->env;
  cpu->env = env_of(c->caller); // the same processor for all: who calls is part of the call
  int64_t r = core_call(c->argument, c->number);
  cpu->env = runs;
  return r;
}

// Environments end once: numbers would go on for ever.
static bool left_out(const struct call *c) {
  if (kind_of(environment[c->caller]) != EXO_KIND_ENV || !env_of(c->caller)->w.alive) return true;
  return c->number == EXO_CALL_env_create && desc(environment[C])->generation;
}

static void state_new(const struct state *s, struct layer *next) {
  if (seen_before(s)) return;
  states++;
  invariants();
  project(&core);
  if (model_digest(&core) != model_digest(&model)) {
    model_compare(&core, &model);
    fake_broken("the core and the model are in different states");
  }
  layer_add(next, s);
}

static void expand(const struct state *s, struct layer *next) {
  state_write(s);
  project(&saved);
  model = saved;
  for (const struct call *c = calls; c < calls + call_count; c++) {
    if (left_out(c)) continue;
    memcpy(fake_cpu[0].argument, c->argument, sizeof c->argument), fake_cpu[0].number = c->number; // for a report
    int64_t r = real_call(c);
    EQ(r, model_call(&model, env_of(c->caller)->w.number, c->number, c->argument));
    state_read(&now);
    edges++;
    if (memcmp(&now, s, sizeof now) == 0) {
      if (r > 0) model = saved; // nothing to protect in the range
      continue;
    }
    CHECK(r >= 0); // a refused call changes nothing
    changes++;
    state_new(&now, next);
    state_write(s);
    model = saved;
  }
}

static void search(void) {
  unsigned depth = 0, from = 0;
  seen = calloc(SEEN, sizeof *seen);
  state_read(&now);
  project(&model);
  struct state begin = now;
  state_new(&now, &layer[0]);
  for (uint64_t outside = machine_digest(); layer[from].count; from = !from, depth++) {
    layer[!from].count = 0;
    printf("depth %u: %zu states\n", depth, layer[from].count);
    fflush(stdout);
    for (size_t i = 0; i < layer[from].count; i++) {
      if (states > SEEN / 2) fake_broken("more states than there is room for");
      expand(&layer[from].state[i], &layer[!from]);
    }
    state_write(&begin);
    CHECK(machine_digest() == outside); // what is not in the state has not changed
  }
  printf("%u calls, depth %u, ", call_count, depth);
}

// --- The beginning

static exo_frame taken(exo_name guard) {
  exo_frame n = frame_new(guard);
  memset(frame_memory(n), 0, EXO_PAGE);
  return n;
}

static void machine_make(bool alive) {
  const exo_name b = test_guard(1), c = exo_name_extend(b, 1, 1);
  machine_start();
  environment[A] = boot->spare_frame;
  environment[B] = taken(b);
  environment[C] = taken(c);
  exo_frame upper = taken(b);
  middle = taken(b);
  root = taken(b);
  EQ(CALL(0, table_link, .table = env_of(A)->w.root, .index = 5, .frame = upper), EXO_OK);
  EQ(CALL(0, table_link, .table = upper, .index = 5, .frame = middle), EXO_OK);
  EQ(CALL(0, table_root, .frame = root), EXO_OK);
  EQ(CALL(0, env_create, .frame = environment[B], .guard = b), (int64_t)number_of(B));
  if (alive) EQ(CALL(0, env_create, .frame = environment[C], .guard = c), (int64_t)number_of(C));
  EQ(CALL(0, env_ceiling, .env = number_of(B), .ceiling = 3), EXO_OK);
  if (alive) EQ(CALL(0, env_ceiling, .env = number_of(C), .ceiling = 1), EXO_OK);
  EQ(CALL(0, cap_grant, .env = number_of(B), .index = 0, .name = b, .rights = EXO_RIGHTS_ALL), EXO_OK);
  if (alive) EQ(CALL(0, cap_grant, .env = number_of(C), .index = 0, .name = c, .rights = EXO_RIGHTS_ALL), EXO_OK);
  for (unsigned i = 0; i < frames; i++) {
    frame[i] = frame_free_at(i ? frame[i - 1] + 1 : 64);
    if (i) EQ(frame[i], frame[i - 1] + 1);
  }
  fake_self = cpu_at(0);
}

int main(int argc, char **argv) {
  const char *chosen = argc > 1 ? argv[1] : "m";
  char name = *chosen;
  frames = argc > 2 ? (unsigned)atoi(argv[2]) : 2;
  if (frames > FRAMES_MAX) fake_broken("too many frames");
  clock_t begun = clock();
  machine_make(name == 'm');
  domain(name);
  search();
  printf("%llu states, %llu edges, %llu of them to another state, %.1f s, 0 violations\n", (unsigned long long)states,
         (unsigned long long)edges, (unsigned long long)changes, (double)(clock() - begun) / CLOCKS_PER_SEC);
  return 0;
}
