// core.h: every structure and function of the core, file by file, in reading order:
//   main · call · cap · frame · space · table · env · slice · upcall · debug · gate · wait · revoke · smp · trace ·
//   check · print · io/prog · io/screen · first · io/pci
//
// Locks. A frame's descriptor carries its lock. A call that needs two frames takes the first, tries the second and, if
// it is held, lets go of the first and begins again; so nobody waits for a frame while holding another, with one
// exception: unmapping waits for the mapped frame while it holds the table, whose holder never waits for a table. A
// CPU's slices have a lock of their own, taken last. Whoever waits polls its own cross calls (cpu_relax).
#pragma once
#include "arch.h"
#include <exo/call.h>
#include <exo/trace.h>
#include <exo/types.h>
#include <exo/window.h>

#define RARELY(condition) __builtin_expect(!!(condition), 0) // keeps the counted way free of jumps

// --- call.c: number -> function. Who begins a call again goes here, by a jump. trace.c has a core_call around it.
#ifdef EXO_TRACE
int64_t call_dispatch(const uint64_t argument[EXO_CALL_WORDS], uint64_t number);
#else
#define call_dispatch core_call
#endif

// --- main.c: what exists and in which order it wakes up
extern const struct exo_boot *boot; // the handover, after main.c has checked it
extern struct exo_machine_window machine_window;
void boot_stage(unsigned stage, const char *what); // prints it and writes it into the window
bool boot_registers(const struct exo_boot *b, uint64_t physical, uint64_t size); // lie in one of its register windows

// --- cap.c: capabilities: names, rights, slots
struct env { // an environment: its env frame
  struct exo_env_window w;
  exo_frame uarea_frame[EXO_MAX_CPUS]; // the first of two
};
static_assert(sizeof(struct env) <= EXO_PAGE);
enum : uint64_t { CAP_RIGHTS = 0xFFFFFFFF }; // of a slot's rights word; its version lies above
// The rights that `slot` of `env` gives over `guard`: 0 if it is empty, out of range, or its name is no prefix. A slot
// is read without a lock while others may drop it or grant into it: its rights word is looked at before and after the
// rest.
static inline uint64_t cap_rights(const struct env *env, exo_slot slot, exo_name guard) {
  if (RARELY(slot >= EXO_SLOTS)) return 0;
  const struct exo_slot_window *s = &env->w.slot[slot];
  uint64_t rights = __atomic_load_n(&s->rights, __ATOMIC_ACQUIRE);
  exo_name name = __atomic_load_n(&s->name, __ATOMIC_RELAXED);
  exo_word mask = __atomic_load_n(&s->mask, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_ACQUIRE); // all of it before the second look
  if (RARELY(__atomic_load_n(&s->rights, __ATOMIC_RELAXED) != rights)) return 0;
  if (RARELY((guard ^ name) & mask)) return 0;
  // Of two names that agree in all bits of the one, the longer is the greater number: a bit beyond or the length
  // itself.
  if (RARELY(guard < name)) return 0;
  return rights & CAP_RIGHTS;
}
// The one check: does `slot` of `env` hold a prefix of `guard`, with `rights`?
exo_result cap_check(const struct env *env, exo_slot slot, exo_name guard, uint64_t rights);
// May `slot` of `env` give out the longer name `name`?
exo_result cap_extends(const struct env *env, exo_slot slot, exo_name name);

