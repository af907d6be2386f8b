// path.c: names. The tree a program sees: / is memory; /host and /bin are the boot archive's folders of these names,
// read-only; /dev/null; and /proc/ls/PATH, a text with the names in PATH, for programs that can only read files.
#include "posix.h"

static char cwd[PATH_MAX] = "/";

static bool under(const char *path, const char *folder) {
  size_t n = strlen(folder);
  return !strncmp(path, folder, n) && (path[n] == 0 || path[n] == '/');
}

// Is there an archive entry below this folder? Its index, or the count.
static uint64_t archive_first(const char *folder) {
  const struct exo_archive *a = os_archive();
  size_t n = strlen(folder);
  uint64_t i = 0, count = a ? a->count : 0;
  while (i < count && (strncmp(a->entry[i].name, folder, n) != 0 || a->entry[i].name[n] != '/')) i++;
  return i;
}
static bool archive_has(const char *folder) {
  const struct exo_archive *a = os_archive();
  return a && archive_first(folder) < a->count;
}

static void place_archive(struct place *p) {
  p->read_only = true;
  p->entry = os_archive_find(p->path + 1);
  if (p->entry)
    p->kind = KIND_ENTRY;
  else if (archive_has(p->path + 1))
    p->kind = KIND_FOLDER;
}

long path_place(struct place *p, const char *path) {
  *p = (struct place){.kind = KIND_NONE};
  if (!os_path_join(p->path, sizeof p->path, cwd, path)) return -ENAMETOOLONG;
  if (under(p->path, "/host") || under(p->path, "/bin")) {
    place_archive(p);
  } else if (!strcmp(p->path, "/dev/null")) {
    p->kind = KIND_NULL;
  } else if (under(p->path, "/proc/ls")) {
    struct place of;
    long r = path_place(&of, p->path[8] ? p->path + 8 : "/");
    if (r < 0) return r;
    p->read_only = true;
    p->kind = of.kind == KIND_FOLDER ? KIND_TEXT : KIND_NONE;
  } else {
    p->node = os_ramfs_find(p->path, &p->folder, &p->name);
    p->kind = !p->node ? KIND_NONE : p->node->kind == OS_NODE_FOLDER ? KIND_FOLDER : KIND_NODE;
  }
  return 0;
}

struct text {
  char *bytes;
  uint64_t size;
  bool failed;
};
static void add_name(struct text *t, const char *name, size_t length, bool folder) {
  char *more = t->failed ? nullptr : os_realloc(t->bytes, t->size + length + 3);
  if (!more) {
    t->failed = true;
    return;
  }
  t->bytes = more;
  memcpy(more + t->size, name, length);
  t->size += length;
  if (folder) more[t->size++] = '/';
  more[t->size++] = '\n';
  more[t->size] = 0;
}

// The archive is sorted: what belongs to one folder stands together.
static void list_archive(struct text *t, const char *folder) {
  const struct exo_archive *a = os_archive();
  size_t n = strlen(folder), last_length = 0;
  const char *last = "";
  for (uint64_t i = a ? archive_first(folder) : 0; a && i < a->count; i++) {
    const char *name = a->entry[i].name;
    if (strncmp(name, folder, n) != 0 || name[n] != '/') break;
    name += n + 1;
    size_t length = 0;
    while (name[length] && name[length] != '/') length++;
    if (length == last_length && !memcmp(name, last, length)) continue;
    add_name(t, name, length, name[length] == '/');
    last = name;
    last_length = length;
  }
}

