// start.S: where Linux starts the benchmarks. A handler returns to Linux's own page.
  .text
  .globl _start, linux_restorer
_start:
  .option push
  .option norelax
  lla gp, __global_pointer$
  .option pop
  mv a0, sp
  li fp, 0
  call linux_start
linux_restorer:
  unimp
