// pte_test.c: one machine's page-table codec, compiled once for each machine: what goes in comes out.
#include <arch/pte.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition) ((condition) ? (void)0 : fail(__LINE__, #condition))

static uint64_t physical, prot, kept;

[[noreturn]] static void fail(int line, const char *what) {
  fprintf(stderr, "pte_test.c:%d: %s (physical %llx, prot %llu, kept %llu)\n", line, what, (unsigned long long)physical,
          (unsigned long long)prot, (unsigned long long)kept);
  exit(1);
}

// What an entry may become at once: to be read always, to be written if it may and once was, to be executed never.
static void changes(pte_t k) {
  CHECK(pte_change(k, prot) == k);
  for (uint64_t to = 0; to < 8; to++) {
    if (to && ((to & ~6ull) != 1 || to & ~kept)) continue;
    pte_t e = pte_change(k, to);
    CHECK(pte_prot(e) == to && pte_kept(e) == kept && pte_physical(e) == physical && pte_change(e, to) == e);
    bool at_once = !(~k & PTE_READY(to)), after = !(~pte_change(e, 1) & PTE_READY(3));
    CHECK(at_once == (to & 4 ? false : to & 2 ? (kept & prot & 2) != 0 : true));
    CHECK(after == (((to | prot) & kept & 2) != 0));
    CHECK(PTE_READY(to)); // of an empty entry nothing
  }
}

static void leaf(bool user) {
  pte_t e = pte_leaf(physical, prot, user);
  CHECK(e != 0 && pte_present(e) && pte_is_leaf(e, 0));
  CHECK(pte_physical(e) == physical && pte_prot(e) == prot);
  for (kept = prot | 1; kept < 8; kept++) {
    if ((kept & prot) != prot || !(kept & 1) || kept == 7) continue; // nobody keeps both
    pte_t k = pte_keep(e, kept);
    CHECK(pte_kept(k) == kept && pte_physical(k) == physical && pte_prot(k) == prot && pte_present(k));
    // As protect does it: the page and the kept rights stay, whatever the protection was; and what may be so at once.
    if (user) changes(k);
    pte_t parked = pte_keep(pte_leaf(pte_physical(k), 0, user), pte_kept(k));
    CHECK(pte_present(parked) && pte_prot(parked) == 0 && pte_kept(parked) == kept && pte_physical(parked) == physical);
    CHECK(pte_keep(pte_leaf(pte_physical(parked), prot, user), pte_kept(parked)) == k);
  }
  kept = 0;
}

int main(void) {
  static const uint64_t prots[] = {0, 1, 3, 5};
  CHECK(!pte_present(0) && PTE_LEVELS == 4);
  for (unsigned bit = 12; bit <= 48; bit++) {
    physical = bit == 48 ? 0xFFFFFFFFF000 : 1ull << bit;
    if (bit == 12) physical = 0;
    for (unsigned i = 0; i < sizeof prots / sizeof *prots; i++) {
      prot = prots[i];
      leaf(true);
      leaf(false);
    }
    prot = 0;
    pte_t t = pte_table(physical);
    CHECK(t != 0 && pte_present(t) && pte_physical(t) == physical);
    for (int level = 1; level < PTE_LEVELS; level++) CHECK(!pte_is_leaf(t, level));
    pte_t d = pte_device(physical);
    CHECK(pte_present(d) && pte_physical(d) == physical && pte_prot(d) == 3 && d != pte_leaf(physical, 1, true));
  }
  return 0;
}
