// entry.S: every way in and the one way out.
#include <arch/frame.h>
#include "arch.h"
#include "machine.h"

#define CALL_BASE -0x20000000
#define MACHINE_IDLE_VECTOR (CPU_MACHINE + 168)
#define MACHINE_PAGE_CAUSE (CPU_MACHINE + 169)
#define EXO_CALL(number, ...) .set call_count, number + 1;
#include <exo/call.def>

// Pushes the registers under an iret frame: the stack then is a struct arch_frame. What the program left in the flags
// (AC, which would lift SMAP, and the string direction) is gone too.
	.macro SAVE_FRAME
	.irp r, rdi, rsi, rdx, rcx, rax, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15
	push %\r
	.endr
	push $2
	popfq
	xor %ebp, %ebp
	.endm

	.section .text.entry, "ax"
	.globl entry, entry_call
// From the loader (rdi = handover) or, on a second CPU, from the trampoline (rdi = 0). Paging on, no stack.
entry:
	xor %eax, %eax                          // CPU 0
	test %rdi, %rdi
	jnz 1f
	mov arch_starting(%rip), %eax           // CPUs are started one at a time
1:	mov %eax, %r12d
	shl $17, %rax                           // * EXO_PERCPU_STRIDE
	movabs $EXO_PERCPU_BASE, %rbx
	add %rax, %rbx                          // this CPU's area
	lea EXO_PERCPU_STACK_TOP(%rbx), %rsp
	lea EXO_PERCPU_RECORD(%rbx), %rdx       // its record
	mov %rdx, CPU_SELF(%rdx)
	mov %rsp, CPU_STACK(%rdx)
	movabs $ARCH_USER_LIMIT, %rcx
	mov %rcx, CPU_USER_LIMIT(%rdx)
	mov $0xC0000101, %ecx                   // IA32_GS_BASE = record
	mov %edx, %eax
	shr $32, %rdx
	wrmsr
	xor %ebp, %ebp                          // end of backtraces
	test %rdi, %rdi
	jz 2f
	call core_main
2:	mov %r12d, %edi
	call core_secondary

	.text
// SYSCALL: rcx = pc behind it, r11 = flags; interrupts are off (FMASK). rax = number, arguments rdi rsi rdx r10 r8 r9.
	.p2align 4
entry_call:
	swapgs
	mov %rsp, %gs:CPU_SCRATCH               // calls do not nest
	mov %gs:CPU_STACK, %rsp
	push %rcx
	push %r11
	lea -CALL_BASE(%rax), %ecx              // as 32 bits
	cmp $call_count, %ecx
	jae foreign
	push %r9                                // the six words, as an array
	push %r8
	push %r10
	push %rdx
	push %rsi
	push %rdi
	mov %rsp, %rdi
	mov %ecx, %esi
	call core_call
	pop %rdi                                // what comes back was the caller's own
	pop %rsi
	pop %rdx
	pop %r10
	pop %r8
	pop %r9
	pop %r11
	pop %rcx                                // below the user limit: the last user page can not be mapped
	mov %gs:CPU_SCRATCH, %rsp
	swapgs
	sysretq

// A number that is not ours: built into the same picture as a trap, and delivered as one.
foreign:
	pop %r11
	pop %rcx
	push $USER_SS
	push %gs:CPU_SCRATCH
	push %r11
	push $USER_CS
	push %rcx
	push $EXO_CAUSE_FOREIGN                 // in the place of an error code
	push %rdi
	push %rsi
	xor %esi, %esi                          // address
	jmp deliver

// --- Traps. The stack holds ss rsp rflags cs rip error when they reach their common code.

	.macro TRAP_ERROR name, vector, cause   // the machine pushed an error code: replaced by the cause
	.globl \name
	.p2align 4
\name:
	testb $3, 16(%rsp)                      // from the kernel: a bug
	jz kernel_trap_\@
	swapgs
	push %rdi
	push %rsi
	mov 16(%rsp), %esi                      // error code: the address word of the record
	movq $\cause, 16(%rsp)
	jmp deliver
kernel_trap_\@:
	push $\vector
	jmp kernel_trap
	.endm
	.macro TRAP name, vector, cause
	.globl \name
	.p2align 4
\name:
	push $0
	testb $3, 16(%rsp)
	jz kernel_trap_\@
	swapgs
	movq $\cause, (%rsp)
	push %rdi
	push %rsi
	xor %esi, %esi
	jmp deliver
kernel_trap_\@:
	push $\vector
	jmp kernel_trap
	.endm

