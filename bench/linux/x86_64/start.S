// start.S: where Linux starts the benchmarks, and where a handler returns to.
	.text
	.globl _start
_start:
	mov %rsp, %rdi
	xor %ebp, %ebp
	and $-16, %rsp
	call linux_start
	ud2
	.globl linux_restorer
linux_restorer:
	mov $15, %eax
	syscall
