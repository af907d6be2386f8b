// enter.S: from firmware (Microsoft's calling convention) to C (System V's).
  .text
  .globl efi_entry
efi_entry:                    // rcx: image, rdx: system table
  push %rdi                   // saved by the callee there, not here
  push %rsi
  sub $24, %rsp               // rsp is a multiple of 16 at the calls
  mov %rcx, (%rsp)
  mov %rdx, 8(%rsp)
  lea image_base(%rip), %rdi
  lea _DYNAMIC(%rip), %rsi
  call relocate
  mov (%rsp), %rdi
  mov 8(%rsp), %rsi
  call efi_main
  add $24, %rsp
  pop %rsi
  pop %rdi
  ret
