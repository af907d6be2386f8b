// enter.S: from firmware to C, and the way out to a debugger that may not be there.
  .text
  .globl efi_entry
efi_entry:                       // x0: image, x1: system table
  stp x29, x30, [sp, -32]!
  stp x0, x1, [sp, 16]
  adrp x0, image_base
  add x0, x0, :lo12:image_base
  adrp x1, _DYNAMIC
  add x1, x1, :lo12:_DYNAMIC
  bl relocate
  ldp x0, x1, [sp, 16]
  bl efi_main
  ldp x29, x30, [sp], 32
  ret

// Semihosting call 0x18, SYS_EXIT (Arm's Semihosting specification, 6.9), x0: its block. Where nobody hears it, `hlt` is an
// undefined instruction: the vectors below step over it, and the function returns.
  .macro semihosting_exit el
  mrs x3, vbar_\el
  adr x4, skip_\el
  msr vbar_\el, x4
  isb
  mov x1, x0
  mov x0, #0x18
  hlt #0xf000
  msr vbar_\el, x3
  isb
  ret
  .endm
  .macro skip el
  .balign 2048
skip_\el:
  .rept 16
  .balign 128
  mrs x5, elr_\el
  add x5, x5, #4
  msr elr_\el, x5
  eret
  .endr
  .endm
  .globl machine_semihosting_exit
machine_semihosting_exit:
  mrs x2, CurrentEL
  cmp x2, #8                     // EL2
  b.eq 1f
  semihosting_exit el1
1:
  semihosting_exit el2
  skip el1
  skip el2
