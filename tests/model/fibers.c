// fibers.c: the fake machine tells the address sanitizer of its fibers; here there is none.
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

void __sanitizer_start_switch_fiber(void **, const void *, size_t) {}
void __sanitizer_finish_switch_fiber(void *, const void **, size_t *) {}
void __asan_unpoison_memory_region(void const volatile *, size_t) {}
