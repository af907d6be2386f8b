// trace_test.c: the ring of a tracing kernel: wrapped, lost, overwritten, and read while another thread writes.
#include <pthread.h>
#include <string.h>
#include "test.h"

static struct exo_trace_ring ring;
enum : uint64_t { RECORDS = EXO_TRACE_RECORDS, ROUNDS = 40 * RECORDS };

// Each word of record n tells n, so that a torn one is seen.
static struct exo_trace numbered(uint64_t n) {
  return (struct exo_trace){
      .time = n, .kind = (uint8_t)n, .cpu = (uint8_t)(n >> 8), .env = (uint32_t)n, .word = {n, ~n}};
}
static void put(uint64_t count) {
  for (; count; count--) {
    struct exo_trace r = numbered(ring.written);
    trace_put(&ring, &r);
  }
}
static bool whole(const struct exo_trace *r, uint64_t n) {
  struct exo_trace want = numbered(n);
  return memcmp(r, &want, sizeof want) == 0;
}

static void empty(void) {
  struct exo_trace r;
  memset(&ring, 0, sizeof ring);
  CHECK(!exo_trace_read(&ring, 0, &r));
  EQ(exo_trace_lost(&ring, 0), 0);
  put(1);
  CHECK(exo_trace_read(&ring, 0, &r) && whole(&r, 0));
  CHECK(!exo_trace_read(&ring, 1, &r) && !exo_trace_read(&ring, ~0ull, &r));
}

static void wraps(void) {
  struct exo_trace r;
  memset(&ring, 0, sizeof ring);
  put(RECORDS - 1);
  EQ(exo_trace_lost(&ring, 0), 0);
  CHECK(exo_trace_read(&ring, 0, &r) && whole(&r, 0));
  put(1); // the next one goes where 0 lies: it may be under way
  EQ(exo_trace_lost(&ring, 0), 1);
  CHECK(!exo_trace_read(&ring, 0, &r));
  CHECK(exo_trace_read(&ring, 1, &r) && whole(&r, 1));
  put(2 * RECORDS + 7);
  EQ(ring.written, 3 * RECORDS + 7);
  EQ(exo_trace_lost(&ring, 0), 2 * RECORDS + 8);
  EQ(exo_trace_lost(&ring, 2 * RECORDS + 8), 0);
  EQ(exo_trace_lost(&ring, 2 * RECORDS), 8);
  CHECK(!exo_trace_read(&ring, 2 * RECORDS + 7, &r));
  for (uint64_t n = 2 * RECORDS + 8; n < 3 * RECORDS + 7; n++) CHECK(exo_trace_read(&ring, n, &r) && whole(&r, n));
}

static void *writer(void *unused) {
  put(ROUNDS);
  return unused;
}

static void concurrent(void) {
  memset(&ring, 0, sizeof ring);
  pthread_t thread;
  EQ(pthread_create(&thread, nullptr, writer, nullptr), 0);
  struct exo_trace r;
  uint64_t n = 0, lost = 0, read = 0;
  while (n < ROUNDS) {
    uint64_t missed = exo_trace_lost(&ring, n);
    lost += missed;
    n += missed;
    if (!exo_trace_read(&ring, n, &r)) continue;
    CHECK(whole(&r, n));
    n++;
    read++;
  }
  EQ(pthread_join(thread, nullptr), 0);
  EQ(lost + read, ROUNDS);
}

static void marks(void) {
  EQ(exo_mark_letters("sort"), 0x74726F73);
  EQ(exo_mark_letters("longer than seven"), exo_mark_letters("longer "));
  EQ(exo_mark(EXO_MARK_BEGIN, ~0ull), EXO_MARK_BIT | 0x42FFFFFFFFFFFFFF);
}

const struct test trace_tests[] = {
    {"empty ring", empty}, {"ring wraps", wraps}, {"ring is read while written", concurrent}, {"marks", marks}, {}};
