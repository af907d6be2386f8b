// call_test.c: the calls as such: numbers, batches, console and the end of the machine.
#include <string.h>
#include "test.h"

static struct child a;

static void a_runs(void) { // on CPU 1
  machine_start();
  child_make(&a, 1, 3);
  child_run(&a, 1, 0, 1'000'000);
}
static const struct exo_batch_entry *entry(unsigned cpu, unsigned i) { return &cpu_at(cpu)->arch.uarea->batch[i]; }

static void null_call(void) {
  machine_start();
  static const uint64_t echo[] = {0, 1, 1ull << 62, ~0ull >> 1, 1ull << 63, ~0ull};
  for (unsigned i = 0; i < 6; i++) EQ(CALL(0, null, .echo = echo[i]), echo[i] & ~0ull >> 1);
}

static void no_call(void) {
  machine_start();
  uint64_t argument[6] = {};
  static const uint64_t number[] = {EXO_CALL_COUNT, EXO_CALL_COUNT + 1, 255, 1ull << 32, ~0ull};
  for (unsigned i = 0; i < 5; i++) EQ(machine_call(0, number[i], argument, sizeof argument), EXO_NO_CALL);
}

static void batch_bounds(void) {
  machine_start();
  REFUSE(EXO_RANGE, 0, batch, .count = EXO_BATCH + 1);
  REFUSE(EXO_RANGE, 0, batch, .count = ~0ull);
  EQ(CALL(0, batch, .count = 0), 0);
  for (unsigned i = 0; i < EXO_BATCH; i++) BATCH(0, i, null, .echo = i);
  EQ(CALL(0, batch, .count = EXO_BATCH), EXO_BATCH);
  for (unsigned i = 0; i < EXO_BATCH; i++) EQ(entry(0, i)->result, i);
}

static void batch_refuses(void) {
  static const uint64_t number[] = {EXO_CALL_batch,        EXO_CALL_resume, EXO_CALL_yield, EXO_CALL_env_stop,
                                    EXO_CALL_machine_exit, EXO_CALL_COUNT,  1ull << 32,     ~0ull};
  machine_start();
  for (unsigned i = 0; i < sizeof number / sizeof *number; i++) {
    BATCH(0, 0, null, .echo = 1);
    batch_set(0, 1, number[i], &(uint64_t[6]){}, 48);
    BATCH(0, 2, null, .echo = 3);
    EQ(CALL(0, batch, .count = 3), 2); // the second failed
    CHECK(entry(0, 0)->result == 1 && entry(0, 2)->result == 77);
    CHECK(entry(0, 1)->result == EXO_NOT_IN_BATCH ||
          (number[i] >= EXO_CALL_COUNT && entry(0, 1)->result == EXO_NO_CALL));
  }
}

static void batch_stops(void) {
  a_runs();
  EQ(CALL(0, env_ceiling, .env = a.number, .ceiling = 2), EXO_OK);
  exo_frame f[3] = {frame_free_at(64)};
  for (unsigned i = 0; i < 3; i++) {
    f[i] = frame_free_at(i ? f[i - 1] + 1 : 64);
    BATCH(1, i, frame_take, .frame = f[i], .guard = a.guard);
  }
  EQ(CALL(1, batch, .count = 3), 3); // the last of them failed
  CHECK(entry(1, 0)->result == EXO_OK && entry(1, 1)->result == EXO_OK && entry(1, 2)->result == EXO_CEILING);
  for (unsigned i = 0; i < 3; i++) EQ(kind_of(f[i]), i < 2 ? EXO_KIND_USER : EXO_KIND_FREE);
  BATCH(1, 0, null, .echo = 5);
  BATCH(1, 1, null, .echo = 6);
  fake_cpu[1].interrupt = true;
  EQ(CALL(1, batch, .count = 2), 1);
  CHECK(entry(1, 0)->result == 5 && entry(1, 1)->result == 77);
  fake_cpu[1].interrupt = false;
}

static void batch_maps_what_it_took(void) {
  a_runs();
  EQ(CALL(0, env_ceiling, .env = a.number, .ceiling = 1), EXO_OK);
  exo_frame f = frame_free_at(64);
  BATCH(1, 0, frame_take, .frame = f, .guard = a.guard);
  BATCH(1, 1, map, .table = a.leaf, .index = 77, .frame = f, .prot = 3);
  BATCH(1, 2, unmap, .table = a.leaf, .index = 77, .count = 1);
  BATCH(1, 3, frame_drop, .frame = f);
  EQ(CALL(1, batch, .count = 4), 4);
  EQ(entry(1, 3)->result, EXO_OK);
  EQ(kind_of(f), EXO_KIND_FREE);
}