kernel_trap_page:
	push $14
	jmp kernel_trap
	.globl trap_page, trap_debug
	.p2align 4
trap_page:
	testb $3, 16(%rsp)
	jz kernel_trap_page
	swapgs
	push %rdi
	push %rsi
	mov 16(%rsp), %edi                      // error code: bit 1 write, bit 4 fetch
	and $31, %edi
	movzbl %gs:MACHINE_PAGE_CAUSE(%rdi), %edi
	mov %rdi, 16(%rsp)
	mov %cr2, %rsi                          // falls into deliver

// Stack: ss rsp rflags cs rip cause rdi rsi. rsi = address. The kernel's gs. Straight into the fault record if the door
// is open; all else goes to C.
deliver:
	TRACED(jmp slow)
	mov %gs:CPU_UAREA, %rdi
	cmpq $0, EXO_RECORD_FAULT + EXO_RECORD_BUSY(%rdi)
	jne slow
	mov %rax, EXO_RECORD_FAULT + FRAME_RAX(%rdi)
	mov EXO_UAREA_FAULT_DOOR(%rdi), %rax    // read once
	dec %rax                                // no door becomes the highest address
	cmp %gs:CPU_USER_LIMIT, %rax
	jae slow_restore
	mov %rsi, EXO_RECORD_FAULT + EXO_RECORD_ADDRESS(%rdi)
	pop EXO_RECORD_FAULT + FRAME_RSI(%rdi)
	pop EXO_RECORD_FAULT + FRAME_RDI(%rdi)
	pop EXO_RECORD_FAULT + EXO_RECORD_CAUSE(%rdi)
	mov %r15, EXO_RECORD_FAULT + FRAME_R15(%rdi)
	mov %r14, EXO_RECORD_FAULT + FRAME_R14(%rdi)
	mov %r13, EXO_RECORD_FAULT + FRAME_R13(%rdi)
	mov %r12, EXO_RECORD_FAULT + FRAME_R12(%rdi)
	mov %rbp, EXO_RECORD_FAULT + FRAME_RBP(%rdi)
	mov %rbx, EXO_RECORD_FAULT + FRAME_RBX(%rdi)
	mov %r11, EXO_RECORD_FAULT + FRAME_R11(%rdi)
	mov %r10, EXO_RECORD_FAULT + FRAME_R10(%rdi)
	mov %r9, EXO_RECORD_FAULT + FRAME_R9(%rdi)
	mov %r8, EXO_RECORD_FAULT + FRAME_R8(%rdi)
	mov %rcx, EXO_RECORD_FAULT + FRAME_RCX(%rdi)
	mov %rdx, EXO_RECORD_FAULT + FRAME_RDX(%rdi)
	pop EXO_RECORD_FAULT + FRAME_RIP(%rdi)
	pop EXO_RECORD_FAULT + FRAME_CS(%rdi)
	pop EXO_RECORD_FAULT + FRAME_RFLAGS(%rdi)
	pop EXO_RECORD_FAULT + FRAME_RSP(%rdi)
	mov EXO_UAREA_MASKED(%rdi), %rdx
	mov %rdx, EXO_RECORD_FAULT + EXO_RECORD_WAS_MASKED(%rdi)
	movq $1, EXO_RECORD_FAULT + EXO_RECORD_BUSY(%rdi)
	movq $1, EXO_UAREA_MASKED(%rdi)
	mov EXO_UAREA_FAULT_STACK(%rdi), %rsp
	mov EXO_UAREA_SELF(%rdi), %rdi
	lea EXO_RECORD_FAULT(%rdi), %rsi
	lea 1(%rax), %rcx                       // the door, checked above: sysret, the shorter way out
	mov $0x202, %r11d
	swapgs
	sysretq

// The door is shut or busy: the whole frame on the stack, and upcall.c.
slow_restore:
	mov EXO_RECORD_FAULT + FRAME_RAX(%rdi), %rax
slow:
	mov %rsi, %gs:CPU_SCRATCH               // address
	pop %rsi
	pop %rdi
	pop %gs:CPU_SCRATCH + 8                 // cause
	SAVE_FRAME
	mov %rsp, %rdi
	mov %gs:CPU_SCRATCH + 8, %rsi
	mov %gs:CPU_SCRATCH, %rdx
	call core_fault
	jmp leave

// The one way out: the stack is a struct arch_frame that the kernel composed or checked.
	.globl leave, arch_enter
leave:
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rax
	pop %rcx
	pop %rdx
	pop %rsi
	pop %rdi
	swapgs
	iretq

