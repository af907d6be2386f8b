// random_test.c: long random lives: programs on two CPUs make calls that are nearly right, fault, lie in their u-areas
// and let time pass; after every step all invariants hold, and a call that failed has changed nothing.
#include <string.h>
#include "test.h"

enum { LIFE = 1500, CPUS_USED = 3 };

static struct child child[2];
static uint64_t succeeded, failed, seen_result[EXO_CALL_COUNT][16];

// What each argument of a call is, by letter (see word_for), and how often the call is drawn.
static const struct {
  uint64_t number;
  unsigned weight;
  const char *arguments;
} ops[] = {
    {EXO_CALL_null, 1, "w"},           {EXO_CALL_resume, 4, "z"},         {EXO_CALL_yield, 4, "ed"},
    {EXO_CALL_cap_grant, 4, "sesgr"},  {EXO_CALL_cap_drop, 2, "ses"},     {EXO_CALL_cap_open, 2, "so"},
    {EXO_CALL_frame_take, 12, "0Fge"}, {EXO_CALL_frame_guard, 2, "0Ug"},  {EXO_CALL_frame_drop, 6, "0U"},
    {EXO_CALL_frame_drop, 1, "0N"},    {EXO_CALL_table_root, 2, "0U"},    {EXO_CALL_table_link, 8, "0TiU"},
    {EXO_CALL_table_drop, 3, "0T"},    {EXO_CALL_map, 16, "0Li0Up"},      {EXO_CALL_map, 2, "0Li0Np"},
    {EXO_CALL_map, 2, "0Li0Ap"},       {EXO_CALL_protect, 8, "0Likpm"},   {EXO_CALL_unmap, 8, "0Likm"},
    {EXO_CALL_env_create, 2, "0Ug"},   {EXO_CALL_env_cpu, 4, "0ecUU"},    {EXO_CALL_env_space, 2, "0eR"},
    {EXO_CALL_env_start, 4, "0ec"},    {EXO_CALL_env_ceiling, 3, "0ekx"}, {EXO_CALL_slice_set, 6, "0cxelg"},
    {EXO_CALL_env_stop, 1, "0Ew"},     {EXO_CALL_batch, 4, "k"},          {EXO_CALL_console_write, 1, "0okw"},
    {EXO_CALL_console_read, 1, "0"},   {EXO_CALL_table_drop, 1, "0R"},    {EXO_CALL_gate, 8, "0ewwww"},
    {EXO_CALL_gate_reply, 4, "wwww"},  {EXO_CALL_message, 2, "0ecwww"},   {EXO_CALL_ring, 3, "0eck"},
    {EXO_CALL_predicate_set, 3, "kk"}, {EXO_CALL_wait, 4, "ed"},          {EXO_CALL_revoke, 3, "0exoD"},
    {EXO_CALL_repossess, 6, "0eU"},    {EXO_CALL_sweep, 4, "0Lik"},       {EXO_CALL_table_join, 2, "0Lo"},
    {EXO_CALL_age, 3, "0Likom"},       {EXO_CALL_map, 2, "0Li0Tv"},
};
enum { OPS = sizeof ops / sizeof *ops };

static exo_name reach; // what the caller's slot 0 names

// A frame of this kind, searched from a random place on (level: of a table, -1: any), mostly one that the caller
// reaches.
static exo_frame frame_of(uint64_t kind, int level) {
  exo_frame at = test_random(RAM_END);
  bool own = test_random(10) && kind != EXO_KIND_FREE, idle = kind == EXO_KIND_USER && test_random(3);
  for (unsigned i = 0; i < RAM_END; i++, at = (at + 1) % RAM_END) {
    const struct exo_frame_desc *d = desc(at);
    if (kind_of(at) != kind || (level >= 0 && (int)exo_state_level(d->state) != level)) continue;
    if (own && !exo_name_is_prefix(reach, d->guard)) continue;
    if (!idle || state_idle(d->state)) return at;
  }
  return at;
}

static exo_env env_of_any(void) {
  exo_frame n = frame_of(EXO_KIND_ENV, -1);
  return kind_of(n) == EXO_KIND_ENV ? ((const struct env *)frame_memory(n))->w.number : n;
}

static exo_name guard_of_any(void) {
  switch (test_random(8)) {
  case 0: return EXO_GUARD_FIRST;
  case 1: return EXO_GUARD_SLICE;
  case 2: return test_random(~0ull);
  case 3: return exo_name_extend(test_guard(1 + test_random(2)), test_random(16), 4);
  case 4: return test_guard(1 + test_random(3));
  default: return reach ? exo_name_extend(reach, test_random(16), 4) : test_guard(1 + test_random(3));
  }
}

