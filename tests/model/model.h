// model.h: what the kernel's core is to a program, said without page tables, counters, locks or processors: frames with
// guards and payers, sets of mappings and links, environments with slots, slices. Shares with the kernel the numbers
// and constants of the contract (call.def, types.h, window.h), and no code.
#pragma once
#include <stddef.h>
#include <stdio.h>
#include <exo/call.h>
#include <exo/types.h>
#include <exo/window.h>

#ifndef MODEL_ENVS // what a state has room for
#define MODEL_ENVS 16
#define MODEL_MAPPINGS 1024
#endif
enum { MODEL_FRAMES = 256, MODEL_CPUS = 4, MODEL_LINKS = 128, MODEL_LEVELS = 4, MODEL_ENTRIES = 512 };

struct model_frame {
  uint8_t kind, level;   // level: of a table
  bool written, fetched; // mapped writable, or executable, at some time since it was mapped nowhere
  uint32_t payer;        // the env frame whose account it is on; 0: none
  uint32_t generation;   // how often it was dropped, or became an env frame; bit 31: whose environment has ended
  exo_name guard;
};
struct model_mapping {
  exo_frame table;
  exo_word page; // the table's entry
  exo_frame frame;
  exo_word rights, kept; // those in force, and those that protect may give
};
struct model_link {
  exo_frame table;
  exo_word index;
  exo_frame child;
};
struct model_slot {
  exo_name name;
  exo_word rights, open;
};
struct model_env {
  exo_frame frame; // 0: no environment
  bool alive;
  exo_env number, parent, by; // by: who ended it
  exo_frame root;
  uint64_t ceiling, floor, status;
  struct {
    exo_frame state, uarea; // 0: not on this CPU
  } on[MODEL_CPUS];
  struct model_slot slot[EXO_SLOTS];
};
struct model_slice {
  exo_env env;
  exo_name guard;
  uint64_t length;
};
struct model {
  struct model_frame frame[MODEL_FRAMES];
  struct model_slice slice[MODEL_CPUS][EXO_SLICES];
  struct model_link link[MODEL_LINKS];
  struct model_env env[MODEL_ENVS];
  unsigned links, mappings;
  struct model_mapping mapping[MODEL_MAPPINGS]; // last: a copy need go no further than `mappings`
};

enum : int64_t { MODEL_AWAY = 1ll << 62 }; // the call does not return
// --- reference.c, reference_space.c: the result of a call of the environment `self`, which is alive; changes the state
// if it succeeds.
int64_t model_call(struct model *m, exo_env self, uint64_t number, const uint64_t argument[EXO_CALL_WORDS]);
uint64_t model_used(const struct model *m, exo_frame payer); // frames on an account

// --- facts.c: a state as a set of facts: equal sets, equal states
uint64_t model_digest(const struct model *m);
void model_compare(const struct model *core, const struct model *model); // prints what only one of them says

// --- project.c: what the real core's memory says, as a state of the model
void project(struct model *m);
