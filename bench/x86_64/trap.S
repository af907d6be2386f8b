// trap.S: the counter before a trap, at the door's first instruction, and after the return.
#include <arch/frame.h>
#include <exo/uarea.h>

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
	mov $0xE0000000, %eax
	\trap
	mov %rax, %r8
	NOW bench_after
	mov %r8, %rax
	ret
	.endm
	NULL bench_null, syscall
	NULL bench_null_empty

// A door that reads the counter, then goes on at bench_continue.
	.globl bench_door
bench_door:
	NOW bench_at_door
	mov bench_continue(%rip), %rax
	mov %rax, FRAME_RIP(%rsi)
	xor %edi, %edi
	mov $0xE0000002, %eax
	syscall
	ud2
