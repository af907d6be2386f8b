// calls.c: the call interface under libFuzzer: programs of two environments and the first one on two CPUs do what the
// input says, as in the random test; after every step all invariants hold.
#include "bytes.h"

enum { CPUS_USED = 2, CHILDREN = 2 };

static void begin(void) {
  static struct child child[CHILDREN];
  test_running = "fuzz-calls";
  machine_start();
  for (unsigned i = 0; i < CHILDREN; i++) {
    child_make(&child[i], i + 1, (1 << CPUS_USED) - 1);
    EQ(CALL(0, env_ceiling, .env = child[i].number, .ceiling = 12), EXO_OK);
  }
  for (unsigned i = 0; i < CHILDREN; i++)
    for (unsigned cpu = 0; cpu < CPUS_USED; cpu++) child_run(&child[i], cpu, 1 + i, 1'000'000);
}

static void trap(unsigned cpu, enum fake_job job) {
  fake_cpu[cpu].cause = 1 + test_random(9);
  fake_cpu[cpu].address = test_random(~0ull);
  fake_post(cpu, job);
  fake_run();
}

static void call(unsigned cpu) {
  const struct exo_uarea *u = cpu_at(cpu)->arch.uarea;
  draw_call(cpu);
  uint64_t before = machine_digest();
  fake_post(cpu, JOB_CALL);
  fake_run();
  draw_note(&fake_cpu[cpu], u);
  if (fake_cpu[cpu].returned && fake_cpu[cpu].result < 0 && !fake.off) EQ(machine_digest(), before);
}

static void step(void) {
  uint64_t what = bytes_take(1);
  unsigned cpu = what & 1;
  if (fake_cpu[cpu].state != FAKE_USER || what >> 1 == 127)
    fake_time(test_random(2'000'000) + 1000);
  else if (what >> 1 == 126)
    draw_lie(cpu);
  else if (what >> 1 == 125 && draw_may_fault(cpu))
    trap(cpu, JOB_FAULT);
  else if (what >> 1 == 124)
    trap(cpu, JOB_FP);
  else if (what >> 1 > 120)
    draw_touch(cpu);
  else
    call(cpu);
  if (!fake.off) invariants();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  bytes_from(data, 0);
  begin();
  bytes_from(data, size);
  while (bytes_left() && !fake.off) step();
  if (fake.off && fake.exit != ARCH_EXIT_CLEAN) fake_broken("the machine ended");
  return 0;
}
