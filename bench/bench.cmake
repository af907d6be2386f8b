# Instruction counts of the hot paths, taken by a program on the running system under QEMU's instruction counter: on Veridian,
# and on Linux as its first process (tools/door/bench.sh boots that). The same sources but for the primitives, the same options.
file(GLOB bench_sources CONFIGURE_DEPENDS bench/*.c)
list(FILTER bench_sources EXCLUDE REGEX "/(linux|veridian)\\.c$")
file(GLOB veridian_sources CONFIGURE_DEPENDS bench/veridian.c bench/veridian/*.c bench/${EXO_MACHINE}/*.S)
exo_program(bench ${bench_sources} ${veridian_sources})
target_include_directories(program_bench PRIVATE bench bench/veridian bench/${EXO_MACHINE})

file(GLOB linux_sources CONFIGURE_DEPENDS bench/linux.c bench/linux/*.c bench/linux/${EXO_MACHINE}/*.S bench/${EXO_MACHINE}/trap.S)
add_executable(bench-linux ${bench_sources} ${linux_sources} libos/core/print.c libos/core/string.c)
target_link_libraries(bench-linux PRIVATE contract)
target_include_directories(bench-linux PRIVATE bench bench/linux bench/${EXO_MACHINE} bench/linux/${EXO_MACHINE} libos/include
  libos/posix/${EXO_LINUX_NUMBERS})
target_compile_definitions(bench-linux PRIVATE $<$<COMPILE_LANGUAGE:ASM>:LINUX>)
target_compile_options(bench-linux PRIVATE ${freestanding} -fno-pic -fno-stack-protector ${EXO_LIBOS_FLAGS})
target_link_options(bench-linux PRIVATE -nostdlib -static -znoexecstack --gc-sections)
