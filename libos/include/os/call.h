// call.h: a stub for every call, and the batch: many calls behind one trap. Generated from call.def; its comments are
// the manual.
#pragma once
#include <arch/cpu.h>
#include <exo/call.h>
#include <exo/uarea.h>

// exo_<name>((struct exo_<name>){ .field = value, ... }): makes the call and returns its result.
#define EXO_CALL(number, name, ...)                                                                                    \
  static inline exo_result exo_##name(struct exo_##name argument) {                                                    \
    uint64_t word[EXO_CALL_WORDS] = {};                                                                                \
    __builtin_memcpy(word, &argument, sizeof argument);                                                                \
    return arch_call(number, word);                                                                                    \
  }
#include <exo/call.def>
#undef EXO_CALL

// os_entry_<name>((struct exo_<name>){...}): the same call as an entry of a batch.
#define EXO_CALL(no, name, ...)                                                                                        \
  static inline struct exo_batch_entry os_entry_##name(struct exo_##name argument) {                                   \
    struct exo_batch_entry entry = {.number = no};                                                                     \
    __builtin_memcpy(entry.argument, &argument, sizeof argument);                                                      \
    return entry;                                                                                                      \
  }
#include <exo/call.def>
#undef EXO_CALL

// Runs `count` (at most EXO_BATCH) entries in order until all are done or one fails, writes each result into its entry
// and returns how many succeeded. Continues where the kernel stopped for an interrupt. May be used while the program's
// own batch is being built: the page is put back as it was.
unsigned os_batch(struct exo_batch_entry *entry, unsigned count);
