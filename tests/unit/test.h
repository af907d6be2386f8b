// test.h: what every unit test includes: checks, the list of tests, the machine they run on.
#pragma once
#include "core.h"
#include "fake.h"
#include <stdio.h>
#undef CHECK // the core's own ends the machine

struct test {
  const char *name;
  void (*run)(void);
};
extern const struct test cap_tests[], frame_tests[], space_tests[], env_tests[], slice_tests[], upcall_tests[];
extern const struct test lend_tests[], asm_tests[], debug_tests[], gate_tests[], revoke_tests[], call_tests[],
    smp_tests[], boot_tests[], screen_tests[], trace_tests[], prog_tests[], check_tests[], random_tests[];

// --- main.c
extern uint64_t test_steps; // of the random test

// --- random.c
uint64_t test_random(uint64_t below);
void test_random_from(uint64_t seed);

// --- report.c
extern uint64_t test_seed;             // printed
void test_seed_from(const char *word); // 0: the time's
extern const char *test_running;
[[noreturn]] void test_fail(const char *file, int line, const char *what, int64_t got, int64_t want);
#define CHECK(condition) ((condition) ? (void)0 : test_fail(__FILE_NAME__, __LINE__, #condition, 0, 1))
#define EQ(got, want)                                                                                                  \
  do {                                                                                                                 \
    int64_t eq_got = (int64_t)(got), eq_want = (int64_t)(want);                                                        \
    if (eq_got != eq_want) test_fail(__FILE_NAME__, __LINE__, #got " == " #want, eq_got, eq_want);                     \
  } while (0)

// --- prog_second.c: what prog_run says of a verified program
uint64_t prog_second(const struct exo_prog_op *op, uint64_t count, const struct exo_prog_input *in);
struct exo_prog_op prog_draw(uint64_t left); // an instruction, `left` of which are to follow
void prog_print(const struct exo_prog_op *op, uint64_t count, char *out, size_t room);

// --- invariants.c
void invariants(void);
uint64_t machine_digest(void); // of all that a failing call must leave as it is

// --- errors.c: the errors that each call may have
extern bool errors_by_hand; // what machine_call calls counts as well
void errors_note(uint64_t number, int64_t result);
uint64_t errors_count(bool failed); // calls noted that failed, or did not
unsigned errors_missing(void);      // prints those that were never seen

// --- draw.c: what a hostile program does next
void draw_call(unsigned cpu);                                        // to be posted
void draw_note(const struct fake_cpu *c, const struct exo_uarea *u); // what became of it
void draw_lie(unsigned cpu);
void draw_touch(unsigned cpu);
bool draw_may_fault(unsigned cpu);

// --- machine.c: 160 frames, 4 CPUs, the first environment running on CPU 0
enum { FRAMES = 256, CPUS = 4, RAM_END = 192 };
enum { SCREEN = 0x101000, SCREEN_BYTES = 0x20000 }; // behind the device registers
enum : int64_t { AWAY = INT64_MIN };                // the call did not come back to its caller
enum : uint64_t {
  TEXT = 0x400000,
  DATA = 0x600000,
  STACK_TOP = 0x602000,
  CHILD_UAREA = 0x10000000, // page 2 * cpu of the leaf table there
  FAULT_DOOR = 0x401000,
  EVENT_DOOR = 0x402000,
  FAULT_STACK = 0x1001000,
  EVENT_STACK = 0x1002000,
};

struct child { // an environment made by the first one
  exo_env number;
  exo_name guard;
  exo_frame env, root, upper, middle, leaf; // the leaf table translates CHILD_UAREA and 2 MiB from there
  exo_frame state[CPUS], uarea[CPUS];
};

extern unsigned machine_cpus;           // that boot: all of CPUS, unless set before
void machine_build(struct exo_boot *b); // RAM, tables, a handover, power on
void machine_start(void);               // all of it, and the first environment in user mode
int64_t machine_call(unsigned cpu, uint64_t number, const void *argument, size_t size);
void machine_refuse(const char *file, int line, int64_t want, unsigned cpu, uint64_t number, const void *a,
                    size_t size);
void machine_fault(unsigned cpu, uint64_t cause, uint64_t address);
void machine_fp(unsigned cpu);
void machine_pass(uint64_t ns);
// A call made by the program that runs on `cpu`.
#define CALL(cpu, name, ...)                                                                                           \
  machine_call(cpu, EXO_CALL_##name, &(struct exo_##name){__VA_ARGS__}, sizeof(struct exo_##name))
// The same, which must fail with `want` and change nothing.
#define REFUSE(want, cpu, name, ...)                                                                                   \
  machine_refuse(__FILE_NAME__, __LINE__, want, cpu, EXO_CALL_##name, &(struct exo_##name){__VA_ARGS__},               \
                 sizeof(struct exo_##name))

void batch_set(unsigned cpu, unsigned i, uint64_t number, const void *argument, size_t size); // entry i of its u-area
#define BATCH(cpu, i, name, ...)                                                                                       \
  batch_set(cpu, i, EXO_CALL_##name, &(struct exo_##name){__VA_ARGS__}, sizeof(struct exo_##name))
// Posts a call and leaves it to fake_run.
#define POST(cpu, name, ...)                                                                                           \
  machine_post(cpu, EXO_CALL_##name, &(struct exo_##name){__VA_ARGS__}, sizeof(struct exo_##name))
void machine_post(unsigned cpu, uint64_t number, const void *argument, size_t size);

static inline exo_name test_guard(uint64_t id) { return EXO_NAME((0x8000ull | id) << 48, 16); }
exo_frame frame_free_at(exo_frame from); // the first free frame from there on
exo_frame frame_new(exo_name guard);     // the first environment takes one
void child_make(struct child *c, uint64_t id,
                unsigned cpus); // cpus: bits; it holds its own guard in slot 0, with all rights
void child_run(struct child *c, unsigned cpu, uint64_t index, uint64_t length_ns); // gives it a slice and starts it
void child_runs_at(struct child *c, uint64_t index, uint64_t length_ns);
struct exo_uarea *uarea_of(exo_env env, unsigned cpu);
exo_env runs_on(unsigned cpu); // 0: idle
static inline exo_env first(void) { return boot->spare_frame | 1ull << 40; }
static inline struct exo_frame_desc *desc(exo_frame n) { return &frame_table()[n]; }
static inline uint64_t kind_of(exo_frame n) { return exo_state_kind(desc(n)->state); }
