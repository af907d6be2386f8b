// start.S: where Linux starts the benchmarks. A handler returns to Linux's own page.
  .text
  .globl _start, linux_restorer
_start:
  mov x0, sp
  mov x29, #0
  bl linux_start
linux_restorer:
  brk #0
