// ramfs.c: names and files in the program's own memory: a tree of nodes, each file one block of memory that doubles.
#include <os/env.h>
#include <os/file.h>

enum {
  ENOENT = 2,
  ENOMEM = 12,
  EBUSY = 16,
  EEXIST = 17,
  ENOTDIR = 20,
  EISDIR = 21,
  EINVAL = 22,
  EFBIG = 27,
  ENOTEMPTY = 39
};
static struct os_node *root;
static uint64_t number_next = 1;

static struct os_node *node_new(const char *name, size_t length, uint32_t kind) {
  struct os_node *n = os_alloc(sizeof *n + length + 1);
  if (!n) return nullptr;
  n->name = (char *)(n + 1);
  memcpy(n->name, name, length);
  n->kind = kind;
  n->time_s = os_wall_seconds();
  n->number = number_next++;
  return n;
}

static void attach(struct os_node *folder, struct os_node *n) {
  n->parent = folder;
  n->next = folder->child;
  folder->child = n;
  folder->time_s = os_wall_seconds();
}

static void detach(struct os_node *n) {
  struct os_node **at = &n->parent->child;
  while (*at != n) at = &(*at)->next;
  *at = n->next;
  n->parent = nullptr;
}

struct os_node *os_ramfs_root(void) {
  if (!root && (root = node_new("", 0, OS_NODE_FOLDER))) {
    root->parent = root;
    (void)os_ramfs_make(root, "tmp", OS_NODE_FOLDER);
  }
  return root;
}

static struct os_node *child_of(const struct os_node *folder, const char *name, size_t length) {
  for (struct os_node *n = folder->child; n; n = n->next)
    if (strlen(n->name) == length && !memcmp(n->name, name, length)) return n;
  return nullptr;
}

// The path is absolute and clean (os_path_join): no empty parts, no "." and "..".
struct os_node *os_ramfs_find(const char *path, struct os_node **folder, const char **name) {
  struct os_node *at = os_ramfs_root();
  *folder = nullptr;
  *name = path;
  for (const char *part = path + 1; at && *part;) {
    size_t length = 0;
    while (part[length] && part[length] != '/') length++;
    bool last = !part[length];
    if (at->kind != OS_NODE_FOLDER) return nullptr;
    if (last) {
      *folder = at;
      *name = part;
    }
    at = child_of(at, part, length);
    part += length + !last;
  }
  if (at == root) *folder = root;
  return at;
}

struct os_node *os_ramfs_make(struct os_node *folder, const char *name, uint32_t kind) {
  struct os_node *n = node_new(name, strlen(name), kind);
  if (n) attach(folder, n);
  return n;
}

void os_ramfs_release(struct os_node *n) {
  if (n->parent || n->opens) return;
  os_free(n->data);
  os_free(n);
}

int os_ramfs_remove(struct os_node *n) {
  if (n == root) return -EBUSY;
  if (n->child) return -ENOTEMPTY;
  detach(n);
  os_ramfs_release(n);
  return 0;
}

int os_ramfs_rename(struct os_node *n, struct os_node *folder, const char *name) {
  for (const struct os_node *up = folder; up != root; up = up->parent)
    if (up == n) return -EINVAL; // into itself
  if (n == root) return -EBUSY;
  struct os_node *old = child_of(folder, name, strlen(name));
  if (old == n) return 0;
  if (old && old->kind != n->kind) return old->kind == OS_NODE_FOLDER ? -EISDIR : -ENOTDIR;
  char *copy = os_alloc(strlen(name) + 1);
  if (!copy) return -ENOMEM;
  int r = old ? os_ramfs_remove(old) : 0;
  if (r < 0) {
    os_free(copy);
    return r;
  }
  memcpy(copy, name, strlen(name) + 1);
  if (n->name != (char *)(n + 1)) os_free(n->name);
  n->name = copy;
  detach(n);
  attach(folder, n);
  return 0;
}

static int grow(struct os_node *n, uint64_t size) {
  if (size <= n->room) return 0;
  if (size > 1ull << 40) return -EFBIG;
  uint64_t room = n->room ? n->room : 1008; // with the heap's header: a power of two
  while (room < size) room = room * 2 + 16;
  uint8_t *data = os_realloc(n->data, room);
  if (!data) return -ENOMEM;
  n->data = data;
  n->room = room;
  return 0;
}

int64_t os_ramfs_write(struct os_node *n, uint64_t offset, const void *bytes, uint64_t size) {
  if (offset + size < offset) return -EFBIG;
  if (offset + size > n->size) {
    int r = os_ramfs_resize(n, offset + size);
    if (r < 0) return r;
  }
  memcpy(n->data + offset, bytes, size);
  n->time_s = os_wall_seconds();
  return (int64_t)size;
}

int os_ramfs_resize(struct os_node *n, uint64_t size) {
  int r = grow(n, size);
  if (r < 0) return r;
  if (size > n->size) memset(n->data + n->size, 0, size - n->size);
  n->size = size;
  n->time_s = os_wall_seconds();
  return 0;
}

static uint32_t crc32(const uint8_t *bytes, uint64_t size) {
  uint32_t crc = ~0u;
  for (uint64_t i = 0; i < size; i++) {
    crc ^= bytes[i];
    for (int k = 0; k < 8; k++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

static void send_file(const struct os_node *n, const char *path) {
  char head[600];
  size_t length = os_format(head, sizeof head, "%lu %08x %s", n->size, crc32(n->data, n->size), path);
  if (length >= sizeof head) return;
  os_channel_send(OS_LINE_FILE, head, length);
  for (uint64_t at = 0; at < n->size; at += OS_DATA)
    os_channel_send(OS_LINE_DATA, n->data + at, n->size - at < OS_DATA ? n->size - at : OS_DATA);
}

// Depth first, without recursion: the path grows and shrinks with the walk.
void os_ramfs_send(void) {
  char path[512] = "";
  size_t length = 0;
  for (const struct os_node *n = root ? root->child : nullptr; n;) {
    size_t name = strlen(n->name);
    bool fits = length + name + 2 < sizeof path;
    if (fits) {
      if (length) path[length] = '/';
      memcpy(path + length + (length != 0), n->name, name + 1);
      if (n->kind == OS_NODE_FILE) send_file(n, path);
    }
    if (fits && n->kind == OS_NODE_FOLDER && n->child) {
      length += name + (length != 0);
      n = n->child;
      continue;
    }
    path[length] = 0;
    while (n && !n->next) { // up
      n = n->parent == root ? nullptr : n->parent;
      while (length && path[length] != '/') length--;
      path[length] = 0;
    }
    if (n) n = n->next;
  }
}
