// file.c: paths: absolute, clean, of bounded length.
#include <os/file.h>

// Appends the parts of `path` to the clean path in `to`. False: too long.
static bool append(char *to, size_t size, size_t *length, const char *path) {
  while (*path) {
    size_t part = 0;
    while (path[part] && path[part] != '/') part++;
    if (part == 2 && path[0] == '.' && path[1] == '.') {
      while (*length && to[*length] != '/') --*length;
      to[*length] = 0;
    } else if (part && !(part == 1 && path[0] == '.')) {
      if (*length + part + 2 > size) return false;
      to[(*length)++] = '/';
      memcpy(to + *length, path, part);
      *length += part;
      to[*length] = 0;
    }
    path += part + (path[part] == '/');
  }
  return true;
}

bool os_path_join(char *to, size_t size, const char *cwd, const char *path) {
  size_t length = 0;
  to[0] = 0;
  if (path[0] != '/' && !append(to, size, &length, cwd)) return false;
  if (!append(to, size, &length, path)) return false;
  if (!length) {
    to[0] = '/';
    to[1] = 0;
  }
  return true;
}
