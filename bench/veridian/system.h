// system.h: the primitives of the benchmarks on Veridian. What is timed is in line; the rest is in veridian.c.
#pragma once
#include <arch/pte.h>
#include <os/env.h>
#include <os/mem.h>

#define sys_print os_print
#define sys_report os_report_bench
static inline void sys_effects(uint64_t failed) {
  os_report_test("bench-effects", !failed, "%lu operations without their effect", failed);
}
static inline bool sys_null_answered(uint64_t word, uint64_t answer) { return answer == word; }

// --- A handler of faults: `static bool name(SYS_FAULT)`, true: go on.
#define SYS_FAULT [[maybe_unused]] struct exo_uarea *area, struct exo_record *record
#define SYS_ADDRESS record->address
#define SYS_PC *arch_frame_pc(&record->regs)
static inline void sys_on_fault(bool (*handler)(SYS_FAULT)) { os_fault_hook = handler; }

// --- Pages that the program holds, in one leaf table
#define SYS_PLACE (OS_CORE + 0x3000000000)
enum { SYS_PAGES = 512 };
extern exo_frame sys_table, sys_frame[SYS_PAGES];
static inline volatile uint64_t *sys_page(uint64_t i) { return (volatile uint64_t *)(SYS_PLACE + i * EXO_PAGE); }
bool sys_take(uint64_t count);  // frames and a table, nothing mapped
bool sys_pages(uint64_t count); // mapped, to be written, and touched
void sys_pages_end(void);
static inline struct exo_map sys_map_of(uint64_t i) {
  return (struct exo_map){OS_SLOT_SELF, sys_table, i, OS_SLOT_SELF, sys_frame[i], EXO_READ | EXO_WRITE};
}
static inline bool sys_map(uint64_t i) { return exo_map(sys_map_of(i)) == EXO_OK; }
static inline bool sys_unmap(uint64_t i) {
  return exo_unmap((struct exo_unmap){OS_SLOT_SELF, sys_table, i, 1, 0}) == 1;
}
bool sys_is_mapped(uint64_t i);
static inline bool sys_protect(uint64_t from, uint64_t count, bool write) {
  uint64_t prot = write ? EXO_READ | EXO_WRITE : EXO_READ;
  return exo_protect((struct exo_protect){OS_SLOT_SELF, sys_table, from, count, prot, 0}) == (exo_result)count;
}
bool sys_lock_scattered(const uint64_t *picked, uint64_t count); // in one batch
exo_result sys_batch(uint64_t count); // runs the batch page; what an interrupt left over, one by one

// The program reads its own table's entries.
extern const volatile pte_t *sys_entries;
static inline bool sys_knows_dirty(void) { return true; }
static inline bool sys_is_dirty(uint64_t i) { return pte_dirty(sys_entries[i]); }
static inline void sys_make_clean(uint64_t i) { (void)exo_age((struct exo_age){OS_SLOT_SELF, sys_table, i, 1, 2, 0}); }

// --- Cleared memory from nothing, pages 0 to count, and back
bool sys_fresh(uint64_t count), sys_fresh_end(uint64_t count);

// --- A region that the library fills on demand
static inline uint64_t *sys_lazy(uint64_t bytes) { return os_pages(bytes); }
static inline void sys_lazy_end(volatile uint64_t *at, uint64_t bytes) {
  (void)os_region_remove((uint64_t)at, (uint64_t)at + bytes);
}
static inline bool sys_lazy_present(volatile uint64_t *at) { return os_table_entry((uint64_t)at); }
static inline void sys_lazy_forget(volatile uint64_t *at) { os_unmap((uint64_t)at, (uint64_t)at + EXO_PAGE, true); }

// --- A region whose pages the program supplies, each with value + 1 in word 3
static inline bool sys_supply_begin(uint64_t count) { return sys_take(count); }
static inline bool sys_supply(uint64_t i, uint64_t value) {
  exo_frame f = sys_frame[i] = os_frame_get();
  if (!f || exo_map(sys_map_of(i)) < 0) return false;
  sys_page(i)[3] = value + 1;
  return true;
}
bool sys_supply_forget(uint64_t i);
void sys_supply_end(uint64_t count);

// --- Another environment, which runs a role and shares a page with this one
volatile uint64_t *sys_partner(const char *role);
void sys_partner_end(void);
static inline volatile uint64_t *sys_shared(void) { return os_self.shared; }
extern exo_env sys_other; // the partner, or who started this one
static inline void sys_yield(void) { os_yield(sys_other, 0); }
[[noreturn]] void sys_serve(void (*serve)(exo_env caller, uint64_t word[4]));
static inline void sys_gate(uint64_t word[4]) { (void)os_gate(OS_SLOT_SELF, sys_other, word, 0); }
void sys_sleep(void); // until word 2 of the shared page is not 0
static inline void sys_wake(void) { (void)exo_ring((struct exo_ring){.slot = OS_SLOT_SELF, .env = sys_other}); }
bool sys_true_begin(void);
static inline void sys_true_prepare(void) { os_self.uarea->pending = 0; }
static inline bool sys_wait_true(void) { return exo_wait((struct exo_wait){}) == EXO_WAIT_TRUE; }
void sys_true_end(void);
int sys_spawn(const char *role); // and waits for its end; returns its status
static inline void sys_leave(int status) { os_exit(status); }