char *path_list(const struct place *p, uint64_t *size) {
  struct text t = {.bytes = os_alloc(1)};
  struct place of = *p;
  if (p->kind == KIND_TEXT && path_place(&of, p->path[8] ? p->path + 8 : "/") < 0) return nullptr;
  for (const struct os_node *n = of.node ? of.node->child : nullptr; n; n = n->next)
    add_name(&t, n->name, strlen(n->name), n->kind == OS_NODE_FOLDER);
  if (of.read_only) list_archive(&t, of.path + 1);
  if (of.node == os_ramfs_root()) {
    if (archive_has("bin")) add_name(&t, "bin", 3, true);
    if (archive_has("host")) add_name(&t, "host", 4, true);
  }
  *size = t.size;
  if (!t.failed) return t.bytes;
  os_free(t.bytes);
  return nullptr;
}

void stat_fill(struct linux_stat *to, enum file_kind kind, bool folder, uint64_t size, uint64_t time_s, uint64_t node) {
  bool device = kind == KIND_CONSOLE || kind == KIND_NULL;
  *to = (struct linux_stat){.device = kind + 1u,
                            .node = node,
                            .mode = folder              ? 040755
                                    : device            ? 020666
                                    : kind == KIND_NODE ? 0100644
                                                        : 0100555,
                            .links = 1,
                            .size = (int64_t)size,
                            .block_size = EXO_PAGE,
                            .blocks = (int64_t)((size + 511) / 512)};
  to->access_s = to->change_s = to->status_s = (int64_t)time_s;
}

long path_stat(const char *path, struct linux_stat *to) {
  struct place p;
  long r = path_place(&p, path);
  if (r < 0) return r;
  if (p.kind == KIND_NONE) return -ENOENT;
  if (p.node)
    stat_fill(to, KIND_NODE, p.kind == KIND_FOLDER, p.node->size, p.node->time_s, p.node->number);
  else if (p.entry)
    stat_fill(to, KIND_ENTRY, false, p.entry->size, p.entry->time, p.entry->offset / EXO_PAGE);
  else
    stat_fill(to, p.kind, p.kind == KIND_FOLDER, 0, os_wall_seconds(), 1);
  return 0;
}

long path_mkdir(const char *path) {
  struct place p;
  long r = path_place(&p, path);
  if (r < 0) return r;
  if (p.kind != KIND_NONE) return -EEXIST;
  if (p.read_only) return -EROFS;
  if (!p.folder) return -ENOENT;
  return os_ramfs_make(p.folder, p.name, OS_NODE_FOLDER) ? 0 : -ENOSPC;
}

long path_remove(const char *path, bool folder) {
  struct place p;
  long r = path_place(&p, path);
  if (r < 0) return r;
  if (p.kind == KIND_NONE) return -ENOENT;
  if (p.read_only || !p.node) return p.read_only ? -EROFS : -EACCES;
  if (folder != (p.kind == KIND_FOLDER)) return folder ? -ENOTDIR : -EISDIR;
  return os_ramfs_remove(p.node);
}

long path_rename(const char *from, const char *to) {
  struct place a, b;
  long r = path_place(&a, from);
  if (r == 0) r = path_place(&b, to);
  if (r != 0) return r;
  if (a.kind == KIND_NONE) return -ENOENT;
  if (a.read_only || b.read_only) return -EROFS;
  if (!a.node || !b.folder) return a.node ? -ENOENT : -EACCES;
  return os_ramfs_rename(a.node, b.folder, b.name);
}

long path_chdir(const char *path) {
  struct place p;
  long r = path_place(&p, path);
  if (r < 0) return r;
  if (p.kind != KIND_FOLDER) return p.kind == KIND_NONE ? -ENOENT : -ENOTDIR;
  memcpy(cwd, p.path, sizeof cwd);
  return 0;
}

long path_getcwd(char *to, uint64_t size) {
  uint64_t n = strlen(cwd) + 1;
  if (n > size) return -ERANGE;
  memcpy(to, cwd, n);
  return (long)n;
}

long path_access(const char *path, long mode) {
  struct place p;
  long r = path_place(&p, path);
  if (r < 0) return r;
  if (p.kind == KIND_NONE) return -ENOENT;
  return mode & 2 && p.read_only ? -EROFS : 0;
}
