// count.c: the functions that code compiled for a race detector calls at each access to memory. These note what is
// written; the access itself, where it is not atomic, is made by the caller.
#include "count.h"

// The names are the compiler's, and nobody declares them.
#pragma clang diagnostic ignored "-Wmissing-prototypes"

struct counted counted;
bool counting;

static void line_note(uint64_t at) {
  for (unsigned i = 0; i < counted.lines; i++)
    if (counted.line[i] == at) return;
  if (counted.lines < COUNTED_MAX) counted.line[counted.lines++] = at;
}
static void store(const volatile void *p, uint64_t size) {
  if (!counting) return;
  for (uint64_t at = (uint64_t)p / LINE * LINE; at < (uint64_t)p + size; at += LINE) line_note(at);
}
static void update(const volatile void *p, uint64_t size) {
  if (!counting) return;
  if (counted.updates < COUNTED_MAX) counted.update[counted.updates] = (uint64_t)p;
  counted.updates++;
  store(p, size);
}

static void barrier(int order) { counted.barriers += counting && order == __ATOMIC_SEQ_CST; }

void __tsan_init(void) {}
void __tsan_func_entry(const void *caller) { (void)caller; }
void __tsan_func_exit(void) {}
void __tsan_atomic_thread_fence(int order) {
  barrier(order);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
void *__tsan_memset(void *to, int byte, uint64_t n) {
  store(to, n);
  return __builtin_memset(to, byte, n);
}
void *__tsan_memcpy(void *to, const void *from, uint64_t n) {
  store(to, n);
  return __builtin_memcpy(to, from, n);
}
void *__tsan_memmove(void *to, const void *from, uint64_t n) {
  store(to, n);
  return __builtin_memmove(to, from, n);
}

#define ACCESS(n)                                                                                                      \
  void __tsan_read##n(const void *p) { (void)p; }                                                                      \
  void __tsan_unaligned_read##n(const void *p) { (void)p; }                                                            \
  void __tsan_write##n(const void *p) { store(p, n); }                                                                 \
  void __tsan_unaligned_write##n(const void *p) { store(p, n); }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

#define SEQ __ATOMIC_SEQ_CST
#define FETCH(bits, type, op)                                                                                          \
  type __tsan_atomic##bits##_fetch_##op(volatile type *p, type v, int order) {                                         \
    (void)order;                                                                                                       \
    update(p, sizeof v);                                                                                               \
    return __atomic_fetch_##op(p, v, SEQ);                                                                             \
  }
#define COMPARE(bits, type)                                                                                            \
  type __tsan_atomic##bits##_compare_exchange_val(volatile type *p, type e, type v, int good, int bad) {               \
    (void)good, (void)bad;                                                                                             \
    update(p, sizeof v);                                                                                               \
    __atomic_compare_exchange_n(p, &e, v, false, SEQ, SEQ);                                                            \
    return e;                                                                                                          \
  }
#define ATOMIC(bits, type)                                                                                             \
  type __tsan_atomic##bits##_load(const volatile type *p, int order) {                                                 \
    (void)order;                                                                                                       \
    return __atomic_load_n(p, SEQ);                                                                                    \
  }                                                                                                                    \
  void __tsan_atomic##bits##_store(volatile type *p, type v, int order) {                                              \
    barrier(order);                                                                                                    \
    store(p, sizeof v);                                                                                                \
    __atomic_store_n(p, v, SEQ);                                                                                       \
  }                                                                                                                    \
  type __tsan_atomic##bits##_exchange(volatile type *p, type v, int order) {                                           \
    (void)order;                                                                                                       \
    update(p, sizeof v);                                                                                               \
    return __atomic_exchange_n(p, v, SEQ);                                                                             \
  }                                                                                                                    \
  FETCH(bits, type, add)                                                                                               \
  FETCH(bits, type, sub)                                                                                               \
  FETCH(bits, type, and)                                                                                               \
  FETCH(bits, type, or)                                                                                                \
  COMPARE(bits, type)
ATOMIC(8, uint8_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)