// --- frame.c: physical frames: kind, guard, account, counts
static inline struct exo_frame_desc *frame_table(void) { return (struct exo_frame_desc *)EXO_FRAME_TABLE_BASE; }
static inline exo_frame frame_number(const struct exo_frame_desc *d) { return (exo_frame)(d - frame_table()); }
static inline void *frame_memory(exo_frame n) { return direct(n << EXO_PAGE_BITS); }
void frame_init(void); // descriptors from boot's ranges
// The descriptor of a frame; nullptr: there is none.
static inline struct exo_frame_desc *frame_at(exo_frame n) {
  if (n >= machine_window.frame_count) return nullptr;
  struct exo_frame_desc *d = &frame_table()[n];
  return exo_state_kind(__atomic_load_n(&d->state, __ATOMIC_RELAXED)) == EXO_KIND_ABSENT ? nullptr : d;
}
// The state of a frame that the caller has locked: whoever else wants it touches its lock bit meanwhile.
static inline uint64_t frame_state(const struct exo_frame_desc *d) {
  return __atomic_load_n(&d->state, __ATOMIC_RELAXED) & ~EXO_STATE_LOCK;
}
// Where no lock is held.
static inline exo_name guard_of(const struct exo_frame_desc *d) { return __atomic_load_n(&d->guard, __ATOMIC_RELAXED); }
static inline uint64_t state_of(const struct exo_frame_desc *d) { // without the lock
  return __atomic_load_n(&d->state, __ATOMIC_RELAXED) & ~EXO_STATE_LOCK;
}
static inline bool frame_try_lock(struct exo_frame_desc *d, uint64_t *state) {
  if (__atomic_fetch_or(&d->state, EXO_STATE_LOCK, __ATOMIC_ACQUIRE) & EXO_STATE_LOCK) return false;
  *state = frame_state(d);
  return true;
}
static inline void frame_unlock(struct exo_frame_desc *d, uint64_t state) {
  __atomic_store_n(&d->state, state, __ATOMIC_RELEASE);
}
[[gnu::cold]] uint64_t frame_lock_wait(struct exo_frame_desc *d);
static inline uint64_t frame_lock(struct exo_frame_desc *d) { // returns the state without the lock bit
  uint64_t state;
  return frame_try_lock(d, &state) ? state : frame_lock_wait(d);
}
static inline struct env *env_self(void); // the running environment
// A frame found, locked and checked for the running environment: how every counted call begins. In line and without a
// wait: what is asked and answered stays in registers, and whatever goes wrong is a jump to claim_refused.
struct claim {
  exo_slot slot;
  exo_frame frame;
  uint64_t rights;             // at least one
  struct exo_frame_desc *desc; // answers: the descriptor, locked,
  uint64_t state;              // its state,
  uint64_t held;               // and all rights that the slot gives over it
};
[[gnu::always_inline]] static inline bool claim_lock(struct claim *c) { // false: return CLAIM_REFUSED
  struct exo_frame_desc *d = frame_at(c->frame);
  c->desc = nullptr;
  if (RARELY(!d)) return false;
  if (RARELY(!frame_try_lock(d, &c->state))) return false;
  c->desc = d;
  c->held = cap_rights(env_self(), c->slot, d->guard);
  return !RARELY(c->rights & ~c->held);
}
// Unlocks, with `change` added to the state.
static inline void claim_release(const struct claim *c, uint64_t change) {
  uint64_t state = __atomic_load_n(&c->desc->state, __ATOMIC_RELAXED);
  __atomic_store_n(&c->desc->state, state + change - EXO_STATE_LOCK, __ATOMIC_RELEASE);
}
// Says why a claim failed; if only the lock was held, makes the whole call again, which has changed nothing yet.
#define CLAIM_REFUSED(c, a, name) claim_refused((c).slot, (c).frame, (c).desc, (c).rights, a, EXO_CALL_##name)
[[gnu::cold]] exo_result claim_refused(exo_slot slot, exo_frame frame, struct exo_frame_desc *d, uint64_t rights,
                                       const void *argument, uint64_t number);
// The same out of line and with a wait, where nobody counts. On a result below 0 nothing is locked.
exo_result frame_claim(exo_slot slot, exo_frame n, uint64_t rights, struct exo_frame_desc **d, uint64_t *state);
static inline bool state_idle(uint64_t s) { return (s & (EXO_STATE_MAPS | EXO_STATE_PINS)) == 0; }
static inline void frame_clear(exo_frame n) { arch_frame_clear(frame_memory(n)); }
// Adds frames to an account. False: the ceiling refuses. Who charges and who lowers the ceiling write first and look at
// the other's word then: one of the two sees the other.
static inline bool account_charge(struct env *env, uint64_t frames) {
  uint64_t used = __atomic_fetch_add(&env->w.used, frames, __ATOMIC_SEQ_CST) + frames;
  if (used <= __atomic_load_n(&env->w.ceiling, __ATOMIC_SEQ_CST)) return true;
  __atomic_fetch_sub(&env->w.used, frames, __ATOMIC_SEQ_CST);
  return false;
}
// Takes frames from a ceiling. False: it has not so many, or uses them.
bool account_lower(struct env *env, uint64_t frames);
// A locked USER frame that is idle becomes nobody's.
void frame_free(struct exo_frame_desc *d);

