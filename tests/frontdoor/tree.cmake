# What is checked without booting anything.
add_test(NAME tree/format COMMAND sh -c
  "find apps arch bench boot exo libos tests tools -name '*.[ch]' | sort >${CMAKE_BINARY_DIR}/format.list &&
  grep -q main.c ${CMAKE_BINARY_DIR}/format.list && xargs clang-format-19 --dry-run -Werror <${CMAKE_BINARY_DIR}/format.list"
  WORKING_DIRECTORY ${TOP})
add_test(NAME tree/posix-sh COMMAND sh -c
  "for f in veridian $(grep -lE '^#!/bin/sh' tools/*) tests/*/*.sh; do dash -n $f || exit 1; done" WORKING_DIRECTORY ${TOP})

# The build: which bases and code models work, and what a build that can not work says.
foreach(case refused link-fails large-has-no-32-bit-relocation no-prebuilt-runtime)
  script_test(models/${case} frontdoor/models.cmake -DCASE=${case})
endforeach()

# The front door: statuses of its own, files that come back, images that are the same twice.
foreach(case usage unfile image-reproducible)
  add_test(NAME door/${case} COMMAND sh ${TOP}/tests/frontdoor/door.sh ${case} ${TOP} ${BUILD_ROOT} ${CMAKE_BINARY_DIR}/${case})
endforeach()
