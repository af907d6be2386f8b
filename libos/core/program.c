// program.c: the start of a program without a C library. Programs with one bring an os_program of their own.
#include <os/os.h>

int os_program(int argc, char **argv);
int os_program(int argc, char **argv) { return main(argc, argv); }
