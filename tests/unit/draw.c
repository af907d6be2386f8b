// draw.c: what a hostile program does next, drawn at random: calls that are nearly right, lies in its u-area, memory
// accesses. All randomness is test_random's, so that a seed, or a fuzzer's bytes, says it all. It peeks at the kernel's
// tables as a debugger would, while CPUs may be changing them: so it is built without sanitizers.
#include <string.h>
#include "test.h"

// What each argument of a call is, by letter (see word_for), and how often the call is drawn.
static const struct op {
  uint64_t number;
  unsigned weight;
  const char *arguments;
} ops[] = {
    {EXO_CALL_null, 1, "w"},           {EXO_CALL_resume, 4, "z"},         {EXO_CALL_yield, 4, "ed"},
    {EXO_CALL_cap_grant, 4, "sesgr"},  {EXO_CALL_cap_drop, 2, "seS"},     {EXO_CALL_cap_open, 2, "so"},
    {EXO_CALL_frame_take, 12, "0Fge"}, {EXO_CALL_frame_guard, 2, "0Ug"},  {EXO_CALL_frame_drop, 6, "0U"},
    {EXO_CALL_frame_drop, 1, "0N"},    {EXO_CALL_table_root, 2, "0U"},    {EXO_CALL_table_link, 8, "0TiU"},
    {EXO_CALL_table_drop, 3, "0T"},    {EXO_CALL_map, 16, "0Li0Up"},      {EXO_CALL_map, 2, "0Li0Np"},
    {EXO_CALL_map, 2, "0Li0Ap"},       {EXO_CALL_protect, 8, "0Likpm"},   {EXO_CALL_unmap, 8, "0Likm"},
    {EXO_CALL_env_create, 2, "0Ug"},   {EXO_CALL_env_cpu, 4, "0ecUU"},    {EXO_CALL_env_space, 2, "0eR"},
    {EXO_CALL_env_start, 4, "0ec"},    {EXO_CALL_env_ceiling, 3, "0ekx"}, {EXO_CALL_slice_set, 6, "0cxelg"},
    {EXO_CALL_env_stop, 2, "0ew"},     {EXO_CALL_batch, 4, "k"},          {EXO_CALL_console_write, 1, "0okw"},
    {EXO_CALL_console_read, 1, "s"},   {EXO_CALL_table_drop, 1, "0R"},    {EXO_CALL_machine_exit, 1, "sw"},
    {EXO_CALL_COUNT, 1, "w"},          {EXO_CALL_frame_guard, 1, "0Ag"},  {EXO_CALL_env_space, 1, "0eA"},
    {EXO_CALL_table_drop, 1, "0A"},    {EXO_CALL_protect, 1, "0Akkpm"},   {EXO_CALL_cap_drop, 2, "seS"},
    {EXO_CALL_gate, 8, "0ewwww"},      {EXO_CALL_gate_reply, 6, "wwww"},  {EXO_CALL_message, 3, "0ecwww"},
    {EXO_CALL_ring, 3, "0eck"},        {EXO_CALL_predicate_set, 4, "kk"}, {EXO_CALL_wait, 4, "ed"},
    {EXO_CALL_revoke, 4, "0exoD"},     {EXO_CALL_repossess, 6, "0QU"},    {EXO_CALL_sweep, 4, "0Lik"},
    {EXO_CALL_repossess, 4, "0QA"},    {EXO_CALL_sweep, 1, "sAik"},       {EXO_CALL_table_join, 2, "0Lo"},
    {EXO_CALL_table_join, 1, "0Ao"},   {EXO_CALL_age, 3, "0Likom"},       {EXO_CALL_age, 1, "0Aikom"},
    {EXO_CALL_map, 2, "0Li0Tv"},       {EXO_CALL_debug_set, 3, "0ecxab"},
};
enum { OPS = sizeof ops / sizeof *ops };

static _Thread_local exo_name reach; // what the caller's slot 0 names

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
  uint64_t passed = test_random(16) == 0; // a number that was or will be
  return kind_of(n) == EXO_KIND_ENV ? n | (desc(n)->generation + passed * (1 - 2 * test_random(2))) << 40 : n;
}

// One that was asked to give back, and has let the deadline pass; if there is none, any.
static exo_env debtor_of_any(void) {
  for (exo_frame n = 0; n < RAM_END; n++) {
    const struct env *e = frame_memory(n);
    if (kind_of(n) == EXO_KIND_ENV && env_alive(e) && e->w.revocation.deadline_ns &&
        e->w.revocation.deadline_ns <= fake.now && e->w.used > e->w.ceiling &&
        exo_name_is_prefix(reach, desc(n)->guard))
      return e->w.number;
  }
  return env_of_any();
}

