// ap.S: the trampoline page. A CPU arrives at its first byte in real mode by a startup IPI, cs = page number * 256; the
// boot CPU arrives at trampoline_enter in the firmware's long mode. Both leave in the same state: CR0, CR4, EFER.NXE, root
// table and segments set, no stack.
#define OFFSET(label) (label - trampoline_begin)
#define CR0 0x80010033        /* PG WP NE ET MP PE */
#define CR4 0x20              /* PAE */
#define EFER 0xC0000080

  .section .rodata.trampoline, "a"
  .globl trampoline_begin, trampoline_end, trampoline_enter
  .globl trampoline_root, trampoline_kernel, trampoline_far, trampoline_far_boot, trampoline_gdtr
  .globl trampoline_long, trampoline_long_boot, trampoline_gdt
  .balign 16
  .code16
trampoline_begin:
  cli
  mov %cs, %ax
  mov %ax, %ds                // labels below are offsets into this page
  lgdtl OFFSET(trampoline_gdtr)
  mov $CR4, %eax
  mov %eax, %cr4
  mov OFFSET(trampoline_root), %eax
  mov %eax, %cr3
  mov $EFER, %ecx
  mov $0x900, %eax            // NXE, LME
  xor %edx, %edx
  wrmsr
  mov $CR0, %eax
  mov %eax, %cr0              // straight to long mode: no need of protected mode between
  ljmpl *OFFSET(trampoline_far)

  .code64
trampoline_long:
  xor %edi, %edi              // another CPU: no struct exo_boot
trampoline_long_boot:
  mov $16, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %fs
  mov %eax, %gs
  mov %eax, %ss
  jmp *trampoline_kernel(%rip)

trampoline_enter:             // rdi: struct exo_boot
  cli
  mov $EFER, %ecx
  rdmsr
  or $0x800, %eax             // NXE: the new tables have the bit
  wrmsr
  mov trampoline_root(%rip), %rax
  mov %rax, %cr3              // this page stays where it is; the stack is gone
  mov $CR4, %eax
  mov %rax, %cr4
  mov $CR0, %eax
  mov %rax, %cr0
  lgdt trampoline_gdtr(%rip)
  ljmpl *trampoline_far_boot(%rip)

  .balign 8
trampoline_gdt:
  .quad 0
  .quad 0x00AF9B000000FFFF    // 8: code, 64 bits, ring 0
  .quad 0x00CF93000000FFFF    // 16: data
trampoline_root:
  .quad 0
trampoline_kernel:
  .quad 0
trampoline_far:
  .long 0                     // address of trampoline_long, selector
  .word 8
trampoline_far_boot:
  .long 0
  .word 8
trampoline_gdtr:
  .word 23                    // limit, address
  .quad 0
trampoline_end:
