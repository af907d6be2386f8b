// attacks.h: the tests of the program `attacks`, and the roles its children play.
#pragma once
#include "storm.h"

// --- attacks_names.c: names, frames, arguments
void attack_forge(void), attack_table_writable(void), attack_kernel_memory(void), attack_free_mapped(void),
    attack_slots(void), attack_slices(void), attack_arguments(void);
int forger(int argc, char **argv), counter(int argc, char **argv), edges(int argc, char **argv);

// --- attacks_time.c: what changes while the kernel looks, and deaths
void attack_batch(void), attack_uarea(void), attack_deaths(void), attack_sweep(void);
int racer(int argc, char **argv), spoiler(int argc, char **argv), sweeper(int argc, char **argv);
extern uint64_t attack_seed, attack_deaths_wanted;
