# build.sh: from sources to the folder that the firmware boots from; sourced by ./veridian.

source_of() { quiet "$here/tools/fetch-source" "$1" "$2" "$cache/src/$1" || lacking "no source package $1: no network, or none in apt's sources"; }

# build PRESET [FOLDER [CMAKE-OPTION...]]
build() {
  preset=$1 folder=$root/${2:-$1}
  shift $(($# > 1 ? 2 : 1))
  mkdir -p "$root" 2>/dev/null && [ -w "$root" ] || lacking "$root can not be written"
  [ -e "$folder" ] || [ "$(free_mib "$root")" -ge $room ] || lacking "the disk is too full to build $preset: $room MiB are needed"
  exec 8>>"$folder.lock"
  flock 8
  if [ "$preset" != host ]; then
    source_of gnu-efi inc/efi.h
    source_of u-boot scripts/dtc/libfdt/fdt_ro.c
    source_of lua5.4 src/lua.c
    [ -e "$cache/musl/$preset" ] || say "building musl for $preset (about a minute, once)"
    musl=$("$here/tools/musl" "$preset" 2>"$folder.musl.log") || { cat "$folder.musl.log" >&2; lacking "no musl for $preset"; }
    set -- -DEXO_GNUEFI_INC="$cache/src/gnu-efi/inc" -DEXO_LIBFDT="$cache/src/u-boot/scripts/dtc/libfdt" -DEXO_MUSL="$musl" \
      -DEXO_LUA="$cache/src/lua5.4/src" -DEXO_LIBGCC="$([ ! -e "$musl/lib/libgcc.a" ] || echo "$musl/lib/libgcc.a")" "$@"
  fi
  words=$(printf '%s\n' "$@")
  if [ ! -e "$folder/build.ninja" ] || [ "$words" != "$(cat "$folder/front-door-words" 2>/dev/null)" ]; then
    say "configuring $preset"
    (cd "$here" && quiet cmake --preset "$preset" -B "$folder" "$@") || die 1 "configuring $preset failed"
    printf '%s\n' "$words" >"$folder/front-door-words"
  fi
  [ -e "$folder/kernel.elf" ] || say "building $preset"
  quiet cmake --build "$folder" || die 1 "building $preset failed"
  if [ "$preset" != host ] && [ ! -e "$folder/pack" -o "$here/tools/pack.c" -nt "$folder/pack" ]; then
    quiet clang-19 -std=gnu2x -O2 -I"$here/exo/include" -o "$folder/pack" "$here/tools/pack.c" || die 1 "building tools/pack.c failed"
  fi
  exec 8>&-
}

# build_kernel PRESET NAME: another kernel than the ordinary one, in a folder where all else is built.
build_kernel() {
  exec 8>>"$root/$1.lock"
  flock 8
  quiet cmake --build "$root/$1" --target "$2" || die 1 "building $2 failed"
  exec 8>&-
}

# host_tool NAME: tools/NAME.c, built for this system as $root/NAME.
host_tool() {
  [ -e "$root/$1" ] && [ -z "$(find "$here/tools/$1.c" "$here/exo/include" -type f -newer "$root/$1")" ] && return
  quiet clang-19 -std=gnu2x -O2 -I"$here/exo/include" -o "$root/$1.$$" "$here/tools/$1.c" && mv "$root/$1.$$" "$root/$1" ||
    die 1 "building tools/$1.c failed"
}

# --- The EFI system partition as a folder.
efi_name() { case $1 in x86_64) echo BOOTX64.EFI ;; aarch64) echo BOOTAA64.EFI ;; riscv64) echo BOOTRISCV64.EFI ;; esac; }

# esp MACHINE FOLDER ARCHIVE-WORD...: what the firmware and the loader look for. ARCHIVE-WORDs go to tools/pack.c.
make_esp() {
  machine=$1 folder=$2 from=$root/${built:-$1}
  shift 2
  exec 8>>"$from.lock"
  flock -s 8 # nobody builds there while we read
  mkdir -p "$folder/EFI/BOOT" "$folder/EFI/veridian"
  cp "$from/$(efi_name "$machine")" "$folder/EFI/BOOT/"
  llvm-objcopy-19 --strip-debug "$from/$kernel" "$folder/EFI/veridian/kernel-$machine.elf"
  for program in "$from"/programs/*; do
    case $program in
    */\* | *.elf.map) ;;
    */init) set -- "$@" "init=$program" ;;
    *) set -- "$@" "bin/${program##*/}=$program" ;;
    esac
  done
  "$from/pack" "$folder/EFI/veridian/boot-$machine.img" "$@" || die $environment_missing "the boot archive could not be written"
  exec 8>&-
}

