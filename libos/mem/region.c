// region.c: what is meant to be where, and which pager answers for it: one sorted array, always mapped, because it is
// read while a fault is handled. Neighbours that agree in everything are one region.
#include <os/mem.h>

enum { REGIONS = 768 };
static struct os_region region[REGIONS];
static unsigned region_count;
static uint64_t committed, limit = ~0ull;

uint64_t os_committed_pages(void) { return committed; }
uint64_t os_commit_limit(void) { return limit; }
void os_commit_limit_set(uint64_t pages) { limit = pages; }

static uint64_t pages(const struct os_region *r) { return (r->end - r->start) / EXO_PAGE; }

static unsigned search(uint64_t va) {
  unsigned from = 0, to = region_count;
  while (from < to) {
    unsigned mid = (from + to) / 2;
    if (region[mid].end <= va)
      from = mid + 1;
    else
      to = mid;
  }
  return from;
}

// The first region that ends behind `va`: often the one that was looked for last.
static unsigned lower(uint64_t va) {
  static unsigned last;
  if (last >= region_count || region[last].start > va || va >= region[last].end) last = search(va);
  return last;
}

static void open_gap(unsigned at) {
  for (unsigned i = region_count++; i > at; i--) region[i] = region[i - 1];
}
static void close_gap(unsigned at) {
  region_count--;
  for (unsigned i = at; i < region_count; i++) region[i] = region[i + 1];
}

static bool mergeable(const struct os_region *a, const struct os_region *b) {
  return a->end == b->start && a->prot == b->prot && a->pager == b->pager && a->pager == &os_pager_zero &&
         a->committed == b->committed;
}

static void merge_around(unsigned at) {
  if (at + 1 < region_count && mergeable(&region[at], &region[at + 1])) {
    region[at].end = region[at + 1].end;
    close_gap(at + 1);
  }
  if (at > 0 && at < region_count && mergeable(&region[at - 1], &region[at])) {
    region[at - 1].end = region[at].end;
    close_gap(at);
  }
}

// Promised memory must be had when it is touched: count it now, while the program can still be told. One page in 64 is
// kept for tables and their shadows.
static bool commit(uint64_t count) {
  uint64_t whole = committed + count;
  if (whole < count || whole + whole / 64 > limit) return false;
  committed = whole;
  return true;
}

exo_result os_region_add(struct os_region r) {
  if ((r.start | r.end) & (EXO_PAGE - 1) || r.start >= r.end || region_count + 2 > REGIONS) return EXO_RANGE;
  unsigned at = lower(r.start);
  if (at < region_count && region[at].start < r.end) return EXO_BUSY;
  r.committed = r.pager == &os_pager_zero && r.prot;
  if (r.committed && !commit(pages(&r))) return EXO_CEILING;
  open_gap(at);
  region[at] = r;
  merge_around(at);
  return EXO_OK;
}

const struct os_region *os_region_find(uint64_t va) {
  unsigned at = lower(va);
  return at < region_count && region[at].start <= va ? &region[at] : nullptr;
}

// Makes `va` a border between regions. False: no room in the array.
static bool split(uint64_t va) {
  unsigned at = lower(va);
  if (at == region_count || region[at].start >= va) return true;
  if (region_count == REGIONS) return false;
  open_gap(at);
  region[at].end = va;
  region[at + 1].start = va;
  if (region[at].pager == &os_pager_window) region[at + 1].data[0] += (va - region[at].start) / EXO_PAGE;
  return true;
}

exo_result os_region_remove(uint64_t start, uint64_t end) {
  if (!split(start) || !split(end)) return EXO_RANGE;
  unsigned at = lower(start);
  while (at < region_count && region[at].start < end) {
    const struct os_region *r = &region[at];
    if (r->pager) r->pager->forget(r, r->start, r->end);
    if (r->committed) committed -= pages(r);
    close_gap(at);
  }
  return EXO_OK;
}

exo_result os_region_protect(uint64_t start, uint64_t end, uint64_t prot) {
  if (!split(start) || !split(end)) return EXO_RANGE;
  uint64_t va = start, more = 0;
  for (unsigned at = lower(start); va < end; at++) {
    if (at == region_count || region[at].start != va) return EXO_EMPTY;
    if (prot && !region[at].committed && region[at].pager == &os_pager_zero) more += pages(&region[at]);
    va = region[at].end;
  }
  if (more && !commit(more)) return EXO_CEILING;
  for (unsigned at = lower(start); at < region_count && region[at].start < end; at++) {
    region[at].prot = prot;
    if (prot && region[at].pager == &os_pager_zero) region[at].committed = true;
  }
  exo_result r = os_protect(start, end, prot);
  merge_around(lower(start));
  return r;
}

uint64_t os_region_gap(uint64_t bytes) {
  uint64_t va = OS_HEAP;
  for (unsigned at = lower(va); at < region_count && region[at].start < OS_HEAP_END; at++) {
    if (region[at].start - va >= bytes && region[at].start > va) return va;
    va = region[at].end;
  }
  return OS_HEAP_END - va >= bytes ? va : 0;
}

void *os_pages(uint64_t bytes) {
  bytes = (bytes + EXO_PAGE - 1) & ~(uint64_t)(EXO_PAGE - 1);
  uint64_t va = os_region_gap(bytes);
  if (!va || !bytes) return nullptr;
  struct os_region r = {.start = va, .end = va + bytes, .prot = EXO_READ | EXO_WRITE, .pager = &os_pager_zero};
  return os_region_add(r) == EXO_OK ? (void *)va : nullptr;
}

bool os_region_fault(uint64_t address, uint64_t cause) {
  const struct os_region *r = os_region_find(address);
  return r && r->pager && r->pager->fault(r, address & ~(uint64_t)(EXO_PAGE - 1), cause);
}
