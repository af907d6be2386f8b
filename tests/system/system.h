// system.h: the tests that run on the machine itself, each a promise of the contract. One program holds them all, and
// the roles that its children play: "systest" runs every test, "systest PREFIX..." those whose names begin so, "systest
// child ROLE WORD..." plays a role.
#pragma once
#include <os/env.h>
#include <os/mem.h>

// --- What a test says. A test goes on after a failure; the first one is what its line tells.
void expect_true(bool ok, const char *what, const char *file, int line);
void expect_same(uint64_t is, uint64_t wanted, const char *what, const char *file, int line);
#define EXPECT(condition) expect_true((condition), #condition, __FILE_NAME__, __LINE__)
#define EXPECT_IS(is, wanted) expect_same((uint64_t)(is), (uint64_t)(wanted), #is, __FILE_NAME__, __LINE__)
[[gnu::format(printf, 1, 2)]] void note(const char *format, ...); // one sentence for the line of a test that passes
// Asks the kernel for its invariants, and expects them to hold. Nothing where it does not check itself (docs/debug.md).
void machine_look(void);
uint64_t machine_looks(void); // how often they held
uint64_t failures(void);      // of the running test

struct test {
  const char *name;
  void (*run)(void);
};
bool test_run(const struct test *t); // runs it and says how it went; false: it failed
struct role {
  const char *name;
  int (*play)(int argc, char **argv); // the words behind the role's name
};
extern const struct test calls_tests[], faults_tests[], memory_tests[], fp_tests[], debug_tests[], step_tests[],
    watch_tests[], time_tests[], sharing_tests[], kill_tests[], table_tests[],
    hostile_tests[]; // each ends with a nameless one
extern const struct role faults_roles[], memory_roles[], fp_roles[], debug_roles[], step_roles[], time_roles[],
    sharing_roles[], gate_roles[], revoke_roles[], hostile_roles[], private_roles[];

// --- Faults of our own (fault.c): the next ones are noted and the program goes on elsewhere.
struct seen {
  uint64_t count, cause, address, masked;
  struct arch_frame regs;
};
extern volatile struct seen seen;
extern void (*volatile seen_twist)(struct arch_frame *f); // changes the first record, which is then resumed by the call
void seen_begin(uint64_t (*continue_at)(void));           // nullptr: probe_fault. Until seen_end
void seen_end(void);

// --- Frames, slots, places
exo_name sub(uint64_t n);    // a name below our own that no child has; n < 128
exo_frame frame_new(void);   // zeroed, ours
exo_frame frame_pair(void);  // two consecutive ones
void frame_end(exo_frame f); // given back: must succeed
uint64_t frame_kind(exo_frame f);
uint64_t frame_account(void); // all frames free in the machine + ours: equal before and after a test
void slot_set(exo_slot index, exo_name name, uint64_t rights); // for ourselves
void slot_end(exo_slot index);
// Calls `f` with slots that must not do: empty, beyond the last, of another name, without the right.
void refuses(exo_result (*f)(exo_slot slot), uint64_t right, exo_result other_name);
#define PLACE (OS_CORE + 0x3000000000) // addresses of the tests' own: nothing of the library's is there
exo_frame place_table(void);           // the leaf table of PLACE
exo_result place_map(uint64_t index, exo_frame f, uint64_t prot);
uint64_t place_unmap(uint64_t index, uint64_t count);
static inline volatile uint64_t *place(uint64_t index) { return (volatile uint64_t *)(PLACE + index * EXO_PAGE); }

// --- Children in a role
enum { KID_WORDS = EXO_PAGE / 8, KID_CEILING = 1024 };
struct kid {
  struct os_child child;
  exo_frame frame;
  volatile uint64_t *shared; // KID_WORDS, zero at the start; the child sees it at os_self.shared
};
struct kid_how {
  uint64_t cpu, slice, slice_ns, give, ceiling;
};
bool kid_start(struct kid *k, struct kid_how how, const char *role, uint64_t a, uint64_t b);
bool kid_wait(struct kid *k, uint64_t limit_ns);                                 // until it has ended
bool kid_until(struct kid *k, uint64_t word, uint64_t value, uint64_t limit_ns); // until shared[word] is at least that
void kid_end(struct kid *k); // stops it if need be and takes everything back
uint64_t second_cpu(void);   // 1, or 0 on a machine with one
#define MS(n) ((n) * 1'000'000ull)

// --- Threads: this environment on another CPU (thread.c). They use no library: calls and memory only.
struct thread {
  exo_frame state, pair;
  struct exo_uarea *u;
  uint64_t cpu;
  volatile uint64_t faults, cause, address;
};
bool thread_start(struct thread *t, uint64_t cpu, void (*body)(void *), void *argument);
