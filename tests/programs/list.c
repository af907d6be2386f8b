// list: prints the names in folders, one a line, with a slash behind folders: opendir and stat of an ordinary C
// program.
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int list(const char *folder) {
  DIR *d = opendir(folder);
  if (!d) {
    perror(folder);
    return 1;
  }
  for (struct dirent *e; (e = readdir(d));) {
    char path[600];
    struct stat s;
    snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
    if (stat(path, &s) < 0)
      perror(path);
    else
      printf("%s%s %lld\n", e->d_name, S_ISDIR(s.st_mode) ? "/" : "", (long long)s.st_size);
  }
  return closedir(d) < 0;
}

int main(int argc, char **argv) {
  int status = 0;
  if (argc < 2) return list("/");
  for (int i = 1; i < argc; i++) status |= list(argv[i]);
  return status;
}
