// crash.c: the report of a program that can not go on, and its end. The parent trusts only the obituary; this is what
// the dying library says.
#include <os/mem.h>

static const char *region_of(uint64_t va) {
  const struct os_region *r = os_region_find(va);
  if (!r) return va < EXO_PAGE ? "the zero page" : "no region";
  return r->prot ? r->pager->name : "a guard page";
}

// A word may be read if the library knows that it is mapped: a second fault would end the program without a report.
static bool readable(uint64_t va) {
  if (va & 7) return false;
  uint64_t sp = (uint64_t)__builtin_frame_address(0);
  return (va ^ sp) >> EXO_PAGE_BITS == 0 || os_table_entry(va) != 0;
}

// Where a frame's record {caller's frame, return address} lies relative to its frame pointer: at it, or 16 below it
// (RISC-V). This very function's own frame shows which.
[[gnu::noinline]] static uint64_t link_offset(void) {
  const uint64_t *fp = __builtin_frame_address(0);
  return fp[1] == (uint64_t)__builtin_return_address(0) ? 0 : (uint64_t)-16;
}

static void backtrace(const struct exo_record *r) {
  struct arch_frame regs = r->regs;
  uint64_t fp = arch_frame_fp(&regs), offset = link_offset();
  os_print("  called from:");
  for (int depth = 0; depth < 16; depth++) {
    uint64_t link = fp + offset;
    if (!readable(link) || !readable(link + 8)) break;
    const uint64_t *word = (const uint64_t *)link;
    if (!word[1]) break;
    os_print(" %lx", word[1]);
    if (word[0] <= fp) break; // the bottom, or a caller that keeps no frame pointer
    fp = word[0];
  }
  os_print("\n");
}

void os_crash(const struct exo_record *r, const char *why) {
  static bool crashing;
  if (!crashing) {
    crashing = true;
    const char *name = os_self.argv && os_self.argc ? os_self.argv[0] : "program";
    if (r) {
      struct arch_frame regs = r->regs;
      os_print("\n%s: %s: address %lx (%s), pc %lx, sp %lx\n", name, os_cause_text(r->cause), r->address,
               region_of(r->address), *arch_frame_pc(&regs), *arch_frame_sp(&regs));
      if (os_frame_why < 0)
        os_print("  the last frame that was refused: %s; %lu of %lu pages promised, %lu of %lu frames used\n",
                 os_result_text(os_frame_why), os_committed_pages(), os_commit_limit(), os_self.window->used,
                 os_self.window->ceiling);
      backtrace(r);
    }
    if (why) os_print("%s: it says: %s\n", name, why);
  }
  (void)exo_env_stop((struct exo_env_stop){.env = 0, .status = 139});
  for (;;) arch_pause();
}
