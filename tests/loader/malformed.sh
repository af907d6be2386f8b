#!/bin/sh
# malformed.sh ARCH BUILD_DIR WORK_DIR VERIDIAN [CASE...]: boots files that are wrong and wants one clear line each.
#
# BUILD_DIR holds the machine's good files, as the build leaves them; VERIDIAN is the front door, whose verb `qemu`
# boots a folder. Every case must end with the loader's exit class and print exactly one line, with the words of the
# table below. Without CASEs the first list is booted, with the one CASE `more` the second.
set -eu
arch=$1 build=$2 work=$3 veridian=$4
shift 4

case $arch in
x86_64) efi=BOOTX64.EFI ;;
aarch64) efi=BOOTAA64.EFI ;;
riscv64) efi=BOOTRISCV64.EFI ;;
esac
kernel=kernel-$arch.elf archive=boot-$arch.img

# poke FILE OFFSET BYTES: BYTES in printf's octal notation.
poke() { printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null; }
word() { od -An -tu"$3" -j "$2" -N "$3" "$1" | tr -d ' '; }
# nth_load FILE N: offset of the N-th PT_LOAD program header. In it: flags 4, va 16, file bytes 32, memory bytes 40.
nth_load() {
  at=$(word "$1" 32 8) left=$2
  end=$((at + 56 * $(word "$1" 56 2)))
  while [ $at -lt $end ]; do
    [ "$(word "$1" "$at" 4)" != 1 ] || left=$((left - 1))
    [ $left != 0 ] || { echo "$at"; return; }
    at=$((at + 56))
  done
  echo $end
}

good() {
  rm -rf "$work/esp"
  mkdir -p "$work/esp/EFI/BOOT" "$work/esp/EFI/veridian"
  cp "$build/$efi" "$work/esp/EFI/BOOT/"
  k=$work/esp/EFI/veridian/$kernel a=$work/esp/EFI/veridian/$archive
  llvm-objcopy-19 --strip-debug "$build/kernel.elf" "$k"
  llvm-objcopy-19 --strip-debug "$build/programs/init" "$work/init"
  "$build/pack" "$a" "init=$work/init"
}
repack() { "$build/pack" "$a" "init=$work/init"; }
at_init() { echo $(($(nth_load "$work/init" "$1") + $2)); }
at_kernel() { echo $(($(nth_load "$k" "$1") + $2)); }

