// enter.S: from firmware to C.
  .text
  .globl efi_entry
efi_entry:                  // a0: image, a1: system table
  addi sp, sp, -32
  sd ra, 0(sp)
  sd a0, 8(sp)
  sd a1, 16(sp)
  lla a0, image_base
  lla a1, _DYNAMIC
  call relocate
  ld a0, 8(sp)
  ld a1, 16(sp)
  call efi_main
  ld ra, 0(sp)
  addi sp, sp, 32
  ret
