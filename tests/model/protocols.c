// protocols.c: what two CPUs do to each other without a lock, as small programs of atomic steps, of which all
// interleavings are tried: no bad state, and nobody waits for ever. Each is tried again with one protecting step left
// out or moved, and then a bad state must be found: so the search sees what it is for. Steps are sequentially
// consistent.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CPUS = 2, VARIABLES = 26, CHOICES = 5, DONE = 255, TABLE = 1 << 22, BROKEN = 8 };

struct world {
  uint8_t pc[CPUS], v[VARIABLES];
};
struct protocol {
  const char *name;
  void (*begin)(struct world *w);
  bool (*step)(struct world *w, unsigned cpu, unsigned choice); // false: there is no such step now
  bool (*bad)(const struct world *w);
  const char *broken[BROKEN]; // what is wrong in variant 1, 2, ...
};
static unsigned broken; // variant that is being tried; 0: as the kernel does it

// --- All interleavings

static struct world seen[TABLE], queue[TABLE];
static unsigned tail, steps;

static void visit(const struct world *w) {
  uint64_t h = 1;
  for (unsigned i = 0; i < sizeof *w; i++) h = (h ^ ((const uint8_t *)w)[i]) * 0x9E3779B97F4A7C15ull, h ^= h >> 29;
  static const struct world none;
  struct world marked = *w; // no world of zeros: it would look like an empty place
  marked.v[VARIABLES - 1] = 1;
  for (h %= TABLE; memcmp(&seen[h], &none, sizeof none) != 0; h = (h + 1) % TABLE)
    if (memcmp(&seen[h], &marked, sizeof marked) == 0) return;
  if (tail == TABLE / 2) abort();
  seen[h] = queue[tail++] = marked;
}

// What goes wrong: a world comes that is bad, or in which nobody can go on and somebody is not done. nullptr: nothing.
static const char *violation(const struct protocol *p) {
  struct world begin = {};
  memset(seen, 0, sizeof seen);
  tail = steps = 0;
  p->begin(&begin);
  visit(&begin);
  for (unsigned head = 0; head < tail; head++) {
    unsigned ways = 0;
    if (p->bad(&queue[head])) return "is unsafe";
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
      for (unsigned choice = 0; choice < CHOICES; choice++) {
        struct world next = queue[head];
        if (next.pc[cpu] == DONE || !p->step(&next, cpu, choice)) continue;
        visit(&next);
        ways++;
      }
    steps += ways;
    if (!ways && (queue[head].pc[0] != DONE || queue[head].pc[1] != DONE)) return "is stuck";
  }
  return nullptr;
}

// A step, and where it leads.
static bool go(struct world *w, unsigned cpu, uint8_t pc) { return w->pc[cpu] = pc, true; }
static bool set(struct world *w, unsigned cpu, unsigned variable, uint8_t value, uint8_t pc) {
  w->v[variable] = value;
  return go(w, cpu, pc);
}

// --- Shootdown (space.c, smp.c). Both CPUs run one space, leave it and load it again; each may unmap and map its one
// page. A CPU's walker may look at any time while the root is loaded, and what it found is remembered after that.

enum { // variables; of each CPU from TLB on: + cpu
  MAPPED,
  FREED,
  LOCK,
  ROUNDS,
  TLB,
  ROOT = TLB + 2,
  LOADED = ROOT + 2,
  WANT = LOADED + 2,
  ANSWERED = WANT + 2,
  KEPT = ANSWERED + 2,
  TICKET = KEPT + 2,
  FOUND = TICKET + 2,
  KICKS = FOUND + 2,
  REMEMBERS,
  HAD = REMEMBERS + 2,
};
enum {
  IDLE,
  LOAD,
  LOAD2,
  LOAD3,
  USER,
  LEAVE,
  LEAVE2,
  LOCKING,
  EDIT,
  FORGET,
  LOOK,
  CLEAR,
  CROSS,
  WAIT,
  COUNT,
  ANSWER = 32
};
enum { NOTHING, TRUE, OLD }; // what a CPU remembers: OLD is of a page that was there before

