// upcall.c: the C side of the doors: faults, events, giving the CPU away; and the batch, which both sides use.
//
// os_fault runs on its own stack with the trapped program's batch page half written, perhaps: os_batch puts it back.
// Nothing here may touch floating-point registers: they are still the program's.
#include "upcall.h"
#include <os/mem.h>

bool (*os_fault_hook)(struct exo_uarea *u, struct exo_record *r);
void (*os_event_hook)(uint64_t bits);
volatile uint64_t os_obituaries;
void os_fault(struct exo_uarea *u, struct exo_record *r);
void os_event(struct exo_uarea *u, struct exo_record *r);

static bool in_fault; // the running code is os_fault: the batch page belongs to whom it interrupted

static inline void serve(struct exo_record *r) {
  bool page = r->cause == EXO_CAUSE_READ || r->cause == EXO_CAUSE_WRITE || r->cause == EXO_CAUSE_EXEC;
  in_fault = true;
  bool served = page && (os_region_fault(r->address, r->cause) || os_core_fault(r->address));
  in_fault = false;
  if (!served) os_crash(r, nullptr);
}

void os_fault_serve(struct exo_record *r) { serve(r); }

void os_fault(struct exo_uarea *u, struct exo_record *r) {
  if (os_fault_hook && os_fault_hook(u, r)) return;
  serve(r);
}

// The first fault hook of a program whose kernel traces: the way above has no room for a question.
bool os_fault_traced(struct exo_uarea *u, struct exo_record *r) {
  (void)u;
  os_trace(EXO_MARK_BEGIN, exo_mark_letters("fault"));
  serve(r);
  os_trace(EXO_MARK_END, 0);
  return true;
}

uint64_t os_events_take(struct exo_uarea *u) {
  uint64_t bits = __atomic_exchange_n(&u->pending, 0, __ATOMIC_ACQ_REL);
  if (bits & EXO_EVENT_OBITUARY) os_obituaries++;
  if (bits & EXO_EVENT_GATE) os_gates_ended++;
  if (bits && os_event_hook) os_event_hook(bits);
  return bits;
}

// End of the slice with a context interrupted: nothing of ours needs saving, so be honest and leave at once. The
// context waits in the event record while the door is entered once more, on a stack below this one, to bring us back
// here.
void os_event(struct exo_uarea *u, struct exo_record *r) {
  enum { DEPTH = 8192 };
  if (!(os_events_take(u) & EXO_EVENT_SLICE_END) || !r->busy) return;
  uint64_t context = u->reply_stack;
  u->event_stack -= DEPTH;
  os_switch(&(struct os_switch){.number = EXO_CALL_BASE + EXO_CALL_yield});
  u->event_stack += DEPTH;
  u->reply_stack = context;
  r->busy = 1;
}

void os_yield(exo_env to, uint64_t deadline_ns) {
  os_switch(&(struct os_switch){.number = EXO_CALL_BASE + EXO_CALL_yield, .argument = {to, deadline_ns}});
  (void)os_events_take(os_self.uarea); // what came while the doors were masked
}

static void entries_copy(struct exo_batch_entry *to, const struct exo_batch_entry *from, unsigned count) {
  for (unsigned i = 0; i < count; i++) to[i] = from[i];
}

unsigned os_batch(struct exo_batch_entry *entry, unsigned count) {
  enum { SAVED = 16 }; // no batch of the fault path is longer
  struct exo_batch_entry saved[SAVED], *page = os_self.uarea->batch;
  unsigned done = 0, keep = in_fault ? (count < SAVED ? count : SAVED) : 0;
  bool failed = false;
  if (keep) entries_copy(saved, page, keep);
  while (done < count && !failed) {
    entries_copy(page, entry + done, count - done);
    exo_result ran = exo_batch((struct exo_batch){.count = count - done});
    if (ran < 0) {
      entry[done].result = ran;
      break;
    }
    for (exo_result i = 0; i < ran && !failed; i++) {
      entry[done].result = page[i].result;
      failed = page[i].result < 0;
      done += !failed;
    }
  }
  if (keep) entries_copy(page, saved, keep);
  return done;
}
