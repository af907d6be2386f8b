// storm.h: what the storm, its attackers and its victim share: a page for each of them, and the victim's sum.
#pragma once
#include "system.h"

enum { STORM_RESULTS = 20, STORM_FOREIGN = 48, VICTIM_PAGES = 64, VICTIM_WORK = 8 };
// Slots of an attacker that the storm fills once they are open; what lies above them is the attackers' own business.
enum : exo_slot { GIFT_OUT = 10, GIFT_IN = 11, GIFT_SLICES = 12, STORM_SLOT = 40, STORM_SLOTS = 16 };
enum { STORM_SLICE = 24 }; // slices from there on are the attackers', on CPUs where nobody is measured

struct storm_page {   // an attacker's
  uint64_t ready, go; // its slots are open; they are filled
  uint64_t calls, wins, faults, leaks;
  uint64_t ran;                                  // ticks of the counter in its turns
  uint64_t foreign[STORM_FOREIGN];               // numbers of others: environments, alive and dead, and their frames
  uint32_t count[EXO_CALL_COUNT][STORM_RESULTS]; // by call and by result: 0: done; else minus the result
};
static_assert(sizeof(struct storm_page) <= EXO_PAGE);

struct victim_page {
  uint64_t blocks, bad, stop;
  uint64_t ran;
  exo_frame frame[VICTIM_PAGES];
};
static_assert(sizeof(struct victim_page) <= EXO_PAGE);

int storm_attacker(int argc, char **argv), storm_victim(int argc, char **argv);
extern struct kid victim; // of the storm's or of the attacks' program
static inline volatile struct victim_page *victim_page(void) { return (volatile struct victim_page *)victim.shared; }
bool victim_begin(uint64_t seed); // on the second CPU
uint64_t victim_check(void);      // ends it: computed rightly to the last, its pages as they should be; how many blocks
// Adds up the time of all turns on the CPU, looked at again and again.
void storm_turns(volatile uint64_t *ran);
