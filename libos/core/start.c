// start.c: first C of a program: who am I, doors, tables, slots, regions, main.
#include "slots.h"
#include <os/env.h>
#include <os/file.h>

enum { DOOR_STACK = 32 * 1024 };
struct os_self os_self;
void (*os_exit_hook)(int status);
_Alignas(16) static uint8_t fault_stack[DOOR_STACK], event_stack[DOOR_STACK];
static char *first_argv[] = {(char[]){"init"}, nullptr};
static char *child_argv[OS_START_ARGUMENTS + 1];
static uint64_t time_zero; // seconds since 1970 at kernel entry
[[noreturn]] void os_start(uint64_t uarea, uint64_t machine_frame, uint64_t env);
int os_program(int argc, char **argv); // main, or the C library's start

static void open_doors(struct exo_uarea *u, uint64_t at) {
  u->self = at;
  u->fault_stack = (uint64_t)(fault_stack + DOOR_STACK);
  u->event_stack = (uint64_t)(event_stack + DOOR_STACK);
  u->resume_start = (uint64_t)os_fault_resume_start;
  u->resume_end = (uint64_t)os_fault_resume_end;
  u->fault_door = (uint64_t)os_fault_door;
  u->event_door = (uint64_t)os_event_door;
  u->reply_door = (uint64_t)os_reply_door;
}

// The archive becomes readable to whom the first program wishes.
static void first_archive(void) {
  uint64_t count = (os_self.machine->archive_bytes + EXO_PAGE - 1) / EXO_PAGE;
  struct exo_batch_entry entry[EXO_BATCH];
  for (uint64_t i = 0; i < count;) {
    unsigned n = 0;
    for (; n < EXO_BATCH && i < count; n++, i++)
      entry[n] = os_entry_frame_guard((struct exo_frame_guard){
          .slot = OS_SLOT_SELF, .frame = os_self.machine->archive_frame + i, .guard = OS_GUARD_ARCHIVE});
    (void)os_batch(entry, n);
  }
}

static void start_first(void) {
  os_tables_first(os_self.env, os_self.machine_frame);
  os_self.name = EXO_GUARD_FIRST;
  os_self.argc = 1;
  os_self.argv = first_argv;
  os_slots_first();
}

static void start_child(const struct os_start *start) {
  for (int i = 0; i < OS_START_SPARE; i++) os_frame_stock(start->spare[i]);
  os_tables_child(start);
  os_self.name = start->name;
  os_self.parent = start->parent;
  os_self.cpu = start->cpu;
  os_self.argc = start->argc;
  for (uint64_t i = 0; i < start->argc; i++) child_argv[i] = (char *)(uintptr_t)(start->words + start->argument[i]);
  os_self.argv = child_argv;
  if (start->has_channel) os_self.channel = os_core_page(OS_CORE_CHANNEL);
  if (start->has_shared) os_self.shared = os_core_page(OS_CORE_SHARED);
  time_zero = start->archive_time;
  (void)os_region_add((struct os_region){
      .start = OS_STACK_START, .end = OS_STACK_TOP, .prot = EXO_READ | EXO_WRITE, .pager = &os_pager_zero});
}

static void regions_start(void) {
  const struct exo_machine_window *m = os_self.machine;
  if (m->archive_bytes)
    (void)os_region_add((struct os_region){.start = OS_ARCHIVE,
                                           .end = OS_ARCHIVE + ((m->archive_bytes + EXO_PAGE - 1) & ~0xFFFull),
                                           .prot = EXO_READ,
                                           .pager = &os_pager_window,
                                           .data = {m->archive_frame, OS_SLOT_ARCHIVE}});
  // What is promised must be there: the ceiling without what is in use, and a little for tables and the stock.
  uint64_t used = os_self.window->used, ceiling = os_self.window->ceiling;
  uint64_t stack = os_self.parent ? (OS_STACK_TOP - OS_STACK_START) / EXO_PAGE : 0;
  os_commit_limit_set(ceiling > used + 32 ? ceiling - used - 32 + stack : stack);
}

static void find_time(void) {
  const struct exo_archive *a = os_self.parent ? nullptr : os_archive();
  for (uint64_t i = 0; a && i < a->count; i++)
    if (a->entry[i].time > time_zero) time_zero = a->entry[i].time;
}

void os_start(uint64_t uarea, uint64_t machine_frame, uint64_t env) {
  struct exo_uarea *u = (struct exo_uarea *)uarea;
  os_self.uarea = u;
  os_self.machine_frame = machine_frame;
  os_self.env = env;
  os_self.machine = os_core_page(OS_CORE_MACHINE);
  os_self.window = os_core_page(OS_CORE_ENV);
  open_doors(u, uarea);
  const struct os_handover *handover = os_handover(u);
  if (handover->magic == OS_HANDOVER_MAGIC)
    start_child((const struct os_start *)handover->start);
  else
    start_first();
  os_slots_close();
  os_self.ns_factor = os_self.machine->clock_hz ? (1000000000ull << 32) / os_self.machine->clock_hz : 0;
  if (!os_self.parent) first_archive();
  regions_start();
  if (os_self.machine->trace_frame) os_fault_hook = os_fault_traced;
  os_trace_program();
  u->masked = 0; // from here on events may come
  find_time();
  os_exit(os_program((int)os_self.argc, os_self.argv));
}

void os_exit(int status) {
  if (os_exit_hook) os_exit_hook(status);
  (void)exo_env_stop((struct exo_env_stop){.env = 0, .status = (uint64_t)status & 0xFF});
  for (;;) arch_pause();
}

uint64_t os_now_ns(void) {
  uint64_t ticks = arch_counter() - os_self.machine->clock_zero;
  return (uint64_t)((unsigned __int128)ticks * os_self.ns_factor >> 32);
}

void os_sleep_until(uint64_t at_ns) {
  while (os_now_ns() < at_ns) os_yield(0, at_ns);
}

uint64_t os_wall_seconds(void) { return time_zero + os_now_ns() / 1000000000; }
