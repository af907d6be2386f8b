// attacks.c: attacks by name, one test each, beside a victim that computes. Those of which `systest` has a test are not
// here: never yielding (time-force, time-share), frames to the ceiling (memory-ceiling), stale translations on another
// CPU (memory-stale, memory-stale-protect), other's registers (fp-...), a fault in the fault door (fault-door-busy),
// pcs and flags of records (fault-hostile-pc, fault-hostile-state).
//   attacks [DEATHS [SEED]]
#include "attacks.h"

uint64_t attack_seed, attack_deaths_wanted = 200;
static uint64_t before;

static void begin(void) {
  before = frame_account();
  EXPECT(victim_begin(attack_seed));
}
static void end(void) {
  note("%lu blocks computed, all right", victim_check());
  kid_end(&victim);
  EXPECT_IS(frame_account(), before);
}

int main(int argc, char **argv) {
  static const struct role roles[] = {{"victim", storm_victim},
                                      {"attacker", storm_attacker},
                                      {"forger", forger},
                                      {"counter", counter},
                                      {"edges", edges},
                                      {"racer", racer},
                                      {"spoiler", spoiler},
                                      {"sweeper", sweeper},
                                      {}};
  for (const struct role *r = roles; argc > 2 && !strcmp(argv[1], "child") && r->name; r++)
    if (!strcmp(r->name, argv[2])) return r->play(argc - 3, argv + 3);
  static const struct test tests[] = {{"attack-begin", begin},
                                      {"attack-forge", attack_forge},
                                      {"attack-table-writable", attack_table_writable},
                                      {"attack-kernel-memory", attack_kernel_memory},
                                      {"attack-free-mapped", attack_free_mapped},
                                      {"attack-slots", attack_slots},
                                      {"attack-slices", attack_slices},
                                      {"attack-arguments", attack_arguments},
                                      {"attack-batch", attack_batch},
                                      {"attack-uarea", attack_uarea},
                                      {"attack-sweep", attack_sweep},
                                      {"attack-deaths", attack_deaths},
                                      {"attack-victim", end},
                                      {}};
  if (argc > 1) attack_deaths_wanted = os_number(argv[1], attack_deaths_wanted);
  attack_seed = argc > 2 ? os_number(argv[2], 1) : os_now_ns() | 1;
  os_report_test("attack-seed", true, "%lu", attack_seed);
  bool ok = true;
  for (const struct test *t = tests; t->name; t++) ok &= test_run(t);
  os_print("the invariants held at %lu looks\n", machine_looks());
  os_report_test("the-end", ok, "all attacks are over");
  return ok ? 0 : 1;
}
