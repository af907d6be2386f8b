// probe.S: single accesses, all registers across a trap, and every instruction a program must not have (machine.h).
#include <arch/frame.h>

	.macro FUNCTION name
	.globl \name
	.p2align 4
\name:
	.endm

	.text
FUNCTION probe_load
	mov (%rdi), %rax
	ret
FUNCTION probe_store
	mov %rsi, (%rdi)
	.globl probe_stored
probe_stored:
	ret
FUNCTION probe_steps
	mov $5, %ecx
1:	dec %ecx
	jnz 1b
	xor %eax, %eax
	.globl probe_steps_end
probe_steps_end:
	ret
FUNCTION probe_odd
	mov $0xE0000000, %eax
	mov (%rdi), %ss                         // puts the hit off until the next instruction has entered the kernel
	syscall
	ret
FUNCTION probe_call
	mov %rdi, %rax
	mov %rsi, %rdi
	jmp *%rax
FUNCTION probe_fault
	movabs $0xFA017FA017FA017F, %rax
	ret
FUNCTION probe_flags
	pushfq
	pop %rax
	ret
	.globl probe_code, probe_code_end
probe_code:
	lea 7(%rdi), %rax
	ret
probe_code_end:

	.macro TRIP name, instruction:vararg
FUNCTION \name
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	push %rsi
	push FRAME_RFLAGS(%rdi)
	popfq
	mov FRAME_R15(%rdi), %r15
	mov FRAME_R14(%rdi), %r14
	mov FRAME_R13(%rdi), %r13
	mov FRAME_R12(%rdi), %r12
	mov FRAME_RBP(%rdi), %rbp
	mov FRAME_RBX(%rdi), %rbx
	mov FRAME_R11(%rdi), %r11
	mov FRAME_R10(%rdi), %r10
	mov FRAME_R9(%rdi), %r9
	mov FRAME_R8(%rdi), %r8
	mov FRAME_RAX(%rdi), %rax
	mov FRAME_RCX(%rdi), %rcx
	mov FRAME_RDX(%rdi), %rdx
	mov FRAME_RSI(%rdi), %rsi
	mov FRAME_RDI(%rdi), %rdi
	.globl \name\()_at, \name\()_after
\name\()_at:
	\instruction
\name\()_after:
	xchg %rdi, (%rsp)
	mov %r15, FRAME_R15(%rdi)
	mov %r14, FRAME_R14(%rdi)
	mov %r13, FRAME_R13(%rdi)
	mov %r12, FRAME_R12(%rdi)
	mov %rbp, FRAME_RBP(%rdi)
	mov %rbx, FRAME_RBX(%rdi)
	mov %r11, FRAME_R11(%rdi)
	mov %r10, FRAME_R10(%rdi)
	mov %r9, FRAME_R9(%rdi)
	mov %r8, FRAME_R8(%rdi)
	mov %rax, FRAME_RAX(%rdi)
	mov %rcx, FRAME_RCX(%rdi)
	mov %rdx, FRAME_RDX(%rdi)
	mov %rsi, FRAME_RSI(%rdi)
	pop FRAME_RDI(%rdi)
	pushfq
	pop FRAME_RFLAGS(%rdi)
	cld
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.endm
	TRIP registers_illegal, ud2
	TRIP registers_foreign, syscall

// --- Floating point: 16 ymm registers, or the xmm half of them where AVX is off.
avx: // zero flag clear: there
	push %rbx
	mov $1, %eax
	xor %ecx, %ecx
	cpuid
	pop %rbx
	and $0x18000000, %ecx // OSXSAVE, AVX
	cmp $0x18000000, %ecx
	sete %al
	movzbl %al, %eax
	test %eax, %eax
	ret
FUNCTION fp_word_count
	call avx
	mov $64, %ecx
	mov $32, %eax
	cmovnz %rcx, %rax
	ret
FUNCTION fp_fill
	call avx
	jz 1f
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu \n * 32(%rdi), %ymm\n
	.endr
	ret
1:
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movdqu \n * 16(%rdi), %xmm\n
	.endr
	ret
FUNCTION fp_read
	call avx
	jz 1f
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu %ymm\n, \n * 32(%rdi)
	.endr
	ret
1:
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movdqu %xmm\n, \n * 16(%rdi)
	.endr
	ret

// --- Instructions. The lists lie in read-only data, a nameless entry at the end.
	.macro INSTRUCTION list, name, causes, code
	.section .rodata.strings, "a"
1:	.asciz "\name"
	.text
2:	\code
	ret
	.section .rodata.\list, "a"
	.quad 1b, 2b, \causes
	.text
	.endm
	.macro LIST name
	.section .rodata.\name, "a"
	.p2align 3
	.globl \name
\name:
	.endm
	.macro END_LIST name
	.section .rodata.\name, "a"
	.quad 0, 0, 0
	.endm
