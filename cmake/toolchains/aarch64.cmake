set(EXO_MACHINE aarch64)
set(EXO_EFI_NAME BOOTAA64.EFI)
set(EXO_PE_MACHINE 0xaa64)
set(EXO_KERNEL_FLAGS -mgeneral-regs-only -mstrict-align -mno-outline-atomics -mstack-protector-guard=global)
set(EXO_LOADER_FLAGS -mgeneral-regs-only -mstrict-align -mno-outline-atomics)
set(EXO_LIBOS_FLAGS -mgeneral-regs-only -mno-outline-atomics)
set(EXO_POSIX_FLAGS -mno-outline-atomics)
set(EXO_LINUX_NUMBERS generic) # the table that Linux gives every newer machine
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