// --- space.c: what leaf tables hold; table.c: tables
enum { ENTRIES = 512, USER_ENTRIES = 256 }; // a root's entries above USER_ENTRIES are the kernel's
enum : uint64_t { ONE_MAP = 1ull << EXO_STATE_MAPS_SHIFT, ONE_PIN = 1ull << EXO_STATE_PINS_SHIFT };
static inline pte_t *table_entries(const struct exo_frame_desc *d) { return frame_memory(frame_number(d)); }
static inline pte_t entry_get(const pte_t *e) { return __atomic_load_n(e, __ATOMIC_RELAXED); } // walkers change it, too
static inline bool is_leaf_table(uint64_t state) { // one whose entries are in force, and may be changed
  return (state & (EXO_STATE_KIND | EXO_STATE_LEVEL | EXO_STATE_JOINED)) == EXO_KIND_TABLE;
}
// Makes of a joined leaf table, which is locked, an ordinary one. False: its parent is held: let go and try again.
bool table_split(struct exo_frame_desc *d);
// They forget everything of a root; the caller's own has been told entry by entry. Returns `result`, so that a call can
// end so.
[[gnu::cold]] exo_result shoot_down(uint64_t cpus, exo_result result);
void space_check_kernel(void);   // panics unless the kernel's own map is as promised
void space_load(exo_frame root); // on this CPU; 0: the kernel's own
// Removes entry `index` of a leaf table if it maps `frame`, whoever's it is; no CPU uses it afterwards. Nothing is
// locked.
void space_evict(exo_frame table, uint64_t index, exo_frame frame);

// --- env.c: environments
enum ready : uint64_t { ENV_STOPPED = 0, ENV_READY = 1, ENV_ASLEEP = 2 };
struct env_cpu {          // an environment's private state on one CPU: an ENV_CPU frame
  _Atomic uint64_t ready; // enum ready
  uint64_t deadline_ns;   // when asleep
  struct env *env;
  struct exo_uarea *uarea;
  exo_env gate_callee, gate_caller; // who owes this one a reply, and to whom it owes one
  bool gate_waits;                  // it may be entered at its reply door
  bool armed;                       // asleep until its predicate is true, too
  uint8_t points;                   // of its debug points, those that are set
  uint32_t words, ops;              // of the predicate
  struct exo_predicate predicate;   // the kernel's own copy, verified
  struct arch_debug debug;
  uint64_t thread[ARCH_THREAD_WORDS];
  _Alignas(ARCH_FP_ALIGN) uint8_t fp[ARCH_FP_SIZE];
};
static inline exo_frame env_frame(exo_env number) { return number & ((1ull << 40) - 1); }
// A number, being a result, is never below 0: 23 bits. An env frame whose environment has ended has no number at all.
enum : uint32_t { GENERATION_MASK = 0x7FFFFF, GENERATION_ENDED = 1u << 31 };
static inline bool env_alive(const struct env *env) { return __atomic_load_n(&env->w.alive, __ATOMIC_SEQ_CST); }
static inline struct env *env_at(exo_env number) { // nullptr: no such environment (any more)
  const struct exo_frame_desc *d = frame_at(env_frame(number));
  if (!d || exo_state_kind(__atomic_load_n(&d->state, __ATOMIC_ACQUIRE)) != EXO_KIND_ENV) return nullptr;
  return __atomic_load_n(&d->generation, __ATOMIC_RELAXED) == number >> 40 ? frame_memory(env_frame(number)) : nullptr;
}
// Locks the env frame of `number` (0: the caller); nullptr if there is none. Writers of its slots and CPUs hold this
// lock.
struct env *env_lock(exo_env number, struct exo_frame_desc **d, uint64_t *state);
// Locks an environment that the slot may manage; on a result below 0 nothing is locked.
exo_result env_claim(exo_slot slot, exo_env number, struct env **env, struct claim *c);
static inline struct env_cpu *env_on(const struct env *env, unsigned cpu) { // nullptr: not there
  if (cpu >= EXO_MAX_CPUS || !(__atomic_load_n(&env->w.cpus, __ATOMIC_ACQUIRE) >> cpu & 1)) return nullptr;
  return frame_memory(env->w.state_frame[cpu]);
}
void env_tell(const struct env *env, uint64_t bits); // sets events on all its CPUs; its env frame is locked
void env_end(struct env *env, uint64_t cause, uint64_t address, const struct arch_frame *f, exo_env by);

static_assert(sizeof(struct env_cpu) <= EXO_PAGE);

