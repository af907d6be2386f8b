# Machines booted in QEMU, one boot a line. The numbers are the least that must have passed: they are raised with the tests.
set(systest_last "the-end")
set(systest_tests 106)
set(storm_tests 46)
set(attacks_tests 15)
set(machines x86_64 aarch64 riscv64)

# boot_test(name machine [WORDS ...] [OPTIONS ...] [STATUS n] [OUTPUT file] [INPUT file] [LAST name TESTS n] [MATCHES pattern...] [CPUS n])
function(boot_test name machine)
  cmake_parse_arguments(t "" "STATUS;FAILS;OUTPUT;INPUT;LAST;TESTS;CPUS;VERB" "WORDS;OPTIONS;MATCHES" ${ARGN})
  if(NOT DEFINED t_STATUS)
    set(t_STATUS 0)
  endif()
  if(NOT t_CPUS)
    set(t_CPUS 1)
  endif()
  string(REPLACE ";" "\\;" words "${t_WORDS}")
  string(REPLACE ";" "\\;" matches "${t_MATCHES}")
  list(PREPEND t_OPTIONS --cpus ${t_CPUS})
  string(REPLACE ";" "\\;" options "${t_OPTIONS}")
  script_test(${machine}/${name} run.cmake -DNAME=${machine}-${name} -DARCH=${machine} "-DWORDS=${words}" "-DOPTIONS=${options}"
    -DSTATUS=${t_STATUS} "-DFAILS=${t_FAILS}" "-DOUTPUT=${t_OUTPUT}" "-DINPUT=${t_INPUT}" "-DLAST=${t_LAST}" "-DTESTS=${t_TESTS}" "-DVERB=${t_VERB}"
    "-DMATCHES=${matches}")
  # A machine with several processors keeps both of ours busy: it runs alone, so that no deadline is missed.
  if(t_CPUS GREATER 1)
    set_tests_properties(${machine}/${name} PROPERTIES PROCESSORS 2)
  endif()
endfunction()

