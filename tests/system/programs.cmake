# Programs that test the running system from inside; the front door's tests boot them.
file(GLOB system_sources CONFIGURE_DEPENDS tests/system/*.c
  tests/system/${EXO_MACHINE}/*.c tests/system/${EXO_MACHINE}/*.S)
list(FILTER system_sources EXCLUDE REGEX "/(forge|crash)\\.c$")
exo_program(systest ${system_sources})
target_include_directories(program_systest PRIVATE tests/system)
exo_program(forge tests/system/forge.c)
exo_program(crash tests/system/crash.c)
exo_program(ring tests/trace/ring.c)