// --- slice.c: processor time as a vector of slices
enum { SLICE_MIN_NS = 50'000, SLICE_MAX_NS = 1'000'000'000, SLICE_GRACE_NS = 100'000 };
struct slice {
  exo_env env; // 0: nobody's
  exo_name guard;
  uint64_t length_ns;
  uint64_t debt_ns; // overstay not yet paid
};
enum : uint8_t { LIVE_FP = 1, LIVE_DEBUG = 2 };
struct cpu {
  struct arch_cpu arch;
  unsigned index;
  bool started, grace, lent;
  uint8_t live;      // LIVE_*: what of the registers is another program's business when that comes
  uint64_t bits;     // this CPU's in a root's home: "has it loaded" and "remembers it"
  struct env *env;   // running here; nullptr: idle
  struct env *probe; // looked at by the picker: env_end waits for this as for `env`
  struct env_cpu *env_cpu;
  exo_frame root;                          // loaded
  _Atomic uint64_t cross_want, cross_done; // cross calls asked for and answered
  uint32_t slice_lock, eager;              // eager: the set of eager slices
  unsigned slice_now, lend_cursor;
  unsigned looks; // predicates that the picker may still look at before it must come to a choice
  uint64_t slice_end_ns, slice_begun_ns, grace_end_ns;
  uint64_t ticks;
  struct slice slice[EXO_SLICES];
  exo_frame remembered[ARCH_ASIDS]; // by address-space identifier: the root whose translations may still be here
  uint32_t gone[EXO_RANGE_MAX];     // frames that the unmapping at hand has found, until they are counted down
};
static_assert(sizeof(struct cpu) <= 0x2000 && offsetof(struct cpu, index) == CPU_CORE);
static inline struct cpu *cpu_at(unsigned i) {
  return (struct cpu *)(EXO_PERCPU_BASE + i * EXO_PERCPU_STRIDE + EXO_PERCPU_RECORD);
}
static inline struct env *env_self(void) { return arch_self()->env; }
// After an edit of a root's tables: the other CPUs that must forget now, since they have it loaded. Those that remember
// it from earlier are noted down to forget it before they load it again.
uint64_t forget_later(exo_frame root, uint64_t own);
static inline uint64_t loaded_elsewhere(exo_frame root) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST); // the edits come before the look at who may have loaded the root
  uint64_t own = arch_self()->root == root ? arch_self()->bits : 0;
  uint64_t others = __atomic_load_n(&frame_table()[root].home, __ATOMIC_SEQ_CST) & ~own;
  return RARELY(others) ? forget_later(root, own) : 0;
}
// An environment that is alive, and can not come to its end before this CPU's probe lets go of it: by switching to it,
// by the next probe, or by probe_end. nullptr: there is none of that number. (What lies at the frame is looked at only
// when it is known to be an env frame.)
static inline struct env *env_probe(struct cpu *cpu, exo_env number) {
  struct env *env = frame_memory(env_frame(number));
  __atomic_store_n(&cpu->probe, env, __ATOMIC_SEQ_CST);
  return env_at(number) && env_alive(env) ? env : nullptr;
}
static inline void probe_end(struct cpu *cpu) { __atomic_store_n(&cpu->probe, nullptr, __ATOMIC_RELEASE); }
[[noreturn]] void slice_next(void); // the running environment gives the CPU up: who is next?
// The rest of the slice goes to a probed presence: what runs here is kept, the other's registers are next.
void slice_pass(struct cpu *cpu, struct env_cpu *to);
[[noreturn]] void slice_sleep(struct cpu *cpu, exo_env to); // the running environment is asleep, or will soon be ready
void slice_leave(void); // takes the running environment off this CPU; it stays ready or asleep
// Makes nobody's a slice of that environment; false: it is not.
bool slice_take(unsigned index, uint64_t position, exo_env from);
void slice_forget(const struct env *env);         // its slices on all CPUs belong to nobody
void slice_init(struct cpu *cpu, unsigned index); // a CPU that nobody owns a part of
void slice_preempt(struct arch_frame *f);         // ends the running slice: asks the library first, then forces
bool slice_over(struct cpu *cpu);                 // its time is over, or lent and wanted back

// --- upcall.c: a fault arrives, a library is entered at one of its doors
void upcall_run(struct cpu *cpu); // continues the environment that was just switched in; returns if that ends it
void upcall_event(struct env_cpu *ec, unsigned cpu, uint64_t bits); // sets pending bits, wakes, kicks
void upcall_poll(struct arch_frame *f);                             // delivers what is pending, or comes back soon
bool upcall_deliver(struct arch_frame *f); // if its event door is open: *f becomes the entry of the door

static inline bool door_open(uint64_t pc) { return pc - 1 < ARCH_USER_LIMIT - 1; } // 0 is no door

// --- debug.c: debug points and single steps
void debug_load(struct cpu *cpu); // the points of what runs here

// --- gate.c: protected control transfer
void gate_end(const struct env_cpu *ec, unsigned cpu); // its environment has ended: who waits for its reply hears of it

// --- wait.c: predicates
// Is it true by now? EXO_WAIT_TRUE or _LOST; 0: not yet. For the CPU the presence is on.
exo_result wait_look(const struct env_cpu *ec);

