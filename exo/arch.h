// arch.h: the seam. What a machine gives to the core, and the doors by which it may enter the core.
// A machine's files include this header and the contract, never core.h.
#pragma once
#include <arch/frame.h>
#include <exo/boot.h>
#include <exo/uarea.h>

// --- One CPU's record. It lies in the CPU's area (boot.h) and begins with what entry.S needs, at these offsets.
#define CPU_SELF 0
#define CPU_UAREA 8       // direct-map address of the running environment's u-area; 0 while idle
#define CPU_STACK 16      // top of this CPU's main stack
#define CPU_SCRATCH 24    // four words for entry.S
#define CPU_USER_LIMIT 56 // first address that is not a program's
#define CPU_MACHINE 64    // the machine's own bytes
#define CPU_MACHINE_SIZE 1024
#define CPU_CORE (CPU_MACHINE + CPU_MACHINE_SIZE) // the core's part follows

// User addresses end one page below the half, so that the pc behind a system call is always a user address or refused.
#define ARCH_USER_LIMIT ((EXO_U64(1) << (EXO_ADDRESS_BITS - 1)) - EXO_U64(0x1000))

// In entry.S: instructions of the tracing kernel only, which takes the way through C, and of the ordinary one only.
#ifdef EXO_TRACE
#define TRACED(...) __VA_ARGS__
#define UNTRACED(...)
#else
#define TRACED(...)
#define UNTRACED(...) __VA_ARGS__
#endif

#ifndef __ASSEMBLER__
#include <arch/cpu.h>
#include <arch/pte.h>

// Exit classes of the machine's exit device.
enum arch_exit : uint32_t { ARCH_EXIT_CLEAN = 0x10, ARCH_EXIT_PANIC = 0x11 };

struct cpu;

// The head of struct cpu, as the machine sees it.
struct arch_cpu {
  struct arch_cpu *self;
  struct exo_uarea *uarea;
  uint64_t stack;
  uint64_t scratch[4];
  uint64_t user_limit;
  _Alignas(64) uint8_t machine[CPU_MACHINE_SIZE];
};
static_assert(offsetof(struct arch_cpu, uarea) == CPU_UAREA && offsetof(struct arch_cpu, stack) == CPU_STACK);
static_assert(offsetof(struct arch_cpu, scratch) == CPU_SCRATCH && offsetof(struct arch_cpu, machine) == CPU_MACHINE);
static_assert(offsetof(struct arch_cpu, user_limit) == CPU_USER_LIMIT && sizeof(struct arch_cpu) == CPU_CORE);

// A presence's debug points (debug_set), checked: user addresses, and a control word for each, 0: none.
enum { DEBUG_POINTS_MAX = 4 };
struct arch_debug {
  uint64_t address[DEBUG_POINTS_MAX], control[DEBUG_POINTS_MAX];
};
static_assert(ARCH_DEBUG_POINTS <= DEBUG_POINTS_MAX);

// Floating-point registers and the thread words of an environment that is not running (in its ENV_CPU frame).
enum { ARCH_FP_SIZE = 1024, ARCH_THREAD_WORDS = 4, ARCH_FP_ALIGN = 64 };

// --- Given by the machine
// ---------------------------------------------------------------------------------------------

// Wakes this CPU's privileged modes, traps, interrupt controller and timer (interrupts stay off). `index` of boot's
// list. Panics with a clear line where the CPU lacks something Veridian needs.
void arch_cpu_init(const struct exo_boot *boot, unsigned index);
// Starts CPU `index`: it enters the kernel at entry.S, which calls core_secondary(index) on its own stack. False:
// refused.
bool arch_cpu_start(const struct exo_boot *boot, unsigned index);
// Continues a program with exactly these registers (privileged state composed by the machine), from the top of this
// CPU's stack. The frame lies in memory of the kernel's own.
[[noreturn]] void arch_enter(const struct arch_frame *f);
// Enters a program at `pc`, a user address, with six words where a call's arguments go, all other registers zero, and
// no flag set: the short way to a door.
[[noreturn]] void arch_enter_words(uint64_t pc, uint64_t sp, const uint64_t words[6]);
// Waits until an interrupt is pending, takes it through core_tick, core_cross or core_interrupt with frame nullptr,
// and returns with interrupts off.
void arch_idle(void);
// True while an interrupt waits to be taken (for long calls).
bool arch_interrupt_pending(void);
// Ends the machine with a class, or hangs quietly where it can not.
[[noreturn]] void arch_power_off(enum arch_exit exit);
[[noreturn]] void arch_halt(void);
// Sends the cross call to another CPU (it calls core_cross there).
void arch_cross_send(unsigned index);

// Clock: nanoseconds since kernel entry; one-shot timer of this CPU at an absolute time (core_tick). ~0: none.
uint64_t arch_now_ns(void);
void arch_timer_set(uint64_t at_ns);
uint64_t arch_clock_hz(void);
uint64_t arch_clock_zero(void); // counter value at kernel entry

