# The loader: one path for three machines. A PIE whose linker script writes the PE header, made a flat file by objcopy.
set(EXO_GNUEFI_INC "" CACHE PATH "folder with GNU-EFI's efi.h (see tools/fetch-source)")
set(EXO_LIBFDT "" CACHE PATH "folder with libfdt's fdt.c and libfdt.h (see tools/fetch-source)")
if(NOT EXISTS "${EXO_GNUEFI_INC}/efi.h" OR NOT EXISTS "${EXO_LIBFDT}/fdt.c")
  message(FATAL_ERROR "The loader needs GNU-EFI's headers and libfdt; both come from Debian source packages:\n"
    "  tools/fetch-source gnu-efi inc/efi.h DIR/gnu-efi\n"
    "  tools/fetch-source u-boot scripts/dtc/libfdt/fdt.c DIR/u-boot\n"
    "then pass -DEXO_GNUEFI_INC=DIR/gnu-efi/inc -DEXO_LIBFDT=DIR/u-boot/scripts/dtc/libfdt. "
    "./veridian build does all of it.")
endif()
set(efi ${CMAKE_SOURCE_DIR}/boot/efi)
set(efi_machine ${CMAKE_SOURCE_DIR}/arch/${EXO_MACHINE}/boot)

# Third-party code, compiled as it is.
add_library(libfdt OBJECT ${EXO_LIBFDT}/fdt.c ${EXO_LIBFDT}/fdt_ro.c ${EXO_LIBFDT}/fdt_addresses.c)
target_include_directories(libfdt PUBLIC ${EXO_LIBFDT} PRIVATE ${efi}/include)
target_compile_options(libfdt PRIVATE -ffreestanding -fPIE -fshort-wchar -ffunction-sections -w ${EXO_LOADER_FLAGS})

file(GLOB loader_sources CONFIGURE_DEPENDS ${efi}/*.c ${efi_machine}/*.c ${efi_machine}/*.S)
add_executable(loader ${loader_sources})
target_link_libraries(loader PRIVATE contract libfdt)
target_include_directories(loader PRIVATE ${efi} ${efi}/include ${efi_machine})
target_include_directories(loader SYSTEM PRIVATE ${EXO_GNUEFI_INC} ${EXO_LIBFDT})
target_compile_definitions(loader PRIVATE GNU_EFI_USE_MS_ABI)
target_compile_options(loader PRIVATE -ffreestanding -fPIE -fvisibility=hidden -fno-stack-protector
  -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -mno-implicit-float
  $<$<COMPILE_LANGUAGE:C>:-fshort-wchar> ${EXO_LOADER_FLAGS})
target_link_options(loader PRIVATE -pie --no-dynamic-linker -znorelro -znotext -znoexecstack --gc-sections
  --no-undefined --defsym=pe_machine=${EXO_PE_MACHINE} -T ${efi}/efi.ld)
set_target_properties(loader PROPERTIES OUTPUT_NAME loader.elf LINK_DEPENDS ${efi}/efi.ld)
add_custom_command(TARGET loader POST_BUILD BYPRODUCTS ${EXO_EFI_NAME}
  COMMAND ${EXO_OBJCOPY} -O binary $<TARGET_FILE:loader> ${EXO_EFI_NAME})