// Without identifiers loading a root forgets, and what can go wrong with it is broken first.
static bool identifiers;
static unsigned fault(void) { return broken && identifiers ? broken + 2 : broken; }
static void shootdown_begin(struct world *w) { w->v[MAPPED] = 1, identifiers = false; }
static void remembering_begin(struct world *w) { w->v[MAPPED] = 1, identifiers = true; }
static bool shootdown_bad(const struct world *w) {
  if (!identifiers && w->v[FREED] && (w->v[TLB] || w->v[TLB + 1])) return true;
  for (unsigned c = 0; c < CPUS; c++)
    if (w->pc[c] == USER && (w->v[TLB + c] == OLD || (w->v[FREED] && w->v[TLB + c]))) return true;
  return false;
}

// A cross call is answered in three steps: see how many are wanted, forget, say so.
static bool answer(struct world *w, unsigned c) {
  uint8_t *v = w->v, pc = w->pc[c];
  bool listens = pc == IDLE || pc == USER || pc == WAIT || (pc == LOCKING && fault() != 6);
  if (pc < ANSWER) return listens && v[WANT + c] != v[ANSWERED + c] && set(w, c, KEPT + c, v[WANT + c], pc + ANSWER);
  if (pc < 2 * ANSWER) return set(w, c, TLB + c, 0, pc + ANSWER);
  return set(w, c, ANSWERED + c, v[(fault() == 5 ? WANT : KEPT) + c], pc - 2 * ANSWER);
}

static bool root_set(struct world *w, unsigned c, uint8_t root, uint8_t pc) {
  if (!identifiers) w->v[TLB + c] = NOTHING;
  return set(w, c, ROOT + c, root, pc);
}
// Both bits are set in one step, which tells whether what is remembered is still good.
static bool bits_set(struct world *w, unsigned c, uint8_t pc) {
  w->v[HAD + c] = w->v[REMEMBERS + c];
  w->v[REMEMBERS + c] = 1;
  return set(w, c, LOADED + c, 1, pc);
}
// Whom to ask; who only remembers is told so by its bit, in the same step.
static bool look(struct world *w, unsigned c) {
  uint8_t *v = w->v, o = (uint8_t)(1 - c);
  if (fault() < 7) v[REMEMBERS + o] = 0;
  return set(w, c, FOUND + c, v[LOADED + o], fault() == 7 ? CLEAR : fault() == 3 ? EDIT : CROSS);
}
static bool map(struct world *w, unsigned c) {
  uint8_t *v = w->v;
  for (unsigned i = 0; i < CPUS; i++)
    if (v[TLB + i]) v[TLB + i] = OLD;
  v[FREED] = 0;
  return set(w, c, MAPPED, 1, USER);
}

static bool unmap(struct world *w, unsigned c) {
  uint8_t *v = w->v, o = (uint8_t)(1 - c);
  switch (w->pc[c]) {
  case LOCKING: return !v[LOCK] && set(w, c, LOCK, 1, fault() == 3 ? LOOK : EDIT);
  case EDIT: return set(w, c, MAPPED, 0, FORGET);
  case FORGET: return set(w, c, TLB + c, 0, fault() == 3 ? CROSS : LOOK);
  case LOOK: return look(w, c);
  case CLEAR: return set(w, c, REMEMBERS + o, 0, CROSS);
  case CROSS: return v[FOUND + c] ? set(w, c, TICKET + c, ++v[WANT + o], fault() == 4 ? COUNT : WAIT) : go(w, c, COUNT);
  case WAIT: return v[ANSWERED + o] >= v[TICKET + c] && go(w, c, COUNT);
  default: return v[FREED] = 1, v[LOCK] = 0, set(w, c, ROUNDS, v[ROUNDS] + 1, USER);
  }
}