static exo_name guard_of_any(void) {
  switch (test_random(8)) {
  case 0: return EXO_GUARD_FIRST;
  case 1: return EXO_GUARD_SLICE;
  case 2: return test_random(~0ull);
  case 3: return exo_name_extend(test_guard(1 + test_random(2)), test_random(16), 4);
  case 4: return test_guard(1 + test_random(3));
  default:
    if (exo_name_length(reach) > EXO_NAME_MAX - 4) return reach;
    return reach ? exo_name_extend(reach, test_random(16), 4) : test_guard(1 + test_random(3));
  }
}

static uint64_t word_odd(void) {
  static const uint64_t odd[] = {0,   1,   2,          63,     64,         255,        256,
                                 511, 512, FRAMES - 1, FRAMES, 1ull << 40, ~0ull >> 1, ~0ull};
  return odd[test_random(sizeof odd / sizeof *odd)];
}

static uint64_t word_for(char what) {
  static const uint64_t prot[] = {1, 3, 5, 3, 1, 3, 1, 7},
                        length[] = {0, 50'000, 120'000, 1'000'000, 5'000'000, 49'999};
  if (test_random(40) == 0) return word_odd();
  switch (what) {
  case '0': return test_random(16) ? 0 : test_random(4);
  case 's': return test_random(6);
  case 'S': return test_random(8) ? 1 + test_random(5) : 0; // without slot 0 there is not much to do
  case 'F': return frame_of(EXO_KIND_FREE, -1);
  case 'U': return frame_of(test_random(8) ? EXO_KIND_USER : EXO_KIND_UAREA, -1);
  case 'T': return frame_of(EXO_KIND_TABLE, -1);
  case 'L': return frame_of(EXO_KIND_TABLE, 0);
  case 'R': return frame_of(EXO_KIND_TABLE, PTE_LEVELS - 1);
  case 'N': return frame_of(EXO_KIND_ENV, -1);
  case 'A': return frame_of(test_random(9), -1);
  case 'e': return test_random(2) ? env_of_any() : 0;
  case 'c': return test_random(CPUS);
  case 'i': return test_random(2) ? test_random(8) : test_random(512);
  case 'k': return test_random(12);
  case 'm': return test_random(2) ? 0 : test_random(~0ull); // a set of entries to leave out
  case 'g': return guard_of_any();
  case 'r': return test_random(64);
  case 'p': return test_random(8) ? prot[test_random(8)] : test_random(9);
  case 'l': return length[test_random(6)];
  case 'x': return test_random(4);
  case 'o':
  case 'z': return test_random(2);
  case 'Q': return debtor_of_any();
  case 'v': return EXO_READ;
  case 'a': return test_random(8) ? 8 * test_random(1 << 20) : test_random(~0ull);
  case 'b': return test_random(4) ? EXO_DEBUG_POINT(prot[test_random(8)] & 6, 1 << test_random(4)) : 0;
  case 'D': return fake.now + test_random(2'000'000);
  case 'd': return test_random(2) ? 0 : fake.now + test_random(300'000);
  default: return test_random(~0ull);
  }
}

static const struct op *op_any(void) {
  unsigned total = 0, k = 0;
  for (unsigned i = 0; i < OPS; i++) total += ops[i].weight;
  uint64_t at = test_random(total);
  while (at >= ops[k].weight) at -= ops[k++].weight;
  return &ops[k];
}

static exo_frame pair_any(exo_frame but) { // two plain frames side by side
  exo_frame u = frame_of(EXO_KIND_USER, -1);
  for (unsigned i = 0; i < 8 && (kind_of(u + 1) != EXO_KIND_USER || u == but); i++) u = frame_of(EXO_KIND_USER, -1);
  return u;
}

// Ends are seldom, or lives were short: of the machine, by its first environment or by machine_exit, and of others. And
// the first one gets no u-area that nobody has filled.
static bool may(unsigned cpu, exo_slot slot, exo_name guard, uint64_t rights) {
  return cap_check(cpu_at(cpu)->env, slot, guard, rights) == EXO_OK;
}
static bool ends_much(unsigned cpu, uint64_t number, const uint64_t argument[6]) {
  exo_env target = argument[1] ? argument[1] : runs_on(cpu);
  if (number == EXO_CALL_env_cpu) return target == first();
  if (number == EXO_CALL_machine_exit)
    return may(cpu, argument[0], EXO_GUARD_EXIT, EXO_WRITE) && test_random(256) != 255;
  if (number != EXO_CALL_env_stop || !env_at(target)) return false;
  if (target == first()) return test_random(256) != 255;
  return (target == runs_on(cpu) || may(cpu, argument[0], desc(env_frame(target))->guard, EXO_MANAGE)) &&
         test_random(48);
}

static uint64_t op_draw(unsigned cpu, uint64_t argument[6]) {
  const struct op *op = op_any();
  for (unsigned i = 0; i < 6; i++) argument[i] = i < strlen(op->arguments) ? word_for(op->arguments[i]) : word_odd();
  if (op->number == EXO_CALL_env_cpu && test_random(8)) argument[4] = pair_any(argument[3]);
  if (op->number == EXO_CALL_machine_exit) argument[1] = 0; // cleanly: a panic is something else
  return ends_much(cpu, op->number, argument) ? EXO_CALL_null : op->number;
}

// A predicate that is nearly right.
static void predicate_draw(struct exo_predicate *p) {
  for (unsigned i = 0; i < EXO_PREDICATE_WORDS; i++)
    p->word[i] = (struct exo_predicate_word){.slot = word_for('0'),
                                             .frame = frame_of(test_random(9) ? EXO_KIND_USER : EXO_KIND_TABLE, -1),
                                             .offset = test_random(20) ? 8 * test_random(512) : 3};
  for (unsigned i = 0; i < EXO_PREDICATE_OPS; i++)
    p->op[i] = (struct exo_prog_op){.code = i % 3 == 2 ? EXO_PROG_END : (uint8_t)test_random(EXO_PROG_CODES_END),
                                    .to = (uint8_t)test_random(3),
                                    .a = (uint8_t)test_random(2),
                                    .b = test_random(2) ? EXO_PROG_VALUE : (uint8_t)test_random(8)};
}

enum { BATCH_MOST = 12 }; // of a drawn batch

void draw_call(unsigned cpu) {
  struct fake_cpu *c = &fake_cpu[cpu];
  struct exo_uarea *u = cpu_at(cpu)->arch.uarea;
  reach = cpu_at(cpu)->env->w.slot[0].name;
  c->number = op_draw(cpu, c->argument);
  for (unsigned i = 0; c->number == EXO_CALL_batch && i < BATCH_MOST; i++)
    u->batch[i].number = op_draw(cpu, u->batch[i].argument);
  if (c->number == EXO_CALL_predicate_set) predicate_draw((struct exo_predicate *)(void *)u->batch);
  if (c->number == EXO_CALL_resume && (runs_on(cpu) == first() || test_random(16))) u->fault.busy = 0; // else it ends
  c->interrupt = test_random(16) == 0;
}

// What became of the call that draw_call has drawn; `u` is its caller's u-area.
void draw_note(const struct fake_cpu *c, const struct exo_uarea *u) {
  if (!c->returned) return;
  errors_note(c->number, c->result);
  if (c->number != EXO_CALL_batch) return;
  for (int64_t i = 0; i < c->result; i++) errors_note(u->batch[i].number, u->batch[i].result);
}

void draw_lie(unsigned cpu) {
  struct exo_uarea *u = cpu_at(cpu)->arch.uarea;
  bool is_first = runs_on(cpu) == first();
  switch (test_random(13)) {
  case 10: u->gate_door = test_random(8) ? 0x403000 : test_random(~0ull); break;
  case 11: u->reply_door = test_random(8) ? 0x403000 : test_random(~0ull); break;
  case 12: u->message_from = 0; break;
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

// Programs read: the CPU remembers translations. Until it has been told to forget one, its frame counts as mapped.
void draw_touch(unsigned cpu) {
  static const uint64_t at[] = {TEXT, DATA, FIRST_UAREA, CHILD_UAREA, CHILD_UAREA + 0x4000};
  for (int i = 0; i < 4; i++) {
    uint64_t p = (uint64_t)fake_reach(cpu, at[test_random(5)] + test_random(6) * EXO_PAGE, EXO_READ);
    if (!p) continue;
    uint64_t state = __atomic_load_n(&desc((p - EXO_DIRECT_BASE) >> EXO_PAGE_BITS)->state, __ATOMIC_RELAXED);
    // Of a table, which can be mapped to be read, mappings are pins.
    CHECK(exo_state_kind(state) == EXO_KIND_TABLE ? exo_state_pins(state) : exo_state_maps(state));
  }
}

// A fault of the first environment must find its door.
bool draw_may_fault(unsigned cpu) { return runs_on(cpu) != first() || !cpu_at(cpu)->arch.uarea->fault.busy; }