foreach(machine IN LISTS machines)
  # The promises of kernel and library, one after the other in one boot; with several processors and with one.
  boot_test(systest ${machine} WORDS systest CPUS 4 LAST ${systest_last} TESTS ${systest_tests} OPTIONS --timeout 540)
  boot_test(systest-one-cpu ${machine} WORDS systest LAST ${systest_last} TESTS ${systest_tests} OPTIONS --timeout 540)
  # Two programs that attack each other, and a hundred kills.
  boot_test(demo ${machine} CPUS 2 OPTIONS --timeout 540)
  boot_test(demo-one-cpu ${machine} OPTIONS --timeout 540)

  # Millions of hostile calls from all CPUs, with all that must hold meanwhile and afterwards.
  boot_test(storm ${machine} WORDS storm 3000000 CPUS 4 LAST the-end TESTS ${storm_tests} OPTIONS --timeout 540)
  boot_test(storm-long ${machine} WORDS storm 10000000 CPUS 4 LAST the-end TESTS ${storm_tests} OPTIONS --timeout 590)
  # Attacks by name, and thousands of deaths.
  boot_test(attacks ${machine} WORDS attacks 2000 CPUS 4 LAST the-end TESTS ${attacks_tests} OPTIONS --timeout 540)
  set_tests_properties(${machine}/storm ${machine}/attacks PROPERTIES LABELS more)
  set_tests_properties(${machine}/storm-long PROPERTIES LABELS all)

  # The same, and those promises that are not about time, on the kernel that checks itself: its invariants hold after each
  # test and all the time in between (docs/debug.md).
  set(looks MATCHES "invariants held at [0-9]+[0-9] looks" OPTIONS --kernel kernel-check --timeout 540)
  boot_test(storm-check ${machine} WORDS storm 1000000 CPUS 4 LAST the-end TESTS ${storm_tests} ${looks})
  boot_test(attacks-check ${machine} WORDS attacks 200 CPUS 4 LAST the-end TESTS ${attacks_tests} ${looks})
  boot_test(systest-check ${machine} WORDS systest call fault memory table share kill frames hostile CPUS 4
    LAST ${systest_last} TESTS 70 OPTIONS --kernel kernel-check --timeout 540)
  set_tests_properties(${machine}/storm-check ${machine}/attacks-check ${machine}/systest-check PROPERTIES LABELS more)

  # Scripts: NAME.lua, its standard output NAME.expect, and NAME.status, NAME.input where they are not 0 and empty.
  file(GLOB scripts CONFIGURE_DEPENDS ${TOP}/tests/lua/*.lua)
  foreach(script IN LISTS scripts)
    get_filename_component(name ${script} NAME_WE)
    get_filename_component(folder ${script} DIRECTORY)
    set(status 0)
    set(input "")
    if(EXISTS ${folder}/${name}.status)
      file(STRINGS ${folder}/${name}.status status LIMIT_COUNT 1)
    endif()
    if(EXISTS ${folder}/${name}.input)
      set(input ${folder}/${name}.input)
    endif()
    boot_test(lua-${name} ${machine} WORDS lua ${script} STATUS ${status} INPUT "${input}" OUTPUT ${folder}/${name}.expect)
  endforeach()

  # Programs that end badly end alone: a report, the status of a fault (139, given as 119), and the machine ends well.
  foreach(how write jump text stack trap)
    boot_test(wild-${how} ${machine} WORDS wild ${how} STATUS 119)
  endforeach()
  boot_test(crash ${machine} WORDS crash STATUS 119)
  # A program that writes every marker it can, everywhere it can, and fails: it must not turn green.
  boot_test(forge ${machine} WORDS forge STATUS 3 FAILS yes)

  # What a loader must refuse, each with its line and its status.
  add_test(NAME ${machine}/loader-malformed COMMAND sh ${TOP}/tests/loader/malformed.sh ${machine} ${BUILD_ROOT}/${machine}
    ${CMAKE_BINARY_DIR}/malformed-${machine} ${TOP}/veridian)
  set_tests_properties(${machine}/loader-malformed PROPERTIES TIMEOUT 600)

  add_test(NAME ${machine}/loader-malformed-more COMMAND sh ${TOP}/tests/loader/malformed.sh ${machine} ${BUILD_ROOT}/${machine}
    ${CMAKE_BINARY_DIR}/malformed-more-${machine} ${TOP}/veridian more)
  set_tests_properties(${machine}/loader-malformed-more PROPERTIES TIMEOUT 600 LABELS more)

  # Machines of many shapes, each booted or refused in so many words.
  add_test(NAME ${machine}/matrix COMMAND sh ${TOP}/tests/system/matrix.sh ${machine} ${TOP}/veridian)
  set_tests_properties(${machine}/matrix PROPERTIES TIMEOUT 900 LABELS more PROCESSORS 2)

  # A debugger in kernel, program and library, and through a door.
  add_test(NAME ${machine}/debug COMMAND sh ${TOP}/tests/debug/session.sh ${machine} ${TOP}/veridian)
  set_tests_properties(${machine}/debug PROPERTIES TIMEOUT 300 LABELS more)

  # A run as a picture; and programs that read what the kernel keeps, of which the ordinary one has nothing.
  foreach(case run ring calls)
    add_test(NAME ${machine}/trace-${case} COMMAND sh ${TOP}/tests/trace/trace.sh ${machine} ${BUILD_ROOT}/${machine} ${TOP}/veridian
      ${CMAKE_BINARY_DIR}/trace-${case}-${machine} ${case})
    set_tests_properties(${machine}/trace-${case} PROPERTIES TIMEOUT 300 PROCESSORS 2)
  endforeach()
  set_tests_properties(${machine}/trace-ring ${machine}/trace-calls PROPERTIES LABELS more)

  # The kernel's own last moments: broken by a debugger, each way must end in a panic that says so.
  foreach(how overflow jump zero invariant nmi)
    if(how STREQUAL nmi AND NOT machine STREQUAL x86_64)
      continue()
    endif()
    add_test(NAME ${machine}/emergency-${how} COMMAND sh ${TOP}/tests/system/emergency.sh ${machine} ${BUILD_ROOT}/${machine} ${TOP}/veridian ${how})
    set_tests_properties(${machine}/emergency-${how} PROPERTIES TIMEOUT 120)
  endforeach()
  # What the kernel writes while a program does things with what is its own.
  add_test(NAME ${machine}/private COMMAND sh ${TOP}/tests/private/lines.sh ${machine} ${TOP}/veridian ${CMAKE_BINARY_DIR}/private-${machine})
  set_tests_properties(${machine}/private PROPERTIES TIMEOUT 180 PROCESSORS 2 SKIP_RETURN_CODE 77)
  # Bytes, instructions, frames and lines.
  add_test(NAME ${machine}/budget COMMAND sh ${TOP}/tests/frontdoor/budget.sh ${machine} ${BUILD_ROOT}/${machine} ${TOP}/veridian)
  set_tests_properties(${machine}/budget PROPERTIES TIMEOUT 180)

  # The table printed before the tests came from a run that ended well.
  script_test(${machine}/bench frontdoor/bench.cmake -DARCH=${machine})
endforeach()
# Nothing has become dearer.
add_test(NAME x86_64/baseline COMMAND sh tests/frontdoor/baseline.sh ${CMAKE_BINARY_DIR}/bench-x86_64 WORKING_DIRECTORY ${TOP})

add_test(NAME x86_64/trace-hang COMMAND sh ${TOP}/tests/trace/trace.sh x86_64 ${BUILD_ROOT}/x86_64 ${TOP}/veridian ${CMAKE_BINARY_DIR}/trace-hang hang)
set_tests_properties(x86_64/trace-hang PROPERTIES LABELS more TIMEOUT 120)

# The console on the firmware's framebuffer, read back from a picture. RISC-V's firmware gives none.
foreach(machine x86_64 aarch64)
  add_test(NAME ${machine}/screen COMMAND sh ${TOP}/tests/frontdoor/screen.sh ${machine} ${TOP}/veridian ${CMAKE_BINARY_DIR}/screen-${machine})
  set_tests_properties(${machine}/screen PROPERTIES TIMEOUT 180)
endforeach()

# The kernel outside the top 2 GiB, in the large code model, and the disk image.
boot_test(large-base x86_64 OPTIONS --build x86_64-large CPUS 2)
foreach(machine aarch64 riscv64)
  boot_test(large-base ${machine} WORDS systest CPUS 2 LAST ${systest_last} TESTS ${systest_tests} OPTIONS --build ${machine}-large --timeout 540)
  set_tests_properties(${machine}/large-base PROPERTIES LABELS more)
endforeach()
# Sv39 is a matter of the build, not of the CPU, which has Sv48 here too.
foreach(base sv39 sv39-large)
  boot_test(${base} riscv64 WORDS systest CPUS 2 LAST ${systest_last} TESTS ${systest_tests} OPTIONS --build riscv64-${base} --timeout 540)
  set_tests_properties(riscv64/${base} PROPERTIES LABELS more)
endforeach()
foreach(machine IN LISTS machines)
  boot_test(image ${machine} VERB qemu WORDS ${BUILD_ROOT}/test/veridian.img CPUS 2)
  set_tests_properties(${machine}/image PROPERTIES FIXTURES_REQUIRED image)
endforeach()
set_tests_properties(door/image-reproducible PROPERTIES FIXTURES_SETUP image)
# One file that is a CD and a disk boots as both. (U-Boot knows no CD drive; to it the file is a disk.)
foreach(machine IN LISTS machines)
  boot_test(iso-as-disk ${machine} VERB qemu WORDS ${BUILD_ROOT}/test/veridian.iso MATCHES "bin/")
  boot_test(qcow2 ${machine} VERB qemu WORDS ${BUILD_ROOT}/test/veridian.qcow2 MATCHES "bin/")
  set_tests_properties(${machine}/iso-as-disk ${machine}/qcow2 PROPERTIES FIXTURES_REQUIRED formats LABELS more)
endforeach()
foreach(machine x86_64 aarch64)
  boot_test(iso-as-cd ${machine} VERB qemu OPTIONS --cdrom WORDS ${BUILD_ROOT}/test/veridian.iso MATCHES "bin/")
  set_tests_properties(${machine}/iso-as-cd PROPERTIES FIXTURES_REQUIRED formats LABELS more)
endforeach()
set_tests_properties(door/image-formats PROPERTIES FIXTURES_SETUP formats)