static bool shootdown_step(struct world *w, unsigned c, unsigned choice) {
  uint8_t *v = w->v, pc = w->pc[c];
  if (choice == 0) return v[ROOT + c] && v[MAPPED] && !v[TLB + c] && set(w, c, TLB + c, 1, pc); // the walker
  if (choice == 1) return answer(w, c);
  if (pc == USER && choice == 2) return v[ROUNDS] < 2 && v[MAPPED] && go(w, c, LOCKING);
  if (pc == USER && choice == 3 && v[MAPPED]) // a cross call that nobody waits for
    return !v[KICKS] && (v[WANT + 1 - c]++, set(w, c, KICKS, 1, USER));
  if (pc == USER && choice == 3) return v[ROUNDS] < 2 && !v[LOCK] && !v[MAPPED] && map(w, c);
  if (choice != 4 || pc >= ANSWER) return false;
  switch (pc) {
  case IDLE: return go(w, c, LOAD);
  case LOAD: return fault() == 1 ? root_set(w, c, 1, LOAD2) : bits_set(w, c, LOAD2);
  case LOAD2: return fault() == 1 ? bits_set(w, c, LOAD3) : root_set(w, c, 1, LOAD3);
  case LOAD3: return !identifiers || v[HAD + c] ? go(w, c, USER) : set(w, c, TLB + c, NOTHING, USER);
  case USER: return go(w, c, LEAVE);
  case LEAVE: return fault() == 2 ? set(w, c, LOADED + c, 0, LEAVE2) : root_set(w, c, 0, LEAVE2);
  case LEAVE2: return fault() == 2 ? root_set(w, c, 0, IDLE) : set(w, c, LOADED + c, 0, IDLE);
  default: return unmap(w, c);
  }
}

// --- Accounts (core.h, frame.c). Each CPU twice charges a frame to one account or lowers its ceiling.

enum { USED, CEILING, TURNS, SEEN_BY = TURNS + 2 };
enum { REST, CHARGE, CHARGE2, CHARGE3, LOWER, LOWER2, LOWER3 };

static void account_begin(struct world *w) { w->v[USED] = 1, w->v[CEILING] = 3; }
static bool account_bad(const struct world *w) {
  bool rest = (w->pc[0] == REST || w->pc[0] == DONE) && (w->pc[1] == REST || w->pc[1] == DONE);
  return rest && w->v[USED] > w->v[CEILING];
}

static bool account_step(struct world *w, unsigned c, unsigned choice) {
  uint8_t *v = w->v, pc = w->pc[c];
  if (pc == REST && v[TURNS + c] == 2) return choice == 0 && go(w, c, DONE);
  if (pc == REST) return choice < 2 && (v[TURNS + c]++, go(w, c, choice ? LOWER : CHARGE));
  if (choice) return false;
  switch (pc) {
  case CHARGE:
    return broken == 1 ? go(w, c, v[USED] + 1 <= v[CEILING] ? CHARGE2 : REST)
                       : (v[SEEN_BY + c] = ++v[USED], go(w, c, CHARGE2));
  case CHARGE2:
    return broken == 1 ? set(w, c, USED, v[USED] + 1, REST) : go(w, c, v[SEEN_BY + c] <= v[CEILING] ? REST : CHARGE3);
  case CHARGE3: return set(w, c, USED, v[USED] - 1, REST);
  case LOWER:
    return broken == 2       ? go(w, c, v[USED] + 1 <= v[CEILING] ? LOWER2 : REST)
           : v[CEILING] == 0 ? go(w, c, REST)
                             : (v[SEEN_BY + c] = --v[CEILING], go(w, c, LOWER2));
  case LOWER2:
    return broken == 2 ? set(w, c, CEILING, v[CEILING] - 1, REST) : go(w, c, v[USED] <= v[SEEN_BY + c] ? REST : LOWER3);
  default: return set(w, c, CEILING, v[CEILING] + 1, REST);
  }
}

// --- Slots (cap.c, core.h). CPU 0 reads a slot twice without its lock; CPU 1 drops it and grants other names into it:
// name 1 with rights 1, name 2 with rights 2, name 3 with rights 1 again.

enum { RIGHTS, VERSION, NAME, MASK, TURN, GOT, GOT_VERSION, GOT_NAME, GOT_MASK, TRUSTED };