// --- revoke.c: asking back, and taking
void slice_given(exo_env number);                              // it has one slice less: as was asked, perhaps
void taken_note(exo_env number, uint64_t what, uint64_t name); // into its vector, and tells it

// --- smp.c: other processors
void smp_start(void);
void smp_kick(unsigned cpu);        // asks for a cross call
void smp_cross(unsigned cpu);       // asks for a cross call and waits until it is answered
[[gnu::cold]] void cpu_relax(void); // one turn of any waiting loop: answers cross calls

// --- trace.c: what happened when (docs/trace.md). In the ordinary kernel nothing is left of it: the tracing one is the
// same sources built with EXO_TRACE, and entry.S takes the way through C there wherever it has a shorter one.
#ifdef EXO_TRACE
void trace_init(void);   // the rings, and where they lie on the results port
void trace_window(void); // programs may read them
void trace(enum exo_trace_kind kind, uint64_t number, uint64_t a, uint64_t b);
#define TRACE(kind, number, a, b) trace(EXO_TRACE_##kind, number, a, b)
#else
static inline void trace_init(void) {}
static inline void trace_window(void) {}
#define TRACE(kind, number, a, b) ((void)sizeof((number) + (a) + (b))) // not evaluated
#endif
// Appends to a ring, whose CPU is the one writer. A reader that sees a word of a record sees all counts before it.
static inline void trace_put(struct exo_trace_ring *ring, const struct exo_trace *record) {
  uint64_t n = ring->written;
  const uint64_t *from = (const uint64_t *)record;
  uint64_t *to = (uint64_t *)&ring->record[n % EXO_TRACE_RECORDS];
  __atomic_thread_fence(__ATOMIC_RELEASE);
  for (unsigned i = 0; i < sizeof *record / 8; i++) __atomic_store_n(&to[i], from[i], __ATOMIC_RELAXED);
  __atomic_store_n(&ring->written, n + 1, __ATOMIC_RELEASE);
}

// --- debug/check.c: what must always hold, looked at when a program asks by the call null (EXO_CHECK_WORD). In the
// ordinary kernel nothing is left of it.
extern struct check {
  uint64_t looking, wanted, standing; // a CPU looks; all others are to stand still; those that do
  unsigned line;                      // of check.c: what check_all found first,
  const char *what;
  exo_frame frame; // and what it was looking at
} check;
unsigned check_all(void); // 0: all holds. No CPU may be in the kernel, but for the one that looks
#ifdef EXO_CHECK
#define CHECK_ASKED(word) ((word) == EXO_CHECK_WORD)
exo_result check_call(void); // with all other CPUs standing still
void check_stand(void);      // on a CPU that has nothing half done: if all are to stand still, it does
#else
#define CHECK_ASKED(word) false
static inline exo_result check_call(void) { return EXO_NO_CALL; }
static inline void check_stand(void) {}
#endif

// --- print.c: console, panic
void print_init(void);
extern uint64_t __stack_chk_guard;
[[gnu::format(printf, 2, 3)]] void print_port(uint64_t port, const char *format, ...);
void serial_put(const struct exo_boot_serial *s, uint8_t byte);
int serial_get(const struct exo_boot_serial *s); // -1: nothing waits
#define CHECK(condition) ((condition) ? (void)0 : panic("%s:%d: %s", __FILE_NAME__, __LINE__, #condition))

// --- io/prog.c: the bytecode of prog.h
// EXO_OK, or EXO_PROG: not one of 1 to `limit` instructions that reads no more than `inputs` inputs, ends, and names no
// register that does not exist.
exo_result prog_verify(const struct exo_prog_op *ops, uint64_t count, uint64_t inputs, uint64_t limit);
// Runs a verified program. At most one step for each instruction; reads nothing but the inputs.
uint64_t prog_run(const struct exo_prog_op *ops, uint64_t count, const struct exo_prog_input *in, uint64_t inputs);

// --- io/screen.c: the console on a framebuffer
void screen_init(void);
void screen_put(char c);

// --- first.c: the first environment, from what the loader laid out
[[noreturn]] void first_run(void);
exo_frame first_window(const void *at, uint64_t frames); // of the kernel's data: programs may read them; the first
#define FIRST_UAREA ((1ull << (EXO_ADDRESS_BITS - 1)) - 0x1000000)

// --- io/pci.c: what devices there are; quiet until they have owners
unsigned pci_quiet(void); // takes bus mastering from every function but bridges; returns how many functions
bool pci_is_quiet(void);  // reads it back

// --- The calls
#define EXO_CALL(number, name, ...) exo_result sys_##name(const struct exo_##name *a);
#include <exo/call.def>
#undef EXO_CALL
