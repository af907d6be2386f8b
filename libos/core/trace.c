// trace.c: marks on the time line of a kernel that traces: the library's own events between the kernel's. With any
// other kernel nothing is called.
#include <os/os.h>

void os_trace(enum exo_mark what, uint64_t payload) {
  if (os_self.machine->trace_frame) (void)exo_null((struct exo_null){.echo = exo_mark(what, payload)});
}

void os_trace_program(void) {
  const char *name = os_self.argv[0];
  for (const char *at = name; *at; at++)
    if (*at == '/') name = at + 1;
  os_trace(EXO_MARK_NAME, exo_mark_letters(name));
}
