// lockstep.c: the real core and the reference model get the same calls: near-valid ones, drawn by a printed seed, made
// by whichever program runs. After each call both have answered the same and are in the same state.
//   lockstep [-s seed] [-n calls]
#include <stdlib.h>
#include <string.h>
#include "model.h"
#include "test.h"

enum { LIFE = 3000, CPUS_USED = 3, BATCH = 8, ROOM = 8 };

static struct model m, core;
static struct child child[2];
static const struct model_env *self;        // who calls
static const struct exo_batch_entry *batch; // the caller's: another may run on its CPU afterwards
static uint64_t calls, wanted = 100'000, seen[EXO_CALL_COUNT][16];

// What each argument of a call is, by letter (see word_for), and how often the call is drawn.
static const struct op {
  uint64_t number;
  unsigned weight;
  const char *arguments;
} ops[] = {
    {EXO_CALL_null, 1, "w"},          {EXO_CALL_resume, 1, "z"},
    {EXO_CALL_yield, 2, "ed"},        {EXO_CALL_cap_grant, 6, "sexgr"},
    {EXO_CALL_cap_drop, 1, "sey"},    {EXO_CALL_cap_open, 2, "yo"},
    {EXO_CALL_frame_take, 9, "0Fge"}, {EXO_CALL_frame_guard, 2, "0Ug"},
    {EXO_CALL_frame_drop, 6, "0U"},   {EXO_CALL_frame_drop, 2, "0N"},
    {EXO_CALL_table_root, 2, "0U"},   {EXO_CALL_table_link, 8, "0TiU"},
    {EXO_CALL_table_drop, 3, "0T"},   {EXO_CALL_table_drop, 1, "0R"},
    {EXO_CALL_map, 16, "0Li0Up"},     {EXO_CALL_map, 2, "0Li0Np"},
    {EXO_CALL_map, 2, "0Li0Ap"},      {EXO_CALL_protect, 9, "0Likpm"},
    {EXO_CALL_unmap, 8, "0Likm"},     {EXO_CALL_env_create, 2, "0Ug"},
    {EXO_CALL_env_cpu, 5, "0ecUV"},   {EXO_CALL_env_space, 2, "0eR"},
    {EXO_CALL_env_start, 4, "0ec"},   {EXO_CALL_env_ceiling, 4, "0ekx"},
    {EXO_CALL_env_stop, 1, "0ew"},    {EXO_CALL_slice_set, 6, "0cxelg"},
    {EXO_CALL_batch, 4, "k"},         {EXO_CALL_console_write, 1, "sokw"},
    {EXO_CALL_console_read, 1, "s"},  {EXO_CALL_machine_exit, 1, "sw"},
    {EXO_CALL_sweep, 3, "sLik"},      {EXO_CALL_map, 2, "0Li0Tq"},
    {EXO_CALL_sweep, 1, "sAik"},      {EXO_CALL_debug_set, 2, "seyxab"},
};
enum { OPS = sizeof ops / sizeof *ops };

// --- Arguments that nearly fit

// A frame of this kind, searched from a random place on (level: of a table, -1: any), mostly one the caller reaches.
static exo_frame frame_of(uint64_t kind, int level) {
  exo_frame at = test_random(RAM_END);
  bool own = test_random(10) && kind != EXO_KIND_FREE, idle = kind == EXO_KIND_USER && test_random(3);
  for (unsigned i = 0; i < RAM_END; i++, at = (at + 1) % RAM_END) {
    const struct model_frame *f = &m.frame[at];
    if (f->kind != kind || (level >= 0 && f->level != level)) continue;
    if (own && !exo_name_is_prefix(self->slot[0].name, f->guard)) continue;
    if (!idle || state_idle(desc(at)->state)) return at;
  }
  return at;
}

static exo_frame two_frames(void) { // the first of a pair, as often as there is one
  exo_frame n = frame_of(EXO_KIND_USER, -1);
  for (unsigned i = 0; i < 8 && m.frame[n + 1].kind != EXO_KIND_USER; i++) n = frame_of(EXO_KIND_USER, -1);
  return n;
}

static exo_env env_of_any(void) { // also one that has ended, or that is to come
  const struct model_env *e = &m.env[test_random(MODEL_ENVS)];
  return e->number + (test_random(12) == 0 ? 1ull << 40 : 0);
}