// arch_enter(frame): leaves from where the frame lies. Nothing is pushed on the way, and the next entry begins at the top.
arch_enter:
	mov %rdi, %rsp
	jmp leave

// --- Interrupts and everything else that C sorts out: entry n of the table pushes its vector.
	.macro VECTOR n
	.p2align 4
	.if !(\n == 8 || (\n >= 10 && \n <= 14) || \n == 17 || \n == 21 || \n == 29 || \n == 30)
	push $0
	.endif
	push $\n
	jmp vector_common
	.endm
	.p2align 4
	.globl vector_table
vector_table:
	.set i, 0
	.rept 256
	VECTOR i
	.set i, i + 1
	.endr

// Stack: ss rsp rflags cs rip error vector.
vector_common:
	testb $3, 24(%rsp)
	jz from_kernel
	swapgs
from_user:
	pop %gs:CPU_SCRATCH + 16                // vector
	pop %gs:CPU_SCRATCH + 8                 // error code
	SAVE_FRAME
	mov %rsp, %rdi
	mov %gs:CPU_SCRATCH + 16, %rsi
	mov %gs:CPU_SCRATCH + 8, %rdx
	call trap_user
	jmp leave
from_kernel:
	cmpq $32, (%rsp)
	jb kernel_trap
	push %rax                               // an interrupt ended the idle hlt: note which, back with interrupts off
	mov 8(%rsp), %rax
	mov %al, %gs:MACHINE_IDLE_VECTOR
	pop %rax
	add $16, %rsp
	andq $~0x200, 16(%rsp)
	iretq

// A trap in the kernel: the end. Stack: ss rsp rflags cs rip error vector. gs may be either side's: find the CPU.
kernel_trap:
	pop %r8                                 // vector
	pop %r9                                 // error code
	SAVE_FRAME
	jmp die
// NMI, #DF, #MC come on stacks of their own, from anywhere: always the end. #DB is a program's, and goes on from the main
// stack; in the kernel it is a watched word's from which ss was loaded just before a call, and nobody's business.
	.macro EMERGENCY name, vector, error
	.globl \name
\name:
	.if !\error
	push $0
	.endif
	add $8, %rsp
	mov -8(%rsp), %r9
	mov $\vector, %r8d
	SAVE_FRAME
	jmp die
	.endm
	EMERGENCY trap_nmi, 2, 0
	EMERGENCY trap_double_fault, 8, 1
	EMERGENCY trap_machine_check, 18, 0
trap_debug:
	testb $3, 8(%rsp)
	jz 1f
0:	swapgs
	mov %rdi, %gs:CPU_SCRATCH
	mov %rsp, %rdi
	mov %gs:CPU_STACK, %rsp
	.irp at, 32, 24, 16, 8, 0
	push \at(%rdi)
	.endr
	mov %gs:CPU_SCRATCH, %rdi
	push $0
	push $1
	jmp from_user
1:	cmp %rsp, 24(%rsp)                      // QEMU tells of a step with a point twice, the second time above:
	je 0b                                   // the program's own pc, sp and flags are overwritten
	iretq
// rsp = frame, r8 = vector, r9 = error code. The record belongs to the CPU whose area the stack lies in.
die:
	mov %rsp, %rax
	and $~0x1FFFF, %rax
	lea EXO_PERCPU_RECORD(%rax), %rdx
	mov $0xC0000101, %ecx
	mov %edx, %eax
	shr $32, %rdx
	wrmsr
	mov %rsp, %rdi
	mov %r8, %rsi
	mov %r9, %rdx
	call trap_kernel

	TRAP trap_divide, 0, EXO_CAUSE_ARITHMETIC
	TRAP trap_breakpoint, 3, EXO_CAUSE_BREAKPOINT
	TRAP trap_overflow, 4, EXO_CAUSE_ARITHMETIC
	TRAP trap_bound, 5, EXO_CAUSE_PROTECTION
	TRAP trap_illegal, 6, EXO_CAUSE_ILLEGAL
	TRAP trap_fpu, 16, EXO_CAUSE_ARITHMETIC
	TRAP trap_simd, 19, EXO_CAUSE_ARITHMETIC
	TRAP_ERROR trap_segment, 11, EXO_CAUSE_PROTECTION
	TRAP_ERROR trap_stack, 12, EXO_CAUSE_PROTECTION
	TRAP_ERROR trap_protection, 13, EXO_CAUSE_PROTECTION
	TRAP_ERROR trap_alignment, 17, EXO_CAUSE_ALIGN
