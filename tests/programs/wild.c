// wild: ends by a wild pointer, a jump into nowhere, a write to its own text, an endless recursion or a trap, as its
// argument says. Each must end in a report and status 139.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile unsigned long nowhere = 0xDEAD000;

static void write_wild(void) { *(volatile int *)nowhere = 1; }
static void jump_wild(void) { ((void (*)(void))nowhere)(); }
static void write_text(void) { *(volatile char *)(unsigned long)&write_text = 0; }
static int recurse(volatile int *depth) {
  volatile int here[256] = {*depth + 1};
  return *depth < 0 ? 0 : recurse(here) + here[0];
}
static void overflow(void) {
  volatile int start = 0;
  printf("%d\n", recurse(&start));
}
static void trap(void) { __builtin_trap(); }

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(void);
  } way[] = {{"write", write_wild}, {"jump", jump_wild}, {"text", write_text}, {"stack", overflow}, {"trap", trap}};
  puts("still well");
  fflush(stdout);
  for (unsigned i = 0; i < sizeof way / sizeof *way; i++)
    if (argc > 1 && !strcmp(argv[1], way[i].name)) way[i].run();
  return 1;
}
