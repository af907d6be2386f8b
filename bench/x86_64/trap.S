// trap.S: the counter before a trap and after the return. The null call is Veridian's, or Linux's getpid.
#ifdef LINUX
#define NUMBER 39
#else
#define NUMBER 0xE0000000
#endif

	.macro NOW to
	rdtsc
	shl $32, %rdx
	or %rdx, %rax
	mov %rax, \to(%rip)
	.endm
	.macro TRAP name, instruction:vararg
	.globl \name, \name\()_after
	.p2align 4
\name:
	NOW bench_before
	\instruction
\name\()_after:
	NOW bench_after
	ret
	.endm
	.text
	TRAP bench_store, movq $1, (%rdi)
	TRAP bench_illegal, ud2
	TRAP bench_foreign, syscall
	TRAP bench_nothing, nop
// bench_null(word): a call, with its result left where it is; and the same without the trap.
	.macro NULL name, trap:vararg
	.globl \name
	.p2align 4
\name:
	NOW bench_before
	mov $NUMBER, %eax
	\trap
	mov %rax, %r8
	NOW bench_after
	mov %r8, %rax
	ret
	.endm
	NULL bench_null, syscall
	NULL bench_null_empty
