// thread.c: the thread pointer: fs belongs to the program, and user mode may write it (FSGSBASE).
int __set_thread_area(void *pointer);
int __set_thread_area(void *pointer) {
  __asm__ volatile("wrfsbase %0" ::"r"(pointer));
  return 0;
}
