set(EXO_MACHINE x86_64)
set(EXO_EFI_NAME BOOTX64.EFI)
set(EXO_PE_MACHINE 0x8664)
# No red zone (interrupts share the stack), no vector registers (they are the program's).
set(EXO_KERNEL_FLAGS -mno-red-zone -mgeneral-regs-only -mstack-protector-guard=global)
set(EXO_LOADER_FLAGS -mno-red-zone -mgeneral-regs-only)
set(EXO_LIBOS_FLAGS -mno-red-zone -mgeneral-regs-only)
set(EXO_LINUX_NUMBERS x86_64)
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
