# What is checked without booting anything.
add_test(NAME tree/format COMMAND sh -c
  "find apps arch bench boot exo libos tests tools -name '*.[ch]' | sort >${CMAKE_BINARY_DIR}/format.list &&
  grep -q main.c ${CMAKE_BINARY_DIR}/format.list && xargs clang-format-19 --dry-run -Werror <${CMAKE_BINARY_DIR}/format.list"
  WORKING_DIRECTORY ${TOP})
add_test(NAME tree/posix-sh COMMAND sh -c
  "for f in veridian tools/door/*.sh $(grep -lE '^#!/bin/sh' tools/*) tests/*/*.sh; do dash -n $f || exit 1; done" WORKING_DIRECTORY ${TOP})

add_test(NAME tree/house COMMAND sh tests/frontdoor/house.sh WORKING_DIRECTORY ${TOP})

# What was built holds what was meant, and nothing else.
foreach(machine x86_64 aarch64 riscv64)
  add_test(NAME ${machine}/audit COMMAND sh ${TOP}/tests/frontdoor/audit.sh ${BUILD_ROOT}/${machine})
endforeach()
# Bugs that a compiler does not look for (.clang-tidy says which, and why not the others).
# What is the same text on every machine and stands behind no seam, is looked at once.
set(tidy_host arch tests exo/debug)
set(tidy_x86_64 exo arch boot libos apps bench tests)
set(tidy_aarch64 exo arch boot)
set(tidy_riscv64 exo arch boot)
foreach(machine host x86_64 aarch64 riscv64)
  add_test(NAME ${machine}/tidy COMMAND sh ${TOP}/tests/frontdoor/tidy.sh ${BUILD_ROOT}/${machine} ${TOP} ${tidy_${machine}})
  set_tests_properties(${machine}/tidy PROPERTIES LABELS more TIMEOUT 900 PROCESSORS 2)
endforeach()
# cppcheck takes the ends of sections for two objects (comparePointers), and libfdt is not ours.
add_test(NAME host/cppcheck COMMAND cppcheck --quiet --error-exitcode=1 --enable=warning,portability -j2
  --project=${BUILD_ROOT}/host/compile_commands.json --suppress=comparePointers --suppress=*:*/libfdt/*)

# Every command that the pages show.
add_test(NAME docs/commands COMMAND sh ${TOP}/tests/docs/commands.sh ${TOP})
set_tests_properties(docs/commands PROPERTIES LABELS more TIMEOUT 900 RESOURCE_LOCK image)

# The build: which bases and code models work, and what a build that can not work says.
foreach(case refused link-fails large-has-no-32-bit-relocation no-prebuilt-runtime)
  script_test(models/${case} frontdoor/models.cmake -DCASE=${case})
endforeach()

# The front door: statuses of its own, files that come back, images that are the same twice.
foreach(case usage unfile image-reproducible image-formats secure-boot plain json accelerator offline interrupted bench)
  add_test(NAME door/${case} COMMAND sh ${TOP}/tests/frontdoor/door.sh ${case} ${TOP} ${BUILD_ROOT} ${CMAKE_BINARY_DIR}/${case})
endforeach()
set_tests_properties(door/image-formats door/secure-boot PROPERTIES LABELS more TIMEOUT 300)
set_tests_properties(door/accelerator door/offline PROPERTIES LABELS more TIMEOUT 600 SKIP_RETURN_CODE 77)
set_tests_properties(door/offline PROPERTIES PROCESSORS 2)
set_tests_properties(door/bench PROPERTIES LABELS more TIMEOUT 600 SKIP_RETURN_CODE 77 PROCESSORS 2)
set_tests_properties(door/interrupted PROPERTIES LABELS all TIMEOUT 600)
# Systems on which something is missing, and every exit status.
foreach(case set-up doctor statuses)
  add_test(NAME door/${case} COMMAND sh ${TOP}/tests/frontdoor/setup.sh ${case} ${TOP} ${BUILD_ROOT} ${CMAKE_BINARY_DIR}/${case})
endforeach()
# What a stranger sees who has an empty Debian 12.
add_test(NAME door/stranger COMMAND sh ${TOP}/tests/frontdoor/stranger.sh ${TOP} ${CMAKE_BINARY_DIR}/stranger)
set_tests_properties(door/stranger PROPERTIES LABELS all TIMEOUT 7200 PROCESSORS 2)
set_tests_properties(door/image-reproducible door/image-formats door/secure-boot PROPERTIES RESOURCE_LOCK image)