static void slot_begin(struct world *w) { w->v[RIGHTS] = w->v[NAME] = w->v[MASK] = 1; }
static bool slot_bad(const struct world *w) {
  const uint8_t *v = w->v;
  return v[TRUSTED] && v[GOT] && (v[GOT_NAME] != v[GOT_MASK] || v[GOT] != (v[GOT_NAME] == 2 ? 2 : 1));
}

static bool slot_read(struct world *w) {
  uint8_t *v = w->v;
  switch (w->pc[0]) {
  case 0: return v[GOT_VERSION] = v[VERSION], set(w, 0, GOT, v[RIGHTS], 1); // one word
  case 1: return set(w, 0, GOT_NAME, v[NAME], 2);
  case 2: return set(w, 0, GOT_MASK, v[MASK], 3);
  default: return set(w, 0, TRUSTED, broken == 1 || (v[GOT] == v[RIGHTS] && v[GOT_VERSION] == v[VERSION]), DONE);
  }
}

static bool slot_write(struct world *w) { // even turns drop, odd ones grant
  uint8_t *v = w->v, turn = v[TURN], name = turn % 2 ? (turn + 3) / 2 : 0, rights = turn % 2 ? 1 + (name == 2) : 0;
  if (turn == 4) return go(w, 1, DONE);
  switch (w->pc[1]) {
  case 0:
    if (broken != 2) v[VERSION]++;
    return set(w, 1, RIGHTS, broken == 3 ? v[RIGHTS] : broken == 4 ? rights : 0, 1);
  case 1: return set(w, 1, NAME, name, 2);
  case 2: return set(w, 1, MASK, name, 3);
  default: return v[TURN]++, set(w, 1, RIGHTS, rights, 0);
  }
}
static bool slot_step(struct world *w, unsigned c, unsigned choice) {
  return choice == 0 && (c == 0 ? slot_read(w) : slot_write(w));
}

// --- Sleeping (slice.c, upcall.c). CPU 0 yields with a deadline that never comes; CPU 1 has one event for it.

enum { PENDING, ASLEEP, KICKED };
enum { SLEEP_LOOK, SLEEP, SLEEP_AGAIN, PICK, IDLING };

static void sleep_begin(struct world *) {}
static bool sleep_bad(const struct world *) { return false; } // but for waiting for ever

static bool sleep_step(struct world *w, unsigned c, unsigned choice) {
  uint8_t *v = w->v;
  if (choice) return false;
  if (c == 1) // upcall_event: the bit, the wake, the kick
    switch (w->pc[1]) {
    case 0: return set(w, 1, broken == 2 ? ASLEEP : PENDING, broken != 2, 1);
    case 1: return set(w, 1, broken == 2 ? PENDING : ASLEEP, broken == 2, broken == 3 ? DONE : 2);
    default: return set(w, 1, KICKED, 1, DONE);
    }
  switch (w->pc[0]) {
  case SLEEP_LOOK: return go(w, 0, v[PENDING] ? PICK : SLEEP);
  case SLEEP: return set(w, 0, ASLEEP, 1, broken == 1 ? PICK : SLEEP_AGAIN);
  case SLEEP_AGAIN: return v[PENDING] ? set(w, 0, ASLEEP, 0, PICK) : go(w, 0, PICK);
  case PICK: return go(w, 0, v[ASLEEP] ? IDLING : DONE);
  default: return v[KICKED] && set(w, 0, KICKED, 0, PICK);
  }
}

// --- The end (env.c, slice.c). CPU 0 ends an environment that CPU 1 picks, runs and leaves.

enum { DEAD, RUNS, PROBE, ASKED, UNDONE };
enum { AWAY, PROBED, TAKES, TAKES2, RUNNING, LEAVES };
enum { END, END_PROBE, END_ENV, END_ASK, END_WAIT, END_UNDO };

static void end_begin(struct world *) {}
static bool end_bad(const struct world *w) { return w->v[UNDONE] && w->pc[1] >= TAKES && w->pc[1] <= LEAVES; }

