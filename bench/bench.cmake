# Instruction counts of the hot paths, taken by a program on the running system under QEMU's instruction counter.
file(GLOB bench_sources CONFIGURE_DEPENDS bench/*.c bench/${EXO_MACHINE}/*.S)
exo_program(bench ${bench_sources})
target_include_directories(program_bench PRIVATE bench bench/${EXO_MACHINE})
