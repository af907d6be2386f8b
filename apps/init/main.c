// init: the first program. Says how the boot went, runs the one program that the archive's `cmdline` names (its words,
// one a line), gives it what it may have, waits for its end, takes everything back, and ends the machine with its
// status.
#include "report.h"
#include <os/file.h>

enum { WORDS = 64, STATUS_NO_PROGRAM = 127, STATUS_LOST_FRAMES = 125 };

// Splits the lines of `cmdline`. Returns how many words there are.
static int words(char *argv[WORDS]) {
  static char text[4096];
  const struct exo_archive_entry *e = os_archive_find("cmdline");
  size_t size = e ? (e->size < sizeof text - 1 ? e->size : sizeof text - 1) : 0;
  int count = 0;
  if (size)
    memcpy(text, os_archive_data(e), size);
  else
    memcpy(text, "demo", 5);
  for (char *at = text; *at && count < WORDS - 1;) {
    argv[count++] = at;
    while (*at && *at != '\n') at++;
    if (*at) *at++ = 0;
  }
  argv[count] = nullptr;
  return count;
}

// Passes the console and the report on until the child has ended.
static void watch(struct os_child *child) {
  while (os_child_alive(child)) {
    report_drain(child);
    os_yield(child->env, os_now_ns() + 5'000'000);
  }
  report_drain(child);
}

static void tell_fault(const char *name, const struct exo_obituary *o) {
  if (o->cause == EXO_CAUSE_STOPPED) return;
  os_print("init: %s ended: %s, address %lx, pc %lx, CPU %lu\n", name, os_cause_text(o->cause), o->address, o->pc,
           o->cpu);
}

static uint64_t all_frames(void) { return os_frames_free() + os_self.window->used; }

static int run(int argc, char **argv) {
  char file[240];
  struct os_child child;
  uint64_t before = all_frames(), mine = os_self.window->ceiling - os_self.window->used;
  os_format(file, sizeof file, "bin/%s", argv[0]);
  struct os_spawn how = {.file = file,
                         .argc = argc,
                         .argv = argv,
                         .give = OS_GIVE_ALL,
                         .ceiling = mine - mine / 8 < 65536 ? mine - mine / 8 : 65536};
  exo_result r = os_spawn(&how, &child);
  if (r < 0) {
    os_print("init: %s can not be run: %s\n", file, r == EXO_EMPTY ? "no such program" : os_result_text(r));
    return STATUS_NO_PROGRAM;
  }
  watch(&child);
  int status = os_child_status(&child);
  tell_fault(argv[0], os_child_obituary(&child));
  r = os_child_reclaim(&child);
  uint64_t after = all_frames();
  if (r < 0 || before != after) {
    os_print("init: %s left frames behind: %lu before, %lu after (%s)\n", argv[0], before, after, os_result_text(r));
    return STATUS_LOST_FRAMES;
  }
  return status;
}

int main(int argc, char **argv) {
  char *word[WORDS];
  (void)argc;
  (void)argv;
  report_stages();
  report_end(run(words(word), word));
}
