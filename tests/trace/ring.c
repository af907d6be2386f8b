// ring: a program that reads what the kernel keeps of it, through the read-only window. With a kernel that traces
// nothing it says so and ends with status 3.
#include <os/mem.h>

enum : uint64_t { RING_FRAMES = sizeof(struct exo_trace_ring) / EXO_PAGE, MARKS = 5, FULL = EXO_TRACE_RECORDS + 100 };

static const struct exo_trace_ring *ring;
static int failed;

static void check(bool good, const char *what) {
  if (!good) os_print("ring: failed: %s\n", what);
  failed |= !good;
}

static const struct exo_trace_ring *ring_map(uint64_t cpu) {
  uint64_t at = os_region_gap(RING_FRAMES * EXO_PAGE);
  exo_result r =
      os_region_add((struct os_region){.start = at,
                                       .end = at + RING_FRAMES * EXO_PAGE,
                                       .prot = EXO_READ,
                                       .pager = &os_pager_window,
                                       .data = {os_self.machine->trace_frame + cpu * RING_FRAMES, OS_SLOT_WINDOW}});
  return r < 0 ? nullptr : (const struct exo_trace_ring *)at;
}

static void only_to_read(void) {
  exo_frame frame = os_self.machine->trace_frame;
  uint64_t at = os_region_gap(EXO_PAGE);
  check(os_map(at, OS_SLOT_WINDOW, frame, EXO_READ | EXO_WRITE) < 0, "a ring can be mapped writable");
  check(os_map(at, OS_SLOT_SELF, frame, EXO_READ) < 0, "a ring is mapped without the capability for windows");
  check(exo_frame_drop((struct exo_frame_drop){.slot = OS_SLOT_WINDOW, .frame = frame}) < 0, "a ring can be dropped");
}

// Reads all records from `n` on until the mark with this payload; counts those of the program's own, in order.
static unsigned marks_from(uint64_t n, uint64_t base, uint64_t count) {
  struct exo_trace r;
  uint64_t time = 0;
  unsigned found = 0;
  for (; found < count && exo_trace_read(ring, n, &r); n++) {
    check(r.time >= time, "time goes backwards");
    time = r.time;
    if (r.kind != EXO_TRACE_MARK || r.word[0] != exo_mark(EXO_MARK_POSIX, base + found)) continue;
    check(r.env == (uint32_t)(os_self.env & ((1ull << 40) - 1)), "a mark of somebody else's");
    found++;
  }
  return found;
}

static void own_marks(void) {
  for (const uint8_t *at = (const uint8_t *)ring; at < (const uint8_t *)(ring + 1); at += EXO_PAGE)
    (void)*(volatile const uint8_t *)at; // all of it is mapped now: reading makes no more events
  uint64_t before = ring->written;
  for (uint64_t i = 0; i < MARKS; i++) os_trace(EXO_MARK_POSIX, 1000 + i);
  check(marks_from(before, 1000, MARKS) == MARKS, "marks are missing");
  check(exo_trace_lost(ring, before) == 0, "records were lost that were read");
}

static void overwritten(void) {
  struct exo_trace r;
  uint64_t before = ring->written;
  for (uint64_t i = 0; i < FULL; i++) os_trace(EXO_MARK_POSIX, 2000 + i);
  check(!exo_trace_read(ring, before, &r), "a record that was overwritten is still read");
  check(exo_trace_lost(ring, before) >= FULL - EXO_TRACE_RECORDS + 1, "more was overwritten than is counted as lost");
  check(marks_from(ring->written - 1000, 2000 + FULL - 500, 500) == 500, "the newest marks are missing");
}

int main(int argc, char **argv) {
  (void)argc;
  (void)argv;
  if (!os_self.machine->trace_frame) {
    os_print("ring: this kernel traces nothing\n");
    return 3;
  }
  ring = ring_map(os_self.cpu);
  if (!ring || ring->version != EXO_TRACE_VERSION) return 2;
  only_to_read();
  own_marks();
  overwritten();
  if (!failed) os_print("ring: all is as it should be\n");
  return failed;
}
