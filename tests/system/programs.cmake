# Programs that test the running system from inside; the front door's tests boot them.
file(GLOB system_sources CONFIGURE_DEPENDS tests/system/*.c
  tests/system/${EXO_MACHINE}/*.c tests/system/${EXO_MACHINE}/*.S)
set(storm_sources ${system_sources})
set(attacks_sources ${system_sources})
list(FILTER system_sources EXCLUDE REGEX "/(forge|crash|storm.*|attacks.*|sweep)\\.[cS]$")
exo_program(systest ${system_sources})
list(FILTER storm_sources INCLUDE REGEX "/(storm.*|expect|kid|help|machine|probe)\\.[cS]$") # the helpers of all
exo_program(storm ${storm_sources})
list(FILTER attacks_sources INCLUDE REGEX "/(attacks.*|sweep|storm_.*|expect|kid|help|machine|probe)\\.[cS]$")
exo_program(attacks ${attacks_sources})
foreach(program systest storm attacks)
  target_include_directories(program_${program} PRIVATE tests/system)
endforeach()
exo_program(forge tests/system/forge.c)
exo_program(crash tests/system/crash.c)
exo_program(ring tests/trace/ring.c)
