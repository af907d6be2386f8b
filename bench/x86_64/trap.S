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
