// env.h: children: built, started, watched and reclaimed by their parent; the channel by which they report.
#pragma once
#include <os/mem.h>

// --- Channel: one-way bytes from a child to its parent. The parent trusts nothing in it.
enum { OS_CHANNEL_PAGES = 4, OS_CHANNEL_ROOM = (OS_CHANNEL_PAGES - 1) * EXO_PAGE };
struct os_channel {
  _Atomic uint64_t written, read; // bytes ever; both modulo the room
  uint8_t reserved[EXO_PAGE - 16];
  uint8_t data[OS_CHANNEL_ROOM];
};
// Sends one message: kind and bytes. Waits while the channel is full; does nothing when there is no channel.
void os_channel_send(char kind, const void *bytes, size_t size);
// One message: its kind, or 0 when no whole one waits. At most `size` bytes go to `to`, its length to `length`.
char os_channel_receive(struct os_channel *c, void *to, size_t size, size_t *length);
// Kinds of message.
enum : char {
  OS_LINE_TEST = 'T',  // "name ok detail" or "name FAIL detail"
  OS_LINE_BENCH = 'B', // "name instructions unit"
  OS_LINE_FILE = 'F',  // "size crc32 path": a file follows in OS_LINE_DATA messages
  OS_LINE_DATA = 'D',  // up to OS_DATA bytes of it
};
enum { OS_DATA = 2048 };
// What tests and benchmarks say. They reach the results port through the first program, which checks their form.
[[gnu::format(printf, 3, 4)]] void os_report_test(const char *name, bool ok, const char *format, ...);
void os_report_bench(const char *name, uint64_t count, const char *unit);

// --- Children
enum : uint64_t {       // what a child is given
  OS_GIVE_OUT = 1,      // console output
  OS_GIVE_IN = 2,       // console input
  OS_GIVE_ARCHIVE = 4,  // the archive's files
  OS_GIVE_SLICES = 8,   // the right to assign slices
  OS_GIVE_CHANNEL = 16, // a channel to the parent
  OS_GIVE_ALL = 31,
};
struct os_spawn {
  const char *file; // name in the archive
  int argc;
  char **argv;
  uint64_t give;     // OS_GIVE_*
  uint64_t ceiling;  // frames it may have
  uint64_t cpu;      // where it runs
  uint64_t slice_ns; // length of its slice, default 10 ms
  uint64_t slice;    // position of its slice; 0: the library chooses
  exo_frame shared;  // a frame of the parent that it sees at os_self.shared; 0: none
};
struct os_child {
  exo_env env;
  exo_name name;
  uint64_t cpu, slice;
  const struct exo_env_window *window; // its env frame, mapped read-only
  struct os_channel *channel;          // nullptr: none
  exo_frame channel_frame[OS_CHANNEL_PAGES];
};
// Builds and starts a child. Results: EXO_OK, or why not (EXO_EMPTY: no such file; EXO_KIND: not a program of this
// machine). A child that could not be completed is gone again.
exo_result os_spawn(const struct os_spawn *how, struct os_child *child);
// True while the child has not ended.
static inline bool os_child_alive(const struct os_child *c) {
  return __atomic_load_n(&c->window->alive, __ATOMIC_ACQUIRE);
}
// What the kernel wrote about its end.
static inline const struct exo_obituary *os_child_obituary(const struct os_child *c) { return &c->window->obituary; }
// 0..255: its own status; 139: it ended by a fault (139 as well when its library caught that).
int os_child_status(const struct os_child *c);
// Ends a child that may be alive.
exo_result os_child_stop(struct os_child *c, int status);
// Takes back everything a dead child had: mappings, tables (children first), frames, at last its env frame; its own
// children are stopped, and what they had comes back too. Returns how many frames came back, or a result below 0 if
// some did not.
exo_result os_child_reclaim(struct os_child *c);
