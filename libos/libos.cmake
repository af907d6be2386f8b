# The library OS, and how programs are linked with it: bare ones, and ones with a C library.
#   exo_program(name sources...)        contract + libos, main(argc, argv)
#   exo_posix_program(name sources...)  the same with musl; OPTIONS after the sources: compile options
# Programs land in <build>/programs/<name>.
set(EXO_MUSL "" CACHE PATH "prefix of musl for this machine (tools/musl MACHINE prints it)")
set(EXO_LUA "" CACHE PATH "folder with Lua's lua.c")
set(EXO_LIBGCC "" CACHE FILEPATH "libgcc.a of this machine: long double arithmetic for musl (not needed on x86_64)")

file(GLOB os_sources CONFIGURE_DEPENDS libos/core/*.c libos/core/${EXO_MACHINE}/*.c libos/mem/*.c libos/fs/*.c libos/env/*.c libos/posix/*.c)
add_library(os STATIC ${os_sources})
target_link_libraries(os PUBLIC contract)
target_include_directories(os PUBLIC ${CMAKE_SOURCE_DIR}/libos/include PRIVATE libos/core libos/posix/${EXO_LINUX_NUMBERS})
target_compile_options(os PRIVATE ${freestanding} -fno-pic -fno-stack-protector ${EXO_LIBOS_FLAGS})

# Where a program starts and where the kernel enters it: the machine's own.
add_library(doors OBJECT arch/${EXO_MACHINE}/user/doors.S)
target_link_libraries(doors PRIVATE contract)
target_compile_options(doors PRIVATE ${EXO_LIBOS_FLAGS} -Dos_yield=os_yield_raw)

set(program_link -nostdlib -static -zmax-page-size=4096 -znoexecstack -znorelro --gc-sections --build-id=sha1
  -T ${CMAKE_SOURCE_DIR}/libos/program.ld)
set(program_place RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/programs LINK_DEPENDS ${CMAKE_SOURCE_DIR}/libos/program.ld)

function(exo_program name)
  add_executable(program_${name} ${ARGN} $<TARGET_OBJECTS:doors>)
  target_link_libraries(program_${name} PRIVATE os)
  target_compile_options(program_${name} PRIVATE ${freestanding} -fno-pic -fno-stack-protector ${EXO_LIBOS_FLAGS})
  target_link_options(program_${name} PRIVATE ${program_link})
  set_target_properties(program_${name} PROPERTIES OUTPUT_NAME ${name} ${program_place})
endfunction()

exo_program(init apps/init/main.c apps/init/report.c)
exo_program(demo apps/demo/main.c apps/demo/worker.c apps/demo/attack.c apps/demo/kill.c)

# --- Programs with a C library
if(NOT EXISTS "${EXO_MUSL}/lib/libc.a")
  message(STATUS "no programs with a C library: EXO_MUSL is not given (tools/musl ${EXO_MACHINE} builds it; ./veridian does)")
  return()
endif()
set(posix_options -nostdinc -isystem ${EXO_MUSL}/include -fno-pic -fno-stack-protector
  -ffunction-sections -fdata-sections -fno-omit-frame-pointer ${EXO_POSIX_FLAGS})

# What takes the place of musl's objects with traps in them, and the way into its start. Objects, not an archive: they win.
file(GLOB seam_sources CONFIGURE_DEPENDS libos/musl/*.c libos/musl/*.S libos/musl/${EXO_MACHINE}/*.c)
add_library(seam OBJECT ${seam_sources})
target_link_libraries(seam PRIVATE contract)
target_include_directories(seam PRIVATE libos/include)
target_compile_options(seam PRIVATE $<$<COMPILE_LANGUAGE:C>:${freestanding}> -fno-pic -fno-stack-protector ${EXO_LIBOS_FLAGS})

function(exo_posix_program name)
  cmake_parse_arguments(p "" "" "OPTIONS" ${ARGN})
  add_executable(program_${name} ${p_UNPARSED_ARGUMENTS} $<TARGET_OBJECTS:doors> $<TARGET_OBJECTS:seam>)
  target_compile_options(program_${name} PRIVATE ${posix_options} ${p_OPTIONS})
  target_link_libraries(program_${name} PRIVATE --start-group ${EXO_MUSL}/lib/libc.a $<TARGET_FILE:os>
    ${EXO_LIBGCC} --end-group)
  add_dependencies(program_${name} os)
  target_link_options(program_${name} PRIVATE ${program_link})
  set_target_properties(program_${name} PROPERTIES OUTPUT_NAME ${name} ${program_place} C_STANDARD_REQUIRED OFF)
endfunction()

exo_posix_program(list tests/programs/list.c OPTIONS ${EXO_WARNINGS})
exo_posix_program(wild tests/programs/wild.c OPTIONS ${EXO_WARNINGS})

if(EXISTS "${EXO_LUA}/lua.c")
  file(GLOB lua_sources ${EXO_LUA}/*.c)
  list(FILTER lua_sources EXCLUDE REGEX "/luac\\.c$")
  # Debian's patch includes a header that its build makes.
  file(WRITE ${CMAKE_BINARY_DIR}/lua/lua5.4-deb-multiarch.h "#define DEB_HOST_MULTIARCH \"veridian\"\n")
  exo_posix_program(lua ${lua_sources} OPTIONS -std=gnu99 -O2 -w -DLUA_COMPAT_5_3 -DLUA_USE_POSIX
    -I${CMAKE_BINARY_DIR}/lua)
else()
  message(STATUS "no lua: EXO_LUA is not given (tools/fetch-source lua5.4 ...; ./veridian does)")
endif()
