// sweep.S: a call of code that may do anything to registers and stack; a fault in it goes on at sweep_back.
	.text
	.globl sweep_call, sweep_back
	.p2align 4
sweep_call:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, sweep_stack(%rip)
	mov %rdi, %rcx
	mov %rsi, %rax
	mov %rsi, %rdi
	xor %edx, %edx
	call *%rcx
sweep_back:
	mov sweep_stack(%rip), %rsp
	cld
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.bss
	.p2align 3
sweep_stack:
	.quad 0
