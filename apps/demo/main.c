#include <os/env.h>
int main(int argc, char **argv) {
  (void)argc;
  (void)argv;
  os_print("demo\n");
  return 0;
}
