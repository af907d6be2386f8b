// batch.c: the batch under libFuzzer: the page is the input's, entry by entry, and another program of the same
// environment goes on writing it while the kernel runs through. Whatever it
// says, the machine and the caller live on.
#include <string.h>
#include "bytes.h"

static struct child child;
static struct exo_uarea *u;

// A word that may mean something: a frame, an environment, a name; or any.
static uint64_t word(void) {
  const uint64_t known[] = {child.env,      child.root,     child.upper,  child.middle,   child.leaf,
                            child.state[1], child.uarea[1], child.number, child.guard,    first(),
                            SCREEN,         EXO_BATCH,      RAM_END,      child.uarea[2], child.uarea[1] + 1};
  uint64_t tag = bytes_take(1);
  if (tag < sizeof known / sizeof *known) return known[tag];
  if (tag < 64) return bytes_take(8);
  return tag < 128 ? tag - 64 : frame_free_at(64) + tag % 32;
}

static void entry_fill(struct exo_batch_entry *e) {
  uint64_t number = bytes_take(1);
  e->number = number < 64 ? number % (EXO_CALL_COUNT + 4) : number < 192 ? EXO_CALL_map + number % 4 : bytes_take(8);
  // Slots stand first and, in map, fourth: mostly the one that reaches all.
  for (unsigned i = 0; i < EXO_CALL_WORDS; i++) e->argument[i] = i % 3 == 0 && bytes_take(1) < 160 ? 0 : word();
  e->result = (int64_t)bytes_take(1);
}

// Between two entries: the page is shared, and its other user has had time to think.
static void page_changes(void) {
  if (bytes_left() && bytes_take(1) % 4 == 0) entry_fill(&u->batch[bytes_take(1) % EXO_BATCH]);
}

static void begin(void) {
  test_running = "fuzz-batch";
  machine_start();
  child_make(&child, 1, 6);
  EQ(CALL(0, env_ceiling, .env = child.number, .ceiling = 8), EXO_OK);
  child_run(&child, 1, 0, 1'000'000);
  u = cpu_at(1)->arch.uarea;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  bytes_from(data, 0);
  begin();
  bytes_from(data, size);
  fake.at_look = page_changes;
  while (bytes_left() && !fake.off && runs_on(1) == child.number) {
    uint64_t count = bytes_take(1), filled = count % (EXO_BATCH + 1);
    for (uint64_t i = 0; i < filled && bytes_left(); i++) entry_fill(&u->batch[i]);
    POST(1, batch, .count = count == 255 ? bytes_take(8) : count);
    fake_run();
    int64_t done = fake_cpu[1].result;
    uint64_t asked = fake_cpu[1].argument[0];
    CHECK(fake_cpu[1].returned);
    CHECK(asked > EXO_BATCH ? done == EXO_RANGE : done >= 0 && (uint64_t)done <= asked);
    invariants();
  }
  CHECK(!fake.off); // nothing that stands in a batch ends the machine, or its caller
  return 0;
}
