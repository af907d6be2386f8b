// start.c: from the library's start to musl's: the words that Linux would leave on the stack, then __libc_start_main.
#include <os/file.h>

enum { ARGUMENTS = 80, ENVIRONMENT = 4, AUXILIARY = 24 };
enum { AT_NULL, AT_PHDR = 3, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_SECURE = 23, AT_RANDOM = 25, AT_EXECFN = 31 };

int os_program(int argc, char **argv);
int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*ldso)(void));

// musl wants a thread-local segment with a sane alignment, or none; the linker script always makes one.
[[gnu::used, gnu::retain]] static _Thread_local uint64_t anchor = 1;

// Files the program wrote go to the parent when somebody outside wants them.
static void send_files(int status) {
  (void)status;
  const struct exo_archive_entry *e = os_archive_find("settings");
  const char *text = e ? os_archive_data(e) : nullptr;
  for (uint64_t i = 0; e && i + 5 < e->size; i++)
    if (!strncmp(text + i, "out 1", 5) && (i == 0 || text[i - 1] == '\n')) os_ramfs_send();
}

int os_program(int argc, char **argv) {
  extern const uint8_t __ehdr_start[];
  static uint64_t word[ARGUMENTS + ENVIRONMENT + AUXILIARY], random[2];
  static char home[] = "HOME=/", path[] = "PATH=/bin", term[] = "TERM=dumb";
  unsigned n = 0;
  uint64_t seed = arch_counter() | 1;
  random[0] = os_random(&seed);
  random[1] = os_random(&seed);
  for (int i = 0; i < argc && i < ARGUMENTS - 1; i++) word[n++] = (uint64_t)argv[i];
  word[n++] = 0;
  char *const environment[] = {home, path, term, nullptr};
  for (unsigned i = 0; i < sizeof environment / sizeof *environment; i++) word[n++] = (uint64_t)environment[i];
  uint16_t header_size, header_count; // e_phentsize, e_phnum
  uint64_t header_offset;
  memcpy(&header_offset, __ehdr_start + 32, 8);
  memcpy(&header_size, __ehdr_start + 54, 2);
  memcpy(&header_count, __ehdr_start + 56, 2);
  const uint64_t auxiliary[][2] = {{AT_PHDR, (uint64_t)__ehdr_start + header_offset},
                                   {AT_PHENT, header_size},
                                   {AT_PHNUM, header_count},
                                   {AT_PAGESZ, EXO_PAGE},
                                   {AT_SECURE, 0},
                                   {AT_RANDOM, (uint64_t)random},
                                   {AT_EXECFN, word[0]},
                                   {AT_NULL, 0}};
  memcpy(word + n, auxiliary, sizeof auxiliary);
  os_exit_hook = send_files;
  return __libc_start_main((int (*)(int, char **, char **))(void (*)(void))main, argc, (char **)word, nullptr, nullptr,
                           nullptr);
}
