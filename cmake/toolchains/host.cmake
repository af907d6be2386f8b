# The build machine itself: the core against the fake machine of arch/host, under sanitizers.
set(EXO_MACHINE host)
set(CMAKE_C_COMPILER clang-19)
