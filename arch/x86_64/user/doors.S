// doors.S: where a program starts, where the kernel enters its library, and how the library goes back. User mode.
// uarea.h says with which registers the kernel comes.
//
// A fault is resumed without the kernel, and without iretq: QEMU's emulation reads iretq's operands as the supervisor even
// in ring 3, which SMAP forbids.
#include <arch/frame.h>
#include <exo/uarea.h>

// struct os_switch (os/os.h), in bytes
#define SWITCH_ARGUMENT 8
#define SWITCH_HOW 56
#define SWITCH_RESULT 64

	.text
	.globl _start
// rdi, rsi, rdx = what the creator passed.
_start:
	xor %ebp, %ebp
	and $-16, %rsp
	wrgsbase %rdi                           // gs = the library's: this CPU's u-area
	call os_start
	ud2

// A trap of the program: rdi = u-area, rsi = fault record, where all its registers are.
	.globl os_fault_door
os_fault_door:
	mov %rdi, %rbx                          // every register is saved already
	mov %rsi, %r12
	call os_fault                           // the fault stack is aligned
	mov EXO_RECORD_WAS_MASKED(%r12), %rax
	test %rax, %rax
	jnz os_fault_resume_start               // events stay masked: nothing to look at
	cmpq $0, EXO_UAREA_PENDING(%rbx)
	jne resume_by_call
// From here to the end the kernel delivers no event; then everything is the program's again.
	.globl os_fault_resume_start, os_fault_resume_end
os_fault_resume_start:
	mov %rax, EXO_UAREA_MASKED(%rbx)
	movq $0, EXO_RECORD_BUSY(%r12)
	mov %r12, %rsp
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
	lea 16(%rsp), %rsp                      // over pc and cs
	popfq
	pop %rsp
	jmp *%gs:EXO_RECORD_FAULT + FRAME_RIP   // a jump through memory needs no register
os_fault_resume_end:

// Events wait: the kernel restores and delivers as one act.
resume_by_call:
	xor %edi, %edi                          // record 0
	mov $0xE0000002, %eax
	syscall
	ud2

// Something happened: rdi = u-area, rsi = event record (busy: the interrupted program is in it).
	.globl os_event_door
os_event_door:
	xor %ebp, %ebp
	and $-16, %rsp
	push %rdi
	push %rsi
	call os_event
	pop %rsi
	pop %rdi
	cmpq $0, EXO_RECORD_BUSY(%rsi)
	je 1f
	mov $1, %edi                            // record 1
	mov $0xE0000002, %eax
	syscall
	ud2
1:	mov EXO_UAREA_REPLY_STACK(%rdi), %rsp   // the last os_switch returns
	pop %rdx
	movq $2, SWITCH_HOW(%rdx)
switched:                                       // rdi: u-area
	pop %rax
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	mov %rax, EXO_UAREA_MASKED(%rdi)        // as it was
	ret

// void os_switch(struct os_switch *): makes a call that may give the CPU away. What must be kept is on the stack, which
// the u-area remembers, masked from before.
	.globl os_switch, os_reply_door
os_switch:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	rdgsbase %rax
	push EXO_UAREA_MASKED(%rax)
	movq $1, EXO_UAREA_MASKED(%rax)
	push %rdi
	mov %rsp, EXO_UAREA_REPLY_STACK(%rax)
	mov (%rdi), %eax
	mov SWITCH_ARGUMENT + 8(%rdi), %rsi
	mov SWITCH_ARGUMENT + 16(%rdi), %rdx
	mov SWITCH_ARGUMENT + 24(%rdi), %r10
	mov SWITCH_ARGUMENT + 32(%rdi), %r8
	mov SWITCH_ARGUMENT + 40(%rdi), %r9
	mov SWITCH_ARGUMENT(%rdi), %rdi
	syscall
	pop %rdx                                // it came back at once
	mov %rax, SWITCH_RESULT(%rdx)
	movq $0, SWITCH_HOW(%rdx)
	rdgsbase %rdi
	jmp switched
os_reply_door:                                  // the reply to a gate: rsi, rdx, r10, r8
	pop %rax
	mov %rsi, SWITCH_ARGUMENT(%rax)
	mov %rdx, SWITCH_ARGUMENT + 8(%rax)
	mov %r10, SWITCH_ARGUMENT + 16(%rax)
	mov %r8, SWITCH_ARGUMENT + 24(%rax)
	movq $1, SWITCH_HOW(%rax)
	rdgsbase %rdi
	jmp switched

// Another environment at our gate: rdi = u-area, rsi = who, rdx, r10, r8, r9 = its words.
	.globl os_gate_door
os_gate_door:
	xor %ebp, %ebp
	and $-16, %rsp
	mov %r10, %rcx                          // as a C function wants it
	call os_gate_entered
	ud2
