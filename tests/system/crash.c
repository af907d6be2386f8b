// crash.c: a program with a wild pointer: its library reports and ends it with 139; its parent goes on.
#include <os/os.h>

[[gnu::noinline]] static uint64_t follow(const volatile uint64_t *pointer) { return *pointer + 1; }

int main(int argc, char **argv) {
  uint64_t at = argc > 1 ? os_number(argv[1], 8) : 8;
  os_print("crash: reading at %lx\n", at);
  return (int)follow((const volatile uint64_t *)at);
}