#define PASS 1
#define ILLEGAL (1 << 4)
#define BREAK (1 << 5)
#define ALIGN (1 << 6)
#define ARITHMETIC (1 << 7)
#define NO (ILLEGAL | 1 << 8)

	LIST privileged
	INSTRUCTION privileged, "hlt", NO, "hlt"
	INSTRUCTION privileged, "cli", NO, "cli"
	INSTRUCTION privileged, "sti", NO, "sti"
	INSTRUCTION privileged, "read cr0", NO, "mov %cr0, %rax"
	INSTRUCTION privileged, "read cr2", NO, "mov %cr2, %rax"
	INSTRUCTION privileged, "read cr3", NO, "mov %cr3, %rax"
	INSTRUCTION privileged, "write cr0", NO, "mov %rax, %cr0"
	INSTRUCTION privileged, "write cr3", NO, "mov %rax, %cr3"
	INSTRUCTION privileged, "write cr4", NO, "mov %rax, %cr4"
	INSTRUCTION privileged, "write cr8", NO, "mov %rax, %cr8"
	INSTRUCTION privileged, "read dr7", NO, "mov %dr7, %rax"
	INSTRUCTION privileged, "write dr7", NO, "mov %rax, %dr7"
	INSTRUCTION privileged, "wrmsr", NO, "wrmsr"
	INSTRUCTION privileged, "rdmsr", NO, "rdmsr"
	INSTRUCTION privileged, "rdpmc", NO, "rdpmc"
	INSTRUCTION privileged, "xsetbv", NO, "xsetbv"
	INSTRUCTION privileged, "in", NO, "inb $0x64, %al"
	INSTRUCTION privileged, "out", NO, "outb %al, $0x64"
	INSTRUCTION privileged, "out console", NO, "mov $0x3f8, %edx; outb %al, %dx"
	INSTRUCTION privileged, "rep outsb", NO, "mov $0x501, %edx; mov $1, %ecx; rep outsb"
	INSTRUCTION privileged, "lgdt", NO, "lgdt -32(%rsp)"
	INSTRUCTION privileged, "lidt", NO, "lidt -32(%rsp)"
	INSTRUCTION privileged, "lldt", NO, "lldt %ax"
	INSTRUCTION privileged, "ltr", NO, "ltr %ax"
	INSTRUCTION privileged, "lmsw", NO, "lmsw %ax"
	INSTRUCTION privileged, "clts", NO, "clts"
	INSTRUCTION privileged, "invlpg", NO, "invlpg (%rsp)"
	INSTRUCTION privileged, "invd", NO, "invd"
	INSTRUCTION privileged, "wbinvd", NO, "wbinvd"
	INSTRUCTION privileged, "sgdt", NO | PASS, "sgdt -32(%rsp)"
	INSTRUCTION privileged, "sidt", NO | PASS, "sidt -32(%rsp)"
	INSTRUCTION privileged, "smsw", NO | PASS, "smsw %ax"
	INSTRUCTION privileged, "str", NO | PASS, "str %ax"
	INSTRUCTION privileged, "sldt", NO | PASS, "sldt %ax"
	INSTRUCTION privileged, "swapgs", NO, "swapgs"
	INSTRUCTION privileged, "sysretq", NO, "mov %rcx, %rax; sysretq"
	INSTRUCTION privileged, "stac", NO, "stac"
	INSTRUCTION privileged, "clac", NO, "clac"
	INSTRUCTION privileged, "monitor", NO, "monitor"
	INSTRUCTION privileged, "sysenter", NO, "mov %rsp, %rcx; sysenter"
	INSTRUCTION privileged, "int 2", NO, "int $2"
	INSTRUCTION privileged, "int 8", NO, "int $8"
	INSTRUCTION privileged, "int 14", NO, "int $14"
	INSTRUCTION privileged, "int of the timer", NO, "int $0x40"
	INSTRUCTION privileged, "int of cross calls", NO, "int $0x41"
	INSTRUCTION privileged, "int 0x80", NO, "int $0x80"
	INSTRUCTION privileged, "int 255", NO, "int $255"
	INSTRUCTION privileged, "load kernel data segment", NO, "mov $0x10, %eax; mov %eax, %ss"
	INSTRUCTION privileged, "load kernel segment", NO, "mov $0x10, %eax; mov %eax, %es"
	END_LIST privileged

	LIST trapping
	INSTRUCTION trapping, "ud2", ILLEGAL, "ud2"
	INSTRUCTION trapping, "int3", BREAK, "int3"
	INSTRUCTION trapping, "int1", BREAK | ILLEGAL, ".byte 0xf1"
	INSTRUCTION trapping, "divide by zero", ARITHMETIC, "xor %ecx, %ecx; mov $1, %eax; xor %edx, %edx; div %ecx"
	INSTRUCTION trapping, "divide overflow", ARITHMETIC, "mov $1, %ecx; mov $1, %eax; mov $7, %edx; div %ecx"
	INSTRUCTION trapping, "non-canonical access", NO, "mov $1, %eax; shl $63, %rax; mov (%rax), %rax"
	INSTRUCTION trapping, "misaligned vector", NO | ALIGN, "movaps 1(%rsp), %xmm0"
	END_LIST trapping
