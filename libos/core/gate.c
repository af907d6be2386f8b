// gate.c: calling and being called: gates, and waiting for words of memory.
#include "upcall.h"

volatile uint64_t os_gates_ended;
enum { GATE_STACK = 32 * 1024 };
static void (*gate_serve)(exo_env caller, uint64_t word[4]);
_Alignas(16) static uint8_t gate_stack[GATE_STACK];
[[noreturn]] void os_gate_entered(struct exo_uarea *u, exo_env caller, uint64_t m0, uint64_t m1, uint64_t m2,
                                  uint64_t m3);

void os_gate_open(void (*serve)(exo_env caller, uint64_t word[4])) {
  struct exo_uarea *u = os_self.uarea;
  gate_serve = serve;
  u->gate_stack = (uint64_t)(gate_stack + GATE_STACK);
  u->gate_door = (uint64_t)os_gate_door;
}

// From the gate door. The reply ends it; what follows is the main program's, whose context waits at reply_stack: should
// this one give the CPU away, its own does meanwhile.
void os_gate_entered(struct exo_uarea *u, exo_env caller, uint64_t m0, uint64_t m1, uint64_t m2, uint64_t m3) {
  uint64_t word[4] = {m0, m1, m2, m3}, context = u->reply_stack;
  gate_serve(caller, word);
  u->reply_stack = context;
  while (exo_gate_reply((struct exo_gate_reply){word[0], word[1], word[2], word[3]}) == EXO_BUSY) {
    os_switch(&(struct os_switch){.number = EXO_CALL_BASE + EXO_CALL_yield, .argument = {caller}});
    u->reply_stack = context;
  }
  for (;;) (void)exo_yield((struct exo_yield){}); // nobody waits for it
}

exo_result os_gate(exo_slot slot, exo_env env, uint64_t word[4], uint64_t deadline_ns) {
  struct os_switch s = {.number = EXO_CALL_BASE + EXO_CALL_gate,
                        .argument = {slot, env, word[0], word[1], word[2], word[3]}};
  uint64_t ends = os_gates_ended;
  os_switch(&s);
  while (s.how == OS_ENTERED) { // our own slice, and no reply yet
    bool ended = os_gates_ended != ends;
    if (ended || (deadline_ns && os_now_ns() >= deadline_ns)) {
      (void)exo_gate((struct exo_gate){});
      return ended ? EXO_NO_ENV : EXO_EMPTY;
    }
    s = (struct os_switch){.number = EXO_CALL_BASE + EXO_CALL_yield, .argument = {env}};
    os_switch(&s);
  }
  if (s.how == OS_RETURNED) return s.result;
  for (int i = 0; i < 4; i++) word[i] = s.argument[i];
  (void)os_events_take(os_self.uarea);
  return EXO_OK;
}

exo_result os_wait(const struct exo_predicate *p, unsigned words, unsigned ops, uint64_t deadline_ns) {
  if (ops) *(struct exo_predicate *)(void *)os_self.uarea->batch = *p;
  exo_result r = exo_predicate_set((struct exo_predicate_set){words, ops});
  if (r != EXO_OK) return r;
  struct os_switch s = {.number = EXO_CALL_BASE + EXO_CALL_wait, .argument = {0, deadline_ns}};
  os_switch(&s);
  (void)os_events_take(os_self.uarea);
  return s.how == OS_RETURNED ? s.result : EXO_WAIT_EVENT;
}
