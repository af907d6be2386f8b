# Where the kernel lives, with which code model, and how many bits an address has: the one build option, and the only place
# that knows the pairs. (exo/include/exo/boot.h has the map of the kernel's half for each number of bits.)
#   default       top 2 GiB of the address space
#   large         outside the top 2 GiB
#   sv39          RISC-V with three levels of tables, for CPUs that have no more: top 2 GiB
#   sv39-large    the same, outside the top 2 GiB
set(EXO_KERNEL_BASE default CACHE STRING "kernel base: default or large; on riscv64 also sv39 or sv39-large")
set(EXO_CODE_MODEL "" CACHE STRING "override of the code model; only for showing what an impossible pair does")

set(bases_x86_64 default large)
set(bases_aarch64 default large)
set(bases_riscv64 default large sv39 sv39-large)
set(address_default 0xFFFFFFFF80000000)
set(address_large 0xFFFF800000000000)
set(address_sv39 0xFFFFFFFF80000000)
set(address_sv39-large 0xFFFFFFFE00000000)
# The models of AArch64 and RISC-V address relative to the program counter: they reach 4 and 2 GiB from anywhere.
foreach(base default large sv39 sv39-large)
  set(model_x86_64_${base} kernel)
  set(model_aarch64_${base} small)
  set(model_riscv64_${base} medany)
endforeach()
set(model_x86_64_large large)

set(EXO_ADDRESS_BITS 48)
if(EXO_MACHINE STREQUAL host)
  return()
endif()
if(EXO_KERNEL_BASE MATCHES "^sv39")
  set(EXO_ADDRESS_BITS 39)
endif()
set(EXO_KERNEL_ADDRESS ${address_${EXO_KERNEL_BASE}})
set(model ${model_${EXO_MACHINE}_${EXO_KERNEL_BASE}})
if(NOT EXO_KERNEL_BASE IN_LIST bases_${EXO_MACHINE} OR
   (EXO_CODE_MODEL AND NOT EXO_CODE_MODEL STREQUAL model AND NOT EXO_IMPOSSIBLE_PAIR))
  set(pairs "")
  foreach(base IN LISTS bases_${EXO_MACHINE})
    string(APPEND pairs "EXO_KERNEL_BASE=${base} (${address_${base}}) with -mcmodel=${model_${EXO_MACHINE}_${base}}; ")
  endforeach()
  message(FATAL_ERROR "EXO_KERNEL_BASE=${EXO_KERNEL_BASE} with code model '${EXO_CODE_MODEL}' can not work on "
    "${EXO_MACHINE}. The working pairs are: ${pairs}"
    "Leave EXO_CODE_MODEL empty to get the right one. See docs/troubleshooting.md, 'relocation out of range'.")
endif()
if(EXO_CODE_MODEL)
  set(model ${EXO_CODE_MODEL})
endif()
set(EXO_KERNEL_MODEL -mcmodel=${model})