static void console(void) {
  a_runs();
  uint64_t hello = 0x0A6F6C6C6548; // "Hello\n"
  fake.length[0] = 0;
  memset(fake.text[0], 0, sizeof fake.text[0]);
  EQ(CALL(0, console_write, .length = 6, .w0 = hello), EXO_OK);
  CHECK(__builtin_strstr(fake.text[0], "Hello\r\n"));
  EQ(CALL(0, console_write, .length = 24, .w0 = hello, .w1 = hello, .w2 = ~0ull), EXO_OK);
  EQ(CALL(0, console_write, .length = 0), EXO_OK);
  fake.length[1] = 0;
  EQ(CALL(0, console_write, .port = EXO_PORT_RESULTS, .length = 6, .w0 = hello), EXO_OK);
  CHECK(memcmp(fake.text[1], "Hello\n", 6) == 0 && fake.length[1] == 6);
  REFUSE(EXO_RANGE, 0, console_write, .port = 2, .length = 1);
  REFUSE(EXO_RANGE, 0, console_write, .port = ~0ull, .length = 1);
  REFUSE(EXO_RANGE, 0, console_write, .length = 25);
  REFUSE(EXO_RANGE, 0, console_write, .length = ~0ull);
  REFUSE(EXO_DENIED, 1, console_write, .length = 1);
  REFUSE(EXO_NO_SLOT, 1, console_write, .slot = 1, .length = 1);
  EQ(CALL(0, cap_grant, .env = a.number, .index = 1, .name = EXO_GUARD_CONSOLE_OUT, .rights = EXO_WRITE), EXO_OK);
  EQ(CALL(1, console_write, .slot = 1, .length = 1, .w0 = 'x'), EXO_OK);
  REFUSE(EXO_DENIED, 1, console_write, .slot = 1, .port = EXO_PORT_RESULTS, .length = 1); // another capability
  REFUSE(EXO_DENIED, 1, console_read, .slot = 1);
  REFUSE(EXO_NO_SLOT, 1, console_read, .slot = 64);
  EQ(CALL(0, cap_grant, .env = a.number, .index = 2, .name = EXO_GUARD_CONSOLE_IN, .rights = EXO_WRITE), EXO_OK);
  EQ(CALL(0, cap_grant, .env = a.number, .index = 3, .name = EXO_GUARD_CONSOLE_OUT, .rights = EXO_READ), EXO_OK);
  REFUSE(EXO_DENIED, 1, console_read, .slot = 2); // the right name, not the right
  REFUSE(EXO_DENIED, 1, console_write, .slot = 3, .length = 1);
  REFUSE(EXO_EMPTY, 0, console_read);
  fake.input = "a\xFF";
  EQ(CALL(0, console_read), 'a');
  EQ(CALL(0, console_read), 0xFF);
  REFUSE(EXO_EMPTY, 0, console_read);
}

static void machine_exit(void) {
  a_runs();
  REFUSE(EXO_DENIED, 1, machine_exit);
  REFUSE(EXO_NO_SLOT, 1, machine_exit, .slot = 2);
  EQ(CALL(0, cap_grant, .env = a.number, .index = 2, .name = EXO_GUARD_EXIT, .rights = EXO_READ), EXO_OK);
  REFUSE(EXO_DENIED, 1, machine_exit, .slot = 2);
  EQ(CALL(0, cap_grant, .env = a.number, .index = 3, .name = EXO_GUARD_EXIT, .rights = EXO_WRITE), EXO_OK);
  EQ(CALL(1, machine_exit, .slot = 3), AWAY);
  CHECK(fake.off && fake.exit == ARCH_EXIT_CLEAN);
  machine_start();
  EQ(CALL(0, machine_exit, .status = 1), AWAY);
  CHECK(fake.off && fake.exit == ARCH_EXIT_PANIC);
}

const struct test call_tests[] = {
    {"null", null_call},
    {"no such call", no_call},
    {"batch bounds", batch_bounds},
    {"batch refuses", batch_refuses},
    {"batch stops", batch_stops},
    {"batch maps what it took", batch_maps_what_it_took},
    {"console", console},
    {"machine_exit", machine_exit},
    {},
};