// Page tables. `root` is physical; the kernel's half of a new root is filled by arch_root_init (table is in the direct
// map).
void arch_root_init(pte_t *table);
// What this CPU remembers is told apart by `asid`, 1 to ARCH_ASIDS, 0 for a root without user pages; `fresh`: what it
// remembers under this one is forgotten first. A machine without identifiers forgets each time.
void arch_root_load(uint64_t root, uint64_t asid, bool fresh);
// In arch/cpu.h, since they are an instruction or two on paths that are counted:
//   void arch_frame_clear(void *frame) fills the 4 KiB with zeros
//   void arch_table_fence(void)        after making entries valid: this CPU's walks see them
//   void arch_flush_page(uint64_t va)  forget one translation of the current space on this CPU
//   void arch_flush_all(void)          forget all of the current space on this CPU
//   void arch_code_fence(void)         after executable content may have changed: this CPU refetches
//   void arch_pause(void)              a spinning CPU's pause
//   struct cpu *arch_self(void)        this CPU's record
// What programs use as well: arch_call(number, words) the trap instruction, arch_counter() the clock's counter, and the
// words of a frame by name: arch_frame_pc(f), arch_frame_sp(f), arch_frame_argument(f, i), arch_frame_fp(f); and
// arch_frame_step(f, on), which asks for a step in a record: false: this machine has none.

// Floating point: off traps on first use (core_fp). Save stores all registers and clears them.
void arch_fp_save(void *area);
void arch_fp_load(const void *area); // turns the unit on
void arch_fp_off(void);
// The registers beside struct arch_frame that belong to a program (x86_64 fs and gs base, AArch64 TPIDR_EL0).
void arch_thread_save(uint64_t words[ARCH_THREAD_WORDS]);
void arch_thread_load(const uint64_t words[ARCH_THREAD_WORDS], uint64_t uarea_va);

// Debugging. Loads these points; nullptr: none, and no step any more. They never hit in kernel mode.
void arch_debug_load(const struct arch_debug *points);
// A program is about to continue with these registers: if they ask for a step, and the machine keeps that in a register
// of its own, sets that. True: it did, and arch_debug_load(nullptr) has to end it when another program comes.
bool arch_debug_step(const struct arch_frame *f);

// Makes registers that came from a program's memory safe: keeps arithmetic flags, composes the rest. False: the pc is
// not a user address.
bool arch_frame_sane(struct arch_frame *f);
// Registers for entering a door: all zero but pc, sp and two arguments.
void arch_frame_door(struct arch_frame *f, uint64_t pc, uint64_t sp, uint64_t a0, uint64_t a1);

// I/O ports, where the machine has them (else: reads as 0xFF).
uint8_t arch_port_read(uint16_t port);
void arch_port_write(uint16_t port, uint8_t value);

// --- The doors of the core
// -------------------------------------------------------------------------------------------- All run on this CPU's
// stack with interrupts off. `f` holds the interrupted program's registers, nullptr when the kernel was idle; on return
// the program continues with *f.

[[noreturn]] void core_main(const struct exo_boot *boot);                // main.c: the boot CPU
[[noreturn]] void core_secondary(unsigned index);                        // smp.c: every other CPU, on its own stack
int64_t core_call(const uint64_t argument[6], uint64_t number);          // call.c: number is below EXO_CALL_COUNT
void core_fault(struct arch_frame *f, uint64_t cause, uint64_t address); // upcall.c: a trap from user mode
void core_fp(struct arch_frame *f);                    // upcall.c: first use of the floating-point unit
void core_tick(struct arch_frame *f);                  // slice.c: the timer
void core_cross(struct arch_frame *f);                 // smp.c: a cross call
void core_interrupt(struct arch_frame *f, unsigned n); // device interrupt n (masked until devices have owners)
// A trap in kernel mode: always a bug. Prints and ends the machine.
[[noreturn]] void core_trap(const struct arch_frame *f, const char *what, uint64_t detail, uint64_t address); // print.c

// Where a frame pointer says the caller's frame pointer and return address lie ({fp, pc}); nullptr: not a kernel stack.
const uint64_t *arch_backtrace_slot(uint64_t fp);

// --- Helpers of the core that a machine may use
[[noreturn, gnu::format(printf, 1, 2)]] void panic(const char *format, ...);
[[gnu::format(printf, 1, 2)]] void print(const char *format, ...);
// The memory functions that a compiler expects (string.c).
void *memset(void *to, int byte, size_t n);
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);
static inline void *direct(uint64_t physical) { return (void *)(EXO_DIRECT_BASE + physical); }
static inline volatile void *device(uint64_t physical) { return (volatile void *)(EXO_DEVICE_BASE + physical); }
#endif
