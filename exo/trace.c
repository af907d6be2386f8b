// trace.c: what the tracing kernel keeps of each event. No part of the ordinary kernel.
#include "core.h"

_Alignas(EXO_PAGE) static struct exo_trace_ring rings[EXO_MAX_CPUS];

void trace_init(void) {
  for (unsigned i = 0; i < boot->cpu_count; i++) {
    rings[i].version = EXO_TRACE_VERSION;
    rings[i].records = EXO_TRACE_RECORDS;
    rings[i].clock_hz = arch_clock_hz();
    rings[i].clock_zero = arch_clock_zero();
  }
  uint64_t physical = boot->kernel_physical + ((uint64_t)rings - boot->kernel_virtual);
  print_port(EXO_PORT_RESULTS, "TRACE %lu %u\n", physical, boot->cpu_count);
}

void trace_window(void) {
  machine_window.trace_frame = first_window(rings, boot->cpu_count * sizeof rings[0] / EXO_PAGE);
}

void trace(enum exo_trace_kind kind, uint64_t number, uint64_t a, uint64_t b) {
  const struct cpu *cpu = arch_self();
  trace_put(&rings[cpu->index], &(struct exo_trace){.time = arch_counter(),
                                                    .kind = kind,
                                                    .cpu = (uint8_t)cpu->index,
                                                    .number = (uint16_t)number,
                                                    .env = cpu->env ? (uint32_t)env_frame(cpu->env->w.number) : 0,
                                                    .word = {a, b}});
}

// The call of a mark is the mark. A call that does not come back has no return.
int64_t core_call(const uint64_t argument[EXO_CALL_WORDS], uint64_t number) {
  bool mark = number == EXO_CALL_null && argument[0] & EXO_MARK_BIT;
  trace(mark ? EXO_TRACE_MARK : EXO_TRACE_CALL, number, argument[0], argument[1]);
  int64_t result = call_dispatch(argument, number);
  if (!mark) trace(EXO_TRACE_RETURN, number, (uint64_t)result, 0);
  return result;
}
