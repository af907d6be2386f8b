// time.c: clocks, sleeping, and small facts. Reading a clock is reading the counter: no trap.
#include "posix.h"

enum { REALTIME = 0, MONOTONIC = 1, PROCESS = 2, THREAD = 3, REALTIME_COARSE = 5, BOOTTIME = 7 };
enum : uint64_t { SECOND = 1'000'000'000 };

long time_get(long clock, struct linux_time *to) {
  static uint64_t started;
  uint64_t now = os_now_ns();
  if (clock < REALTIME || clock > BOOTTIME) return -EINVAL;
  if (!started) started = now; // musl asks early; time before the first question is the loader's
  if (clock == PROCESS || clock == THREAD) now -= started;
  to->s = (int64_t)(now / SECOND);
  to->ns = (int64_t)(now % SECOND);
  if (clock == REALTIME || clock == REALTIME_COARSE) to->s = (int64_t)os_wall_seconds();
  return 0;
}

long time_sleep(const struct linux_time *t, bool until, long clock) {
  if (t->s < 0 || t->ns < 0 || t->ns >= (int64_t)SECOND) return -EINVAL;
  uint64_t ns = (uint64_t)t->s * SECOND + (uint64_t)t->ns, now = os_now_ns();
  uint64_t zero = clock == REALTIME ? (os_wall_seconds() - now / SECOND) * SECOND : 0;
  os_sleep_until(until ? (ns > zero ? ns - zero : 0) : now + ns);
  return 0;
}

// Unpredictable enough for hash seeds and names of temporary files, not for keys: the machine gives no entropy yet.
long time_random(uint8_t *to, uint64_t size) {
  static uint64_t state;
  if (!state) state = (arch_counter() ^ os_self.env << 32) | 1;
  for (uint64_t i = 0; i < size; i++) to[i] = (uint8_t)(os_random(&state) >> 56);
  return (long)size;
}

long time_uname(char *to) {
  enum { FIELD = 65 };
  static const char *const field[] = {"Veridian", "veridian", "1", "library OS", "", ""};
  memset(to, 0, 6 * FIELD);
  for (int i = 0; i < 6; i++) memcpy(to + i * FIELD, field[i], strlen(field[i]));
  return 0;
}
