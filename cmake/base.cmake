# Where the kernel lives and with which code model: the one build option, and the only place that knows the pairs.
#   default  top 2 GiB of the address space
#   large    outside the top 2 GiB
set(EXO_KERNEL_BASE default CACHE STRING "kernel base: default or large")
set(EXO_CODE_MODEL "" CACHE STRING "override of the code model; only for showing what an impossible pair does")

set(model_x86_64_default kernel)
set(model_x86_64_large large)
set(model_aarch64_default small)
set(model_aarch64_large small)
set(model_riscv64_default medany)
set(model_riscv64_large medany)
set(address_default 0xFFFFFFFF80000000)
set(address_large 0xFFFF800000000000)

if(EXO_MACHINE STREQUAL host)
  return()
endif()
set(EXO_KERNEL_ADDRESS ${address_${EXO_KERNEL_BASE}})
set(model ${model_${EXO_MACHINE}_${EXO_KERNEL_BASE}})
if(NOT EXO_KERNEL_ADDRESS OR (EXO_CODE_MODEL AND NOT EXO_CODE_MODEL STREQUAL model AND NOT EXO_IMPOSSIBLE_PAIR))
  message(FATAL_ERROR "EXO_KERNEL_BASE=${EXO_KERNEL_BASE} with code model '${EXO_CODE_MODEL}' can not work on "
    "${EXO_MACHINE}. The working pairs are: "
    "EXO_KERNEL_BASE=default (${address_default}) with -mcmodel=${model_${EXO_MACHINE}_default}; "
    "EXO_KERNEL_BASE=large (${address_large}) with -mcmodel=${model_${EXO_MACHINE}_large}. "
    "Leave EXO_CODE_MODEL empty to get the right one. See docs/troubleshooting.md, 'relocation out of range'.")
endif()
if(EXO_CODE_MODEL)
  set(model ${EXO_CODE_MODEL})
endif()
set(EXO_KERNEL_MODEL -mcmodel=${model})
