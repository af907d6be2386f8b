// machine.h: what each machine gives to the tests, in its folder.
#pragma once
#include <arch/frame.h>

#define PROBE_FAULT 0xFA017FA017FA017Full
#define PROBE_STEPS 12
#define PROBE_CODE_WORD 8 // bytes of a function that returns its argument plus 7

// Each makes one access as its very first instruction, with the stack as its caller left it.
uint64_t probe_load(const volatile void *at);
void probe_store(volatile void *at, uint64_t value);
uint64_t probe_call(const volatile void *code, uint64_t argument); // the access is the jump
uint64_t probe_fault(void);                                        // returns PROBE_FAULT
extern const char probe_stored[];                                  // behind that access
uint64_t probe_steps(void); // PROBE_STEPS instructions to probe_steps_end; returns 0
extern const char probe_steps_end[];
void probe_odd(volatile uint64_t *at); // the oddest way to touch a watched word, and a system call behind it
uint64_t probe_flags(void);            // the flags of a program, as far as it can read them
extern const uint8_t probe_code[], probe_code_end[]; // a function: argument + 7

// Loads all registers from `in`, traps, and stores all registers to `out`. Stack pointer and pc are the function's own.
void registers_illegal(const struct arch_frame *in, struct arch_frame *out); // an instruction that does not exist
void registers_foreign(const struct arch_frame *in, struct arch_frame *out); // a system call that is not ours
uint64_t registers_illegal_after(void), registers_foreign_after(void);       // where to go on; not to be called
extern const char registers_illegal_at[], registers_foreign_at[];
// What must be the same after a trap: frame words, as bits. And what `in` must hold so that the call is foreign.
uint64_t registers_kept(bool foreign);
void registers_prepare(struct arch_frame *in, bool foreign);

// Instructions, and the causes that each may end in: bit n is EXO_CAUSE n, bit 0: it may pass.
struct instruction {
  const char *name;
  uint64_t (*run)(void);
  uint64_t causes;
};
extern const struct instruction privileged[], trapping[]; // each ends with a nameless one

// Privileged state that a program may try to smuggle into its registers. False: there is no such try.
bool flags_hostile(struct arch_frame *f, unsigned which);
bool flags_harmless(uint64_t flags);

// All floating-point and vector registers, as words.
enum { FP_WORDS_MAX = 64 };
extern uint64_t fp_word_count(void);
void fp_fill(const uint64_t *words);
void fp_read(uint64_t *words);