# One case a line: what it does to the good files, and the words the line must hold.
break_files() {
  case $1 in
  kernel-missing) rm "$k"; want="$kernel: not there" ;;
  kernel-empty) : >"$k"; want="$kernel: empty" ;;
  kernel-short) head -c 40 "$k" >"$k.new"; mv "$k.new" "$k"; want="$kernel: truncated" ;;
  kernel-truncated) head -c 5000 "$k" >"$k.new"; mv "$k.new" "$k"; want="$kernel: truncated" ;;
  kernel-not-elf) poke "$k" 0 'MZ'; want="$kernel: not a 64-bit little-endian ELF" ;;
  kernel-other-machine) poke "$k" 18 '\050\000'; want="$kernel: built for another machine" ;;
  kernel-unaligned) poke "$k" "$(at_kernel 1 16)" '\010'; want="$kernel: a segment does not begin on a page" ;;
  kernel-write-execute) poke "$k" "$(at_kernel 1 4)" '\007'; want="$kernel: a segment is writable and executable" ;;
  kernel-overlap) # the second segment where the first is
    dd if="$k" of="$k" bs=1 count=8 skip="$(at_kernel 1 16)" seek="$(at_kernel 2 16)" conv=notrunc 2>/dev/null
    want="$kernel: two segments overlap" ;;
  kernel-low) poke "$k" "$(at_kernel 1 22)" '\000\000'; want="$kernel: a segment lies outside its address range" ;;
  kernel-entry) poke "$k" 24 '\000\000\000\000'; want="$kernel: the entry point lies in no executable segment" ;;
  archive-missing) rm "$a"; want="$archive: not there" ;;
  archive-magic) poke "$a" 0 'v'; want="$archive: not a boot archive" ;;
  archive-truncated) head -c 4096 "$a" >"$a.new"; mv "$a.new" "$a"; want="$archive: truncated" ;;
  archive-count) poke "$a" 8 '\377\377'; want="$archive: more entries than it has room for" ;;
  archive-offset) poke "$a" 264 '\001'; want="$archive: a file in the archive is not page-aligned" ;;
  init-missing) "$build/pack" "$a" "other=$work/init"; want="$archive: init: not there" ;;
  init-other-machine) poke "$work/init" 18 '\050\000'; repack
    want="$archive: init: built for another machine" ;;
  init-write-execute) poke "$work/init" "$(at_init 1 4)" '\007'; repack
    want="init: a segment is writable and executable" ;;
  init-high) poke "$work/init" "$(at_init 1 22)" '\377\377'; repack
    want="init: a segment lies outside its address range" ;;
  memory) # the last segment wants a TiB more
    n=1
    while [ "$(at_init $((n + 1)) 0)" -lt $((64 + 56 * $(word "$work/init" 56 2))) ]; do n=$((n + 1)); done
    poke "$work/init" "$(at_init $n 45)" '\001'
    repack
    want="first program: not enough memory" ;;
  # The second list.
  kernel-32-bit) poke "$k" 4 '\001'; want="$kernel: not a 64-bit little-endian ELF" ;;
  kernel-big-endian) poke "$k" 5 '\002'; want="$kernel: not a 64-bit little-endian ELF" ;;
  kernel-relocatable) poke "$k" 16 '\003\000'; want="$kernel: not a statically linked executable" ;;
  kernel-interpreted) poke "$k" "$(at_kernel 1 0)" '\003'; want="$kernel: not a statically linked executable" ;;
  kernel-header-size) poke "$k" 54 '\040\000'; want="$kernel: program headers of a strange size" ;;
  kernel-many-headers) poke "$k" 56 '\377\377'; want="$kernel: truncated: the program headers lie behind the end" ;;
  kernel-no-headers) poke "$k" 56 '\000\000'; want="$kernel: nothing to load in it" ;;
  kernel-beyond-memory) poke "$k" "$(at_kernel 1 40)" '\001\000\000\000'
    want="$kernel: a segment has more bytes in the file than in memory" ;;
  kernel-unreadable) poke "$k" "$(at_kernel 1 4)" '\001'; want="$kernel: a segment is not readable" ;;
  kernel-wraps) poke "$k" "$(at_kernel 1 47)" '\377'; want="$kernel: a segment lies outside its address range" ;;
  kernel-offset-wraps) poke "$k" "$(at_kernel 1 15)" '\377'; want="$kernel: truncated: a segment lies behind the end" ;;
  kernel-mode) # another number of bits in its note
    poke "$k" $(($(LC_ALL=C grep -aboP 'Veridian\x00{4}' "$k" | cut -d: -f1 | head -n 1) + 12)) '\047'
    want="$kernel: its note names another paging mode than this loader sets up" ;;
  archive-empty) : >"$a"; want="$archive: empty" ;;
  archive-size) poke "$a" 17 '\377'; want="$archive: truncated: its header tells another size" ;;
  archive-nameless) poke "$a" 32 '\000'; want="$archive: a name in the archive is empty" ;;
  archive-endless-name) head -c 232 /dev/zero | tr '\000' x | dd of="$a" bs=1 seek=32 conv=notrunc 2>/dev/null
    want="$archive: a name in the archive has no end" ;;
  archive-unsorted) "$build/pack" "$a" "ab=$work/init" "init=$work/init"; poke "$a" 32 z
    want="$archive: the names in the archive are not sorted" ;;
  archive-file-beyond) poke "$a" 279 '\177'; want="$archive: a file lies behind the end of the archive" ;;
  init-wraps) poke "$work/init" "$(at_init 1 47)" '\377'; repack; want="init: a segment lies outside its address range" ;;
  *) echo "malformed.sh: no case '$1'" >&2; exit 2 ;;
  esac
}

[ "${1:-}" != more ] || set -- kernel-32-bit kernel-big-endian kernel-relocatable kernel-interpreted kernel-header-size \
  kernel-many-headers kernel-no-headers kernel-beyond-memory kernel-unreadable kernel-wraps kernel-offset-wraps kernel-mode \
  archive-empty archive-size archive-nameless archive-endless-name archive-unsorted archive-file-beyond init-wraps
[ $# -gt 0 ] || set -- kernel-missing kernel-empty kernel-short kernel-truncated kernel-not-elf kernel-other-machine \
  kernel-unaligned kernel-write-execute kernel-overlap kernel-low kernel-entry archive-missing archive-magic \
  archive-truncated archive-count archive-offset init-missing init-other-machine init-write-execute init-high memory

mkdir -p "$work"
failed=0
for case; do
  good
  break_files "$case"
  rm -f "$work/results" "$work/results.console"
  # QEMU's exit by semihosting sometimes hangs in QEMU itself, with the line printed: one more try, and say so.
  for try in 1 2; do
    status=0
    "$veridian" qemu --arch "$arch" --timeout 60 --results "$work/results" "$work/esp" \
      >"$work/output" 2>&1 </dev/null || status=$?
    [ $status = 122 ] || break
    echo "again $arch $case: QEMU did not end within 60 s (try $try)"
  done
  lines=$(tr -d '\r' <"$work/results.console" | grep -a '^.*veridian: loader: ' || true)
  if [ $status = 124 ] && [ "$(printf '%s\n' "$lines" | wc -l)" = 1 ] && printf '%s\n' "$lines" | grep -q "$want"; then
    echo "ok $arch $case: $(printf '%s' "$lines" | sed 's/.*veridian: //')"
  else
    echo "FAIL $arch $case: status $status, wanted 124 and one line with '$want', got:"
    tail -n 5 "$work/results.console" "$work/output"
    failed=1
  fi
done
exit $failed
