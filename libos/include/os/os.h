// os.h: what every program includes: who it is, calls, printing, memory, time, its end.
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <exo/trace.h>
#include <exo/window.h>
#include <os/call.h>

// The address map of every program. All of it lies under two entries of the root table.
#define OS_IMAGE 0x400000ull       // the program file
#define OS_STACK_START 0x210000ull // main stack of a child, grows on demand; the pages below stay unmapped
#define OS_STACK_TOP 0x3F0000ull
// The second entry of a root table, which the program's file and stack do not reach.
#define OS_CORE (1ull << (EXO_ADDRESS_BITS - 9)) // 2 MiB: the library's own pages, see mem.h
#define OS_HEAP (OS_CORE + 0x100000000)          // regions of the program, to OS_HEAP_END
#define OS_HEAP_END (OS_CORE + 0xF00000000)
#define OS_ARCHIVE (OS_CORE + 0x1000000000) // the boot archive, read-only, on demand
#define OS_FRAMES (OS_CORE + 0x2000000000)  // the frame table: descriptor of frame n at + 32 n

// The slots every program has from its start. A slot it was not given is empty.
enum : uint64_t {
  OS_SLOT_SELF = 0,    // its own name, all rights: frames, tables, children
  OS_SLOT_WINDOW = 1,  // read the kernel's tables
  OS_SLOT_OUT = 2,     // write to the console
  OS_SLOT_IN = 3,      // read from the console
  OS_SLOT_ARCHIVE = 4, // read and execute files of the boot archive
  OS_SLOT_SLICE = 5,   // assign slices
  OS_SLOT_FREE = 8,    // from here on: the program's own business
};

// Who this program is. Written once, at its start.
struct os_self {
  struct exo_uarea *uarea;
  exo_env env;
  exo_env parent; // 0: the first program
  exo_name name;  // guard of its frames; its children's names extend it
  exo_frame machine_frame;
  const struct exo_machine_window *machine;
  const struct exo_env_window *window; // its own env frame
  uint64_t cpu;
  uint64_t argc;
  char **argv;
  uint64_t ns_factor;         // nanoseconds a tick of the counter, times 2^32
  struct os_channel *channel; // lines for the parent; nullptr: none
  volatile uint64_t *shared;  // a page shared as the parent wished; nullptr: none
};
extern struct os_self os_self;

// --- Start and end
int main(int argc, char **argv);
// Ends the program with a status (0..255): its files and lines go to the parent first.
[[noreturn]] void os_exit(int status);
// Says why on the console, with a backtrace from `r` (may be nullptr), and ends the program with status 139.
[[noreturn]] void os_crash(const struct exo_record *r, const char *why);
// Called by os_exit before the end; the C-library layer hangs its own work here.
extern void (*os_exit_hook)(int status);

// --- Doors
// Sees each fault before the library does. True: dealt with, continue from the record. Runs on the fault stack and must
// not fault itself.
extern bool (*os_fault_hook)(struct exo_uarea *u, struct exo_record *r);
bool os_fault_traced(struct exo_uarea *u, struct exo_record *r); // serves it between two marks
// Sees each event (pending bits, already taken) after the library.
extern void (*os_event_hook)(uint64_t bits);
// Gives the CPU away until the next slice, or, with a deadline (nanoseconds since kernel entry), until an event or
// then. `to`: who gets the rest of this slice; 0: the next in turn.
void os_yield(exo_env to, uint64_t deadline_ns);
// A call after which others may run: what came of it.
enum os_switched : uint64_t {
  OS_RETURNED = 0, // it came back at once, with `result`
  OS_REPLIED = 1,  // a gate's reply: its words are in argument[0..3]
  OS_ENTERED = 2,  // others ran, and this program has the CPU again
};
struct os_switch {
  uint64_t number; // EXO_CALL_BASE + EXO_CALL_*
  uint64_t argument[6];
  enum os_switched how;
  exo_result result;
};
void os_switch(struct os_switch *s);

// --- Gates, messages, waits (exo/call.def)
// Opens this program's gate to whoever has EXEC over its guard. `serve` gets the caller's number and four words, which
// it makes the reply's. It runs on a stack of its own, events masked, wherever the program has given the CPU away.
void os_gate_open(void (*serve)(exo_env caller, uint64_t word[4]));
// Calls another environment's gate by a slot with EXEC; the words become the reply's. EXO_BUSY: it can not be entered
// now; EXO_NO_ENV: it does not exist, or ended meanwhile; EXO_EMPTY: no reply before the deadline (ns since kernel
// entry, 0: none), looked at whenever this program has the CPU.
exo_result os_gate(exo_slot slot, exo_env env, uint64_t word[4], uint64_t deadline_ns);
// Sleeps until the predicate is true (words, ops: as for predicate_set, both may be 0), an event comes or the deadline
// passes. EXO_WAIT_*; EXO_WAIT_EVENT whenever it has slept.
exo_result os_wait(const struct exo_predicate *p, unsigned words, unsigned ops, uint64_t deadline_ns);

// How many events of kind EXO_EVENT_OBITUARY have arrived.
extern volatile uint64_t os_obituaries;
// In arch/<machine>/user/doors.S.
void os_fault_door(void);
void os_event_door(void);
void os_gate_door(void), os_reply_door(void);
extern const char os_fault_resume_start[], os_fault_resume_end[];

// --- Time: the counter, read without a trap
uint64_t os_now_ns(void);            // since kernel entry
void os_sleep_until(uint64_t at_ns); // yields until the clock has passed it
uint64_t os_wall_seconds(void);      // since 1970: the newest file of the archive + the time since kernel entry

// --- Traces (docs/trace.md): marks beside the kernel's own events, where the kernel is one that traces.
void os_trace(enum exo_mark what, uint64_t payload); // payload: of exo_mark_letters("name"), or a number
void os_trace_program(void);                         // this program's name

// --- Printing. A small printf: %s %c %d %u %x %lx %lu %ld %llx %p %%, width, 0 and - flags, precision of %s.
[[gnu::format(printf, 1, 2)]] void os_print(const char *format, ...);
[[gnu::format(printf, 3, 4)]] size_t os_format(char *to, size_t size, const char *format, ...);
size_t os_vformat(char *to, size_t size, const char *format, va_list list);
// Writes bytes to the console. Returns how many went out, or a result below 0.
exo_result os_console_write(const void *bytes, size_t size);
// Writes bytes to any port by any slot.
exo_result os_port_write(exo_slot slot, uint64_t port, const void *bytes, size_t size);
// One byte of console input, or a result below 0 (EXO_EMPTY: none waits).
exo_result os_console_read(void);
const char *os_result_text(exo_result r); // the sentence of types.h
const char *os_cause_text(uint64_t cause);

// --- Memory of the library (page-granular regions: mem.h). nullptr: the ceiling or the machine refuses.
void *os_alloc(size_t size); // zeroed, 16-byte aligned
void *os_realloc(void *memory, size_t size);
void os_free(void *memory);

// --- Strings
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
uint64_t os_number(const char *text, uint64_t otherwise); // decimal or 0x...; `otherwise` if it is none

// A small generator of numbers for tests and demos: same seed, same numbers (xorshift64*).
static inline uint64_t os_random(uint64_t *state) {
  uint64_t x = *state;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  *state = x;
  return x * 0x2545F4914F6CDD1Dull;
}