static bool end_waiter(struct world *w) {
  uint8_t *v = w->v, first = broken == 4 ? RUNS : PROBE, second = broken == 4 ? PROBE : RUNS;
  switch (w->pc[0]) {
  case END: return set(w, 0, DEAD, 1, END_PROBE);
  case END_PROBE: return go(w, 0, v[first] ? END_ASK : END_ENV);
  case END_ENV: return go(w, 0, v[second] ? END_ASK : END_UNDO);
  case END_ASK: return set(w, 0, ASKED, 1, END_WAIT);
  case END_WAIT: return !v[ASKED] && go(w, 0, END_PROBE);
  default: return set(w, 0, UNDONE, 1, DONE);
  }
}

static bool end_picker(struct world *w, unsigned choice) {
  uint8_t *v = w->v, pc = w->pc[1];
  if (choice == 1) return v[ASKED] && (pc == AWAY || pc == RUNNING) && set(w, 1, ASKED, 0, v[DEAD] && pc ? LEAVES : pc);
  if (choice) return false;
  switch (pc) {
  case AWAY: return broken == 3 ? go(w, 1, v[DEAD] ? AWAY : PROBED) : set(w, 1, PROBE, broken != 1, PROBED);
  case PROBED: // env_at and alive; if it is there, its presence and root are used from here on
    if (broken == 3) return set(w, 1, PROBE, 1, TAKES);
    return v[DEAD] ? set(w, 1, PROBE, 0, AWAY) : go(w, 1, TAKES);
  case TAKES: return set(w, 1, broken == 2 ? PROBE : RUNS, broken != 2, TAKES2);
  case TAKES2: return set(w, 1, broken == 2 ? RUNS : PROBE, broken == 2, RUNNING);
  case RUNNING: return go(w, 1, LEAVES); // its slice is over
  default: return set(w, 1, RUNS, 0, AWAY);
  }
}
static bool end_step(struct world *w, unsigned c, unsigned choice) {
  return c == 1 ? end_picker(w, choice) : choice == 0 && end_waiter(w);
}

// --- All of them

static const struct protocol protocols[] = {
    {"shootdown",
     shootdown_begin,
     shootdown_step,
     shootdown_bad,
     {"a root is loaded before its CPU is noted", "a CPU is struck off before it has left the root",
      "who has the root loaded is asked before the edit", "nobody waits for the answer",
      "the answer counts what was asked after forgetting", "who waits for a lock answers nobody"}},
    {"remembering", // the same with address-space identifiers
     remembering_begin,
     shootdown_step,
     shootdown_bad,
     {"who has the root loaded is asked before the edit", "nobody waits for the answer",
      "the answer counts what was asked after forgetting", "who waits for a lock answers nobody",
      "who remembers is told after the look at who has it loaded", "who remembers is told nothing"}},
    {"account",
     account_begin,
     account_step,
     account_bad,
     {"charging looks before it writes", "lowering looks before it writes"}},
    {"slot",
     slot_begin,
     slot_step,
     slot_bad,
     {"no second look at the rights", "no version", "the old rights stay while the name changes",
      "the new rights first"}},
    {"sleep",
     sleep_begin,
     sleep_step,
     sleep_bad,
     {"no second look at the events", "waking before the event is there", "no kick"}},
    {"end",
     end_begin,
     end_step,
     end_bad,
     {"no probe", "the probe is cleared before the CPU runs it", "alive is asked before the probe",
      "the probe is looked at last"}},
};

int main(void) {
  unsigned failed = 0;
  for (const struct protocol *p = protocols; p < protocols + sizeof protocols / sizeof *protocols; p++)
    for (broken = 0; broken <= BROKEN && (!broken || p->broken[broken - 1]); broken++) {
      const char *found = violation(p);
      failed += !found != !broken;
      printf("%-11s %-9s %6u states %6u steps: %s\n", p->name, found ? found : "holds", tail, steps,
             broken ? p->broken[broken - 1] : "as it is");
    }
  printf("%u otherwise than expected\n", failed);
  return failed != 0;
}