static uint64_t word_odd(void) {
  static const uint64_t odd[] = {0,   1,   2,          63,     64,         255,        256,
                                 511, 512, FRAMES - 1, FRAMES, 1ull << 40, ~0ull >> 1, ~0ull};
  return odd[test_random(sizeof odd / sizeof *odd)];
}

static uint64_t word_for(char what) {
  static const uint64_t prot[] = {1, 3, 5, 3, 1, 0, 7, 2},
                        length[] = {0, 50'000, 120'000, 1'000'000, 5'000'000, 49'999};
  if (test_random(40) == 0) return word_odd();
  switch (what) {
  case '0': return test_random(16) ? 0 : test_random(4);
  case 's': return test_random(6);
  case 'F': return frame_of(EXO_KIND_FREE, -1);
  case 'U': return frame_of(test_random(8) ? EXO_KIND_USER : EXO_KIND_UAREA, -1);
  case 'T': return frame_of(EXO_KIND_TABLE, -1);
  case 'L': return frame_of(EXO_KIND_TABLE, 0);
  case 'R': return frame_of(EXO_KIND_TABLE, PTE_LEVELS - 1);
  case 'N': return frame_of(EXO_KIND_ENV, -1);
  case 'A': return frame_of(test_random(9), -1);
  case 'e': return test_random(2) ? env_of_any() : 0;
  case 'E': return test_random(3) ? child[test_random(2)].number : env_of_any();
  case 'c': return test_random(CPUS_USED);
  case 'i': return test_random(2) ? test_random(8) : test_random(512);
  case 'k': return test_random(12);
  case 'm': return test_random(2) ? 0 : test_random(~0ull); // a set of entries to leave out
  case 'g': return guard_of_any();
  case 'r': return test_random(64);
  case 'p': return prot[test_random(8)];
  case 'l': return length[test_random(6)];
  case 'x': return test_random(4);
  case 'o':
  case 'z': return test_random(2);
  case 'v': return EXO_READ;
  case 'D': return fake.now + test_random(2'000'000);
  case 'd': return test_random(2) ? 0 : fake.now + test_random(300'000);
  default: return test_random(~0ull);
  }
}

static uint64_t op_draw(uint64_t argument[6]) {
  unsigned total = 0, k = 0;
  for (unsigned i = 0; i < OPS; i++) total += ops[i].weight;
  uint64_t at = test_random(total);
  while (at >= ops[k].weight) at -= ops[k++].weight;
  for (unsigned i = 0; i < 6; i++)
    argument[i] = i < strlen(ops[k].arguments) ? word_for(ops[k].arguments[i]) : word_odd();
  if (ops[k].number == EXO_CALL_env_cpu && test_random(8)) { // a pair of frames side by side
    exo_frame u = frame_of(EXO_KIND_USER, -1);
    for (unsigned i = 0; i < 8 && (kind_of(u + 1) != EXO_KIND_USER || u == argument[3]); i++)
      u = frame_of(EXO_KIND_USER, -1);
    argument[4] = u;
  }
  // The first environment ends the machine with its own end: not here. So it gets no u-area that nobody has filled.
  bool itself = argument[1] == 0 || env_frame(argument[1]) == boot->spare_frame, fatal = false;
  fatal = ops[k].number == EXO_CALL_env_stop || ops[k].number == EXO_CALL_env_cpu;
  return itself && fatal ? EXO_CALL_null : ops[k].number;
}

static void batch_draw(unsigned cpu) {
  struct exo_batch_entry *b = cpu_at(cpu)->arch.uarea->batch;
  for (unsigned i = 0; i < 12; i++) b[i].number = op_draw(b[i].argument);
}

// A predicate that is nearly right.
static void predicate_draw(unsigned cpu) {
  struct exo_predicate *p = (struct exo_predicate *)cpu_at(cpu)->arch.uarea->batch;
  for (unsigned i = 0; i < EXO_PREDICATE_WORDS; i++)
    p->word[i] = (struct exo_predicate_word){.slot = word_for('0'),
                                             .frame = frame_of(EXO_KIND_USER, -1),
                                             .offset = test_random(20) ? 8 * test_random(512) : 3};
  for (unsigned i = 0; i < EXO_PREDICATE_OPS; i++)
    p->op[i] = (struct exo_prog_op){.code = i % 3 == 2 ? EXO_PROG_END : (uint8_t)test_random(EXO_PROG_CODES_END),
                                    .to = (uint8_t)test_random(3),
                                    .a = (uint8_t)test_random(2),
                                    .b = test_random(2) ? EXO_PROG_VALUE : (uint8_t)test_random(8)};
}

// --- What a program does between calls

static void program_lies(unsigned cpu) {
  struct exo_uarea *u = cpu_at(cpu)->arch.uarea;
  bool is_first = runs_on(cpu) == first();
  switch (test_random(12)) {
  case 10: u->gate_door = test_random(8) ? 0x403000 : test_random(~0ull); break;
  case 11: u->reply_door = test_random(8) ? 0x403000 : test_random(~0ull); break;
  case 0: u->masked = test_random(2); break;
  case 1: u->event.regs.pc = test_random(8) ? 0x403000 : test_random(~0ull); break;
  case 2: u->fault.regs.pc = test_random(8) ? 0x403000 : test_random(~0ull); break;
  case 3: u->event.was_masked = test_random(2); break;
  case 4: u->fault.busy = test_random(2); break;
  case 5: u->pending = test_random(16); break;
  case 6: u->resume_end = test_random(2) * 0x500000; break;
  case 7: memset(&u->event.regs, (int)test_random(256), sizeof u->event.regs); break;
  case 8: u->event_door = test_random(10) || is_first ? EVENT_DOOR : test_random(2) * ~0ull; break;
  default: u->fault_door = test_random(10) || is_first ? FAULT_DOOR : 0; break;
  }
  if (is_first) u->fault.busy = 0;
}

// Programs read and write: the CPU remembers translations.
static void program_touches(unsigned cpu) {
  static const uint64_t at[] = {TEXT, DATA, FIRST_UAREA, CHILD_UAREA, CHILD_UAREA + 0x4000};
  for (int i = 0; i < 4; i++) {
    uint64_t va = at[test_random(5)] + test_random(6) * EXO_PAGE;
    uint64_t *p = fake_reach(cpu, va, EXO_READ);
    if (p) seen_result[0][0] += *p == 0;
  }
}

static bool first_is_safe(unsigned cpu) {
  const struct exo_uarea *u = cpu_at(cpu)->arch.uarea;
  return runs_on(cpu) != first() || !u->fault.busy;
}

static void call_post(unsigned cpu) {
  struct fake_cpu *c = &fake_cpu[cpu];
  reach = cpu_at(cpu)->env->w.slot[0].name;
  c->number = op_draw(c->argument);
  if (c->number == EXO_CALL_batch) batch_draw(cpu);
  if (c->number == EXO_CALL_predicate_set) predicate_draw(cpu);
  if (c->number == EXO_CALL_resume && runs_on(cpu) == first()) { // an end of the first one by its own lie
    cpu_at(cpu)->arch.uarea->fault.busy = 0;
  }
  c->interrupt = test_random(16) == 0;
  fake_post(cpu, JOB_CALL);
}

static void call_note(const struct fake_cpu *c) {
  if (!c->returned) return;
  if (c->result < 0)
    failed++;
  else
    succeeded++;
  if (c->result < 0 && c->result > -16) seen_result[c->number][-c->result]++;
}

static void one_call(unsigned cpu) {
  call_post(cpu);
  uint64_t before = fake.mingle ? 0 : machine_digest();
  fake_run();
  struct fake_cpu *c = &fake_cpu[cpu];
  call_note(c);
  if (before && c->returned && c->result < 0 && !fake.off) CHECK(machine_digest() == before);
}

static void many_calls(void) {
  for (unsigned i = 0; i < CPUS_USED; i++)
    if (fake_cpu[i].state == FAKE_USER) call_post(i);
  fake_run();
  for (unsigned i = 0; i < CPUS_USED; i++) call_note(&fake_cpu[i]);
}

static void step(void) {
  unsigned cpu = (unsigned)test_random(CPUS_USED);
  uint64_t what = test_random(24);
  if (fake_cpu[cpu].state != FAKE_USER || what == 0)
    fake_time(test_random(2'000'000));
  else if (what == 1)
    program_lies(cpu);
  else if (what == 2 && first_is_safe(cpu))
    machine_fault(cpu, 1 + test_random(9), test_random(~0ull));
  else if (what == 3)
    machine_fp(cpu);
  else if (what < 8)
    program_touches(cpu);
  else if (what < 14)
    many_calls();
  else
    one_call(cpu);
  if (!fake.off) invariants();
}

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
  fake.mingle = test_random(2) * (test_random(~0ull) | 1);
}

static bool life_goes_on(void) { return !fake.off && (env_at(child[0].number) || env_at(child[1].number)); }

static void lives(void) {
  succeeded = failed = 0;
  for (uint64_t done = 0; done < test_steps;) {
    life_begin();
    for (unsigned i = 0; i < LIFE && done < test_steps && life_goes_on(); i++, done++) step();
    if (fake.off) fake_broken("the machine ended in a random life");
  }
  printf("random: %llu calls succeeded, %llu failed\n", (unsigned long long)succeeded, (unsigned long long)failed);
  if (test_steps >= 10'000) CHECK(succeeded * 10 > (succeeded + failed) * 3);
}

const struct test random_tests[] = {{"random lives", lives}, {}};
