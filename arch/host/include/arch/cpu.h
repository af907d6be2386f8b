// cpu.h: the few things that kernel and library both name. On the fake machine they are functions of fake.c.
#pragma once
#include <stdint.h>

struct cpu;
extern _Thread_local struct cpu *fake_self; // the CPU whose turn it is
void fake_pause(void);                      // another CPU may go on meanwhile
uint64_t fake_counter(void);

enum { ARCH_ASIDS = 2 }; // few, so that roots take them from each other
void arch_frame_clear(void *frame);
void arch_table_fence(void), arch_code_fence(void), arch_flush_all(void), arch_flush_page(uint64_t va);

static inline void arch_pause(void) { fake_pause(); }
static inline uint64_t arch_counter(void) { return fake_counter(); }
static inline struct cpu *arch_self(void) { return fake_self; }
