# What the three machines share: clang and lld of one version, and the linker called by itself, because the clang driver
# hands bare x86_64 programs to gcc.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR ${EXO_MACHINE})
foreach(language C ASM)
  set(CMAKE_${language}_COMPILER clang-19)
  set(CMAKE_${language}_COMPILER_TARGET ${EXO_MACHINE}-unknown-none-elf)
endforeach()
find_program(EXO_LD ld.lld-19 REQUIRED)
find_program(EXO_OBJCOPY llvm-objcopy-19 REQUIRED)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_LINK_EXECUTABLE "${EXO_LD} <LINK_FLAGS> <OBJECTS> <LINK_LIBRARIES> -o <TARGET>")
