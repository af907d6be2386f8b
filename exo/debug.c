// debug.c: what a debugger needs of the kernel, which is itself library code: points at which the machine stops a
// program, kept with a presence's registers. Steps are asked for in a record, and all arrives at the fault door.
#include "core.h"

static bool kind_valid(exo_word kind) {
  return kind == EXO_EXEC || kind == EXO_WRITE || kind == (EXO_READ | EXO_WRITE);
}

static bool point_valid(exo_word address, exo_word control) {
  exo_word kind = control & 0xFF, length = control >> 8;
  if (!control) return true;
  if (!kind_valid(kind) || !length || length > 8 || length & (length - 1) || (kind == EXO_EXEC && length > 1))
    return false;
  return !(address & (length - 1)) && address < ARCH_USER_LIMIT; // the limit is a multiple of all lengths
}

// A CPU that switches may see half of a change: any address goes with any control word, and the cross call follows.
static void point_set(struct env_cpu *ec, exo_word i, exo_word address, exo_word control) {
  uint8_t bit = (uint8_t)(1u << i), others = ec->points & (uint8_t)~bit;
  __atomic_store_n(&ec->debug.address[i], address, __ATOMIC_RELAXED);
  __atomic_store_n(&ec->debug.control[i], control, __ATOMIC_RELAXED);
  __atomic_store_n(&ec->points, control ? others | bit : others, __ATOMIC_RELEASE);
}

void debug_load(struct cpu *cpu) {
  const struct env_cpu *ec = cpu->env_cpu;
  if (!ec || (!__atomic_load_n(&ec->points, __ATOMIC_ACQUIRE) && !(cpu->live & LIVE_DEBUG))) return;
  struct arch_debug now; // what is checked and used
  for (int i = 0; i < DEBUG_POINTS_MAX; i++) {
    now.address[i] = __atomic_load_n(&ec->debug.address[i], __ATOMIC_RELAXED);
    now.control[i] = __atomic_load_n(&ec->debug.control[i], __ATOMIC_RELAXED);
  }
  arch_debug_load(&now);
  cpu->live |= LIVE_DEBUG;
}

exo_result sys_debug_set(const struct exo_debug_set *a) {
  struct exo_frame_desc *d;
  uint64_t s;
  if (!ARCH_DEBUG_POINTS) return EXO_NO_CALL;
  if (a->index >= ARCH_DEBUG_POINTS || !point_valid(a->address, a->control)) return EXO_RANGE;
  struct env *env = env_lock(a->env, &d, &s);
  if (!env) return EXO_NO_ENV;
  exo_result r = env == env_self() ? EXO_OK : cap_check(env_self(), a->slot, d->guard, EXO_MANAGE);
  struct env_cpu *ec = env_on(env, a->cpu < EXO_MAX_CPUS ? (unsigned)a->cpu : EXO_MAX_CPUS);
  if (r == EXO_OK && !ec) r = EXO_EMPTY;
  if (r == EXO_OK) point_set(ec, a->index, a->address, a->control);
  frame_unlock(d, s);
  if (r != EXO_OK) return r;
  if (a->cpu == arch_self()->index)
    debug_load(arch_self());
  else
    smp_cross((unsigned)a->cpu);
  return EXO_OK;
}