static exo_name guard_of_any(void) {
  exo_name own = self->slot[0].name;
  switch (test_random(8)) {
  case 0: return EXO_GUARD_FIRST;
  case 1: return EXO_GUARD_SLICE;
  case 2: return test_random(2) ? test_random(~0ull) : own ^ 1ull << test_random(64);
  case 3: return exo_name_extend(test_guard(1 + test_random(2)), test_random(16), 4);
  case 4: return test_guard(1 + test_random(3));
  default: return own && exo_name_length(own) < 50 ? exo_name_extend(own, test_random(16), 4) : test_guard(1);
  }
}

static uint64_t word_odd(void) {
  static const uint64_t odd[] = {0,   1,   2,          63,     64,         128,        129,  255,
                                 511, 512, FRAMES - 1, FRAMES, 1ull << 40, ~0ull >> 1, ~0ull};
  return odd[test_random(sizeof odd / sizeof *odd)];
}

static uint64_t word_for(char what) {
  static const uint64_t prot[] = {1, 3, 5, 3, 1, 3, 1, 0, 7, 2}, length[] = {0, 50'000, 5'000'000, 49'999};
  if (test_random(40) == 0) return word_odd();
  switch (what) {
  case '0': return test_random(12) ? 0 : test_random(4);
  case 's': return test_random(4) ? 0 : test_random(5);
  case 'x': return test_random(5);
  case 'y': return 1 + test_random(4);
  case 'F': return frame_of(EXO_KIND_FREE, -1);
  case 'U': return frame_of(test_random(8) ? EXO_KIND_USER : EXO_KIND_UAREA, -1);
  case 'V': return two_frames();
  case 'T': return frame_of(EXO_KIND_TABLE, -1);
  case 'L': return frame_of(EXO_KIND_TABLE, 0);
  case 'R': return frame_of(EXO_KIND_TABLE, MODEL_LEVELS - 1);
  case 'N': return frame_of(EXO_KIND_ENV, -1);
  case 'A': return frame_of(test_random(9), -1);
  case 'e': return test_random(4) ? env_of_any() : 0;
  case 'c': return test_random(CPUS_USED);
  case 'i': return test_random(2) ? test_random(8) : test_random(512);
  case 'k': return test_random(12);
  case 'm': return test_random(2) ? 0 : test_random(~0ull); // a set of entries to leave out
  case 'g': return guard_of_any();
  case 'r': return test_random(3) ? EXO_RIGHTS_ALL : test_random(64);
  case 'p': return prot[test_random(test_random(3) ? 7 : 10)];
  case 'l': return length[test_random(test_random(4) ? 3 : 4)];
  case 'o': return test_random(2);
  case 'q': return EXO_READ;
  case 'a': return test_random(8) ? 8 * test_random(1 << 20) + (test_random(4) == 0) : test_random(~0ull);
  case 'b': return test_random(4) ? EXO_DEBUG_POINT(prot[test_random(10)] & 6, test_random(10)) : 0;
  case 'z': return test_random(3);
  case 'd': return test_random(2) ? 0 : fake.now + test_random(300'000);
  default: return test_random(~0ull);
  }
}

// --- Calls

static bool no_room(uint64_t number) { // in the model's arrays, were this call to be made a few times
  unsigned envs = 0;
  for (unsigned i = 0; i < MODEL_ENVS; i++) envs += m.env[i].frame != 0;
  return (number == EXO_CALL_env_create && envs + ROOM > MODEL_ENVS) ||
         (number == EXO_CALL_map && m.mappings + ROOM > MODEL_MAPPINGS) ||
         (number == EXO_CALL_table_link && m.links + ROOM > MODEL_LINKS);
}

// Ends of the machine: the first environment's, or one that is asked for.
static bool ends_all(uint64_t number, const uint64_t argument[6]) {
  if (number == EXO_CALL_machine_exit) return model_call(&m, self->number, number, argument) == MODEL_AWAY;
  return number == EXO_CALL_env_stop && (argument[1] == first() || (argument[1] == 0 && self->number == first()));
}

static uint64_t op_draw(uint64_t argument[6]) {
  unsigned total = 0, k = 0;
  for (unsigned i = 0; i < OPS; i++) total += ops[i].weight;
  uint64_t at = test_random(total);
  while (at >= ops[k].weight) at -= ops[k++].weight;
  size_t known = strlen(ops[k].arguments);
  for (unsigned i = 0; i < 6; i++) argument[i] = i < known ? word_for(ops[k].arguments[i]) : word_odd();
  return no_room(ops[k].number) || ends_all(ops[k].number, argument) ? EXO_CALL_null : ops[k].number;
}

static void batch_draw(unsigned cpu) {
  struct exo_batch_entry *b = cpu_at(cpu)->arch.uarea->batch;
  batch = b;
  for (unsigned i = 0; i < EXO_BATCH; i++, b++) {
    b->number = i < BATCH ? op_draw(b->argument) : EXO_CALL_COUNT;
    if (b->number == EXO_CALL_env_cpu) b->number = EXO_CALL_null; // its u-area would be in use before it is filled
  }
}

// What a library does with what it got: it fills the u-area, and writes to every frame, which came as zeros.
static void use(uint64_t number, const uint64_t argument[6]) {
  if (number == EXO_CALL_frame_take) {
    if (kind_of(argument[1]) != EXO_KIND_USER) return; // the same batch went on and made more of it
    const uint64_t *w = frame_memory(argument[1]);
    for (unsigned i = 0; i < EXO_PAGE / 8; i++) CHECK(w[i] == 0);
    memset(frame_memory(argument[1]), 0xA5, EXO_PAGE);
  } else if (number == EXO_CALL_env_cpu) {
    struct exo_uarea *u = memset(frame_memory(argument[4]), 0, 2ull * EXO_PAGE);
    u->fault_door = FAULT_DOOR;
    u->event_door = EVENT_DOOR;
    u->event_stack = EVENT_STACK;
  }
}

static void same_result(uint64_t number, const uint64_t argument[6], int64_t got) {
  int64_t want = model_call(&m, self->number, number, argument);
  if (got != want) fprintf(stderr, "call %llu of %llx\n", (unsigned long long)number, (unsigned long long)self->number);
  EQ(got, want);
  if (got >= 0 && got != MODEL_AWAY) use(number, argument);
  seen[number][got < 0 ? -got : 0]++;
  calls++;
}

static void same_batch(int64_t done, uint64_t count, bool interrupted) {
  const struct exo_batch_entry *b = batch;
  if (count > EXO_BATCH) {
    EQ(done, EXO_RANGE);
    seen[EXO_CALL_batch][-EXO_RANGE]++;
    return;
  }
  bool going = true; // an entry that fails is the last
  for (int64_t i = 0; i < done; i++, b++) {
    uint64_t n = b->number;
    bool stands = n < EXO_CALL_COUNT && n != EXO_CALL_batch && n != EXO_CALL_resume && n != EXO_CALL_yield &&
                  n != EXO_CALL_env_stop && n != EXO_CALL_machine_exit;
    CHECK(going);
    if (stands) {
      same_result(n, b->argument, b->result);
    } else {
      EQ(b->result, EXO_NOT_IN_BATCH);
      seen[EXO_CALL_batch][-EXO_NOT_IN_BATCH]++;
    }
    going = b->result >= 0;
  }
  seen[EXO_CALL_batch][0]++;
  if (going && !interrupted) EQ(done, count);
}

static void same_state(void) {
  project(&core);
  if (model_digest(&core) == model_digest(&m)) return;
  model_compare(&core, &m);
  CHECK(!"the core and the model are in different states");
}

static void one_call(unsigned cpu) {
  struct fake_cpu *c = &fake_cpu[cpu];
  exo_env caller = runs_on(cpu);
  self = nullptr;
  for (unsigned i = 0; i < MODEL_ENVS; i++)
    if (m.env[i].alive && m.env[i].number == caller) self = &m.env[i];
  CHECK(self && self->root && self->on[cpu].state); // who runs is the core's choice among those who may
  c->number = op_draw(c->argument);
  if (c->number == EXO_CALL_batch) batch_draw(cpu);
  uint64_t number = c->number, argument[6], interrupts = c->interrupts;
  memcpy(argument, c->argument, sizeof argument);
  fake_post(cpu, JOB_CALL);
  fake_run();
  CHECK(!fake.off);
  if (number == EXO_CALL_batch && c->returned)
    same_batch(c->result, argument[0], c->interrupts != interrupts);
  else
    same_result(number, argument, c->returned ? c->result : MODEL_AWAY);
  same_state();
}

// --- Lives

static void life_begin(void) {
  machine_start();
  for (unsigned i = 0; i < 2; i++) {
    child_make(&child[i], i + 1, (1 << CPUS_USED) - 1);
    EQ(CALL(0, env_ceiling, .env = child[i].number, .ceiling = 12), EXO_OK);
    for (unsigned k = 0; k < 4; k++)
      EQ(CALL(0, frame_take, .frame = frame_free_at(64), .guard = child[i].guard, .env = child[i].number), EXO_OK);
  }
  for (unsigned i = 0; i < 2; i++)
    for (unsigned cpu = 0; cpu < CPUS_USED; cpu++) child_run(&child[i], cpu, 1 + i, 1'000'000);
  project(&m);
}

static void life(void) {
  unsigned idle = 0;
  life_begin();
  for (unsigned i = 0; i < LIFE && calls < wanted && idle < 50; i++) {
    unsigned cpu = (unsigned)test_random(CPUS_USED);
    bool runs = fake_cpu[cpu].state == FAKE_USER;
    idle = runs ? 0 : idle + 1; // in the end nobody may be left who can run
    if (runs) one_call(cpu);
    if (!runs || i % 16 == 0) machine_pass(test_random(500'000)); // with all invariants
  }
}

// What each call can be refused with. All of it must have happened, or the draws are too tame.
#define R(name) (1u << -EXO_##name)
enum : unsigned {
  REACH = R(NO_SLOT) | R(DENIED),
  FRAME = REACH | R(NO_FRAME) | R(KIND),
  ENV = REACH | R(NO_ENV),
};
static const unsigned refusals[EXO_CALL_COUNT] = {
    [EXO_CALL_batch] = R(RANGE) | R(NOT_IN_BATCH),
    [EXO_CALL_resume] = R(RANGE),
    [EXO_CALL_cap_grant] = ENV | R(NAME) | R(RANGE) | R(BUSY),
    [EXO_CALL_cap_drop] = ENV | R(RANGE) | R(EMPTY),
    [EXO_CALL_cap_open] = R(RANGE) | R(BUSY),
    [EXO_CALL_frame_take] = ENV | R(NO_FRAME) | R(BUSY) | R(NAME) | R(CEILING),
    [EXO_CALL_frame_guard] = FRAME | R(NAME),
    [EXO_CALL_frame_drop] = FRAME | R(BUSY),
    [EXO_CALL_table_root] = FRAME | R(BUSY),
    [EXO_CALL_table_link] = FRAME | R(BUSY) | R(RANGE),
    [EXO_CALL_table_drop] = FRAME | R(BUSY),
    [EXO_CALL_map] = FRAME | R(BUSY) | R(RANGE) | R(W_XOR_X),
    [EXO_CALL_protect] = FRAME | R(RANGE) | R(W_XOR_X),
    [EXO_CALL_unmap] = FRAME | R(RANGE),
    [EXO_CALL_env_create] = FRAME | R(BUSY) | R(NAME),
    [EXO_CALL_env_cpu] = FRAME | ENV | R(BUSY) | R(RANGE),
    [EXO_CALL_env_space] = FRAME | ENV | R(BUSY),
    [EXO_CALL_env_start] = ENV | R(EMPTY),
    [EXO_CALL_env_stop] = ENV,
    [EXO_CALL_env_ceiling] = ENV | R(CEILING) | R(RANGE),
    [EXO_CALL_sweep] = R(NO_SLOT) | R(NO_FRAME) | R(KIND) | R(RANGE),
    [EXO_CALL_slice_set] = ENV | R(RANGE) | R(NAME),
    [EXO_CALL_console_write] = REACH | R(RANGE),
    [EXO_CALL_console_read] = REACH | R(EMPTY),
    [EXO_CALL_machine_exit] = REACH,
    [EXO_CALL_debug_set] = ENV | R(EMPTY) | R(RANGE),
};

static void report(void) {
  uint64_t good = 0;
  for (unsigned n = 0; n < EXO_CALL_COUNT; n++) good += seen[n][0];
  printf("lockstep: %llu calls, %llu succeeded, 0 differences\n", (unsigned long long)calls, (unsigned long long)good);
  CHECK(good * 10 > calls * 3);
  for (unsigned n = 0; n < EXO_CALL_COUNT && calls >= 1'000'000; n++)
    for (unsigned r = 1; r < 14; r++) EQ(seen[n][r] != 0, refusals[n] >> r & 1);
}

int main(int argc, char **argv) {
  for (argc--, argv++; argc >= 2; argc -= 2, argv += 2) {
    if (argv[0][1] == 's') test_seed_from(argv[1]);
    if (argv[0][1] == 'n') wanted = strtoull(argv[1], nullptr, 0);
  }
  printf("seed %llu\n", (unsigned long long)test_seed);
  test_random_from(test_seed);
  while (calls < wanted) life();
  report();
  return 0;
}
