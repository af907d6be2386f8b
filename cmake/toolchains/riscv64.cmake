set(EXO_MACHINE riscv64)
set(EXO_EFI_NAME BOOTRISCV64.EFI)
set(EXO_PE_MACHINE 0x5064)
set(EXO_KERNEL_FLAGS -march=rv64imac_zicsr_zifencei -mabi=lp64 -mno-relax -mcmodel=medany -msmall-data-limit=0)
set(EXO_LOADER_FLAGS ${EXO_KERNEL_FLAGS})
# The library uses no floating point itself but links with programs that do: the same calling convention.
set(EXO_LIBOS_FLAGS -march=rv64gc -mabi=lp64d -mno-relax -mcmodel=medany -msmall-data-limit=0)
set(EXO_POSIX_FLAGS ${EXO_LIBOS_FLAGS})
set(EXO_LINUX_NUMBERS generic) # the table that Linux gives every newer machine
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
