// storm_victim.c: the innocent one: computes the same block again and again, over its own pages and all floating-point
// and vector registers; the answer is known. It never waits, so what it runs is what it is given.
#include "storm.h"
#include "machine.h"

enum { WORDS = EXO_PAGE / 8, SLICE = 20 };
struct kid victim;
static struct {
  uint64_t data[VICTIM_PAGES * WORDS], work[VICTIM_WORK * WORDS];
} own; // the parent's, as the victim's should be

static uint64_t step(uint64_t x, uint64_t word) { return (x ^ word) * 6364136223846793005ull + 1442695040888963407ull; }

static void fill(uint64_t *data, uint64_t seed) {
  for (unsigned i = 0; i < VICTIM_PAGES * WORDS; i++) data[i] = os_random(&seed);
}

// One block. // The registers are filled, hold while a few pages are read, and enter the sum; so do the pages it
// writes.
static uint64_t block(const uint64_t *data, uint64_t *work, uint64_t seed, void (*look)(void)) {
  uint64_t x = seed, fp[FP_WORDS_MAX];
  for (unsigned page = 0; page < VICTIM_PAGES; page++) {
    if (page % 8 == 0) {
      for (unsigned i = 0; i < FP_WORDS_MAX; i++) fp[i] = step(x, i);
      fp_fill(fp);
    }
    for (unsigned i = 0; i < WORDS; i++) {
      x = step(x, data[page * WORDS + i]);
      work[(page % VICTIM_WORK) * WORDS + i] = x;
    }
    look();
    if (page % 8 != 7) continue;
    fp_read(fp);
    for (unsigned i = 0; i < fp_word_count(); i++) x = step(x, fp[i]);
    for (unsigned i = 0; i < VICTIM_WORK * WORDS; i++) x = step(x, work[i]);
  }
  return x;
}

// What lies between the last look at a turn and the next one's first is nobody's: the kernel's, and the host's pauses.
void storm_turns(volatile uint64_t *ran) {
  static uint64_t entered, begun, before;
  uint64_t now = arch_counter(), turn = *(volatile uint64_t *)&os_self.uarea->entered;
  if (turn != entered) {
    before = *ran;
    entered = turn;
    begun = now;
  }
  *ran = before + (now - begun);
}
static void look(void) { storm_turns(&((volatile struct victim_page *)os_self.shared)->ran); }

int storm_victim(int argc, char **argv) {
  (void)argc;
  volatile struct victim_page *page = (volatile struct victim_page *)os_self.shared;
  uint64_t seed = os_number(argv[0], 1), answer = os_number(argv[1], 0);
  uint64_t *data = os_pages(VICTIM_PAGES * EXO_PAGE), *work = os_pages(VICTIM_WORK * EXO_PAGE);
  if (!data || !work) return 1;
  fill(data, seed);
  for (unsigned i = 0; i < VICTIM_PAGES; i++) page->frame[i] = os_table_entry((uint64_t)data + i * EXO_PAGE) >> 3;
  while (!page->stop) {
    page->bad += block(data, work, seed, look) != answer;
    page->blocks++;
  }
  return 0;
}

bool victim_begin(uint64_t seed) {
  fill(own.data, seed);
  uint64_t answer = block(own.data, own.work, seed, arch_pause);
  if (!kid_start(&victim, (struct kid_how){.cpu = second_cpu(), .slice = SLICE}, "victim", seed, answer)) return false;
  return kid_until(&victim, 0, 2, MS(20000));
}

uint64_t victim_check(void) {
  volatile struct victim_page *page = victim_page();
  uint64_t blocks = page->blocks, wrong = 0;
  EXPECT(kid_until(&victim, 0, blocks + 2, MS(20000)));
  EXPECT_IS(page->bad, 0);
  page->stop = 1;
  EXPECT(kid_wait(&victim, MS(20000)));
  EXPECT_IS(os_child_status(&victim.child), 0);
  for (unsigned i = 0; i < VICTIM_PAGES; i++) {
    void *at = os_core_map(OS_SLOT_SELF, page->frame[i], EXO_READ);
    wrong += !at || memcmp(at, (uint8_t *)own.data + i * EXO_PAGE, EXO_PAGE) != 0;
    if (at) os_core_unmap(at);
  }
  EXPECT_IS(wrong, 0);
  return page->blocks;
}
