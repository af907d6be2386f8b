# Programs that test the running system from inside; the front door's tests boot them.
file(GLOB system_sources CONFIGURE_DEPENDS tests/system/*.c
  tests/system/${EXO_MACHINE}/*.c tests/system/${EXO_MACHINE}/*.S)
set(storm_sources ${system_sources})
list(FILTER system_sources EXCLUDE REGEX "/(forge|crash|storm.*)\\.c$")
exo_program(systest ${system_sources})
list(FILTER storm_sources INCLUDE REGEX "/(storm.*|expect|kid|help|machine)\\.c$|\\.S$") # the helpers of both
exo_program(storm ${storm_sources})
foreach(program systest storm)
  target_include_directories(program_${program} PRIVATE tests/system)
endforeach()
exo_program(forge tests/system/forge.c)
exo_program(crash tests/system/crash.c)
exo_program(ring tests/trace/ring.c)
