#!/bin/sh
# budget.sh ARCH BUILD FRONT-DOOR: what the kernel may cost at most, and what it costs: bytes, boot instructions, memory in
# use after boot, source lines. Prints all figures; fails if one is too big. docs/decisions.md explains the numbers.
set -eu
arch=$1 build=$(cd "$2" && pwd) door=$(readlink -f "$3")
top=$(dirname "$door")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
failed=0

# budget WHAT FIGURE LIMIT
budget() {
  case $2 in '' | *[!0-9]*) echo "budget: $arch: no figure for $1: '$2'"; failed=1; return ;; esac
  word=
  [ "$2" -le "$3" ] || { word=' TOO MUCH' failed=1; }
  printf '  %-42s %9d of %9d%s\n' "$1" "$2" "$3" "$word"
}

# lines FILE...
lines() { cat "$@" | wc -l | tr -d ' '; }

# --- The image, section by section.
llvm-size-19 -A "$build/kernel.elf" >"$work/sections"
section() { awk -v names="$1" 'BEGIN { n = split(names, name, " ") }
  { for (i = 1; i <= n; i++) if ($1 == name[i]) bytes += $2 } END { print bytes + 0 }' "$work/sections"; }
text=$(section .text)
[ "$text" -gt 0 ] || { cat "$work/sections"; echo "budget: $build/kernel.elf has no .text"; exit 1; }
echo "$arch"
budget 'kernel text, bytes' "$text" 65536
budget 'kernel data and bss, bytes' "$(section '.data .bss')" 65536
pages=$(sed -n 's/.*EXO_PERCPU_PAGES = \([0-9]*\).*/\1/p' "$top/exo/include/exo/boot.h")
budget 'area of one CPU, KiB' "$((${pages:-999} * 4))" 32

# --- One boot of 512 MiB, counted: x86_64's clock advances 64 ns an instruction there, the other machines' one.
"$door" run --arch "$arch" --icount --memory 512 --timeout 150 --results "$work/results" list / >"$work/out" 2>&1 </dev/null || {
  cat "$work/out"
  echo "budget: $arch: the boot failed"
  exit 1
}
words=$(tr -d '\r' <"$work/results")
figure() { printf '%s\n' "$words" | sed -n "s/^$1 \([0-9]*\)\$/\1/p" | tail -n 1; }
us=$(figure 'STAGE 6')
case $arch in x86_64) per=64 ;; *) per=1 ;; esac
budget 'instructions from kernel entry to stage 6' "$((${us:-99999999} * 1000 / per))" $((2000000 + 8 * 131072))
kernel=$(figure 'MEMORY kernel_frames') first=$(figure 'MEMORY first_frames') archive=$(figure 'MEMORY archive_frames')
budget 'memory of the kernel, frames' "$kernel" 1536
budget 'memory in use after boot, frames' "$((${kernel:-9999} + ${first:-9999}))" 1536
echo "  (the boot archive, ${archive:-?} frames, comes on top)"

# --- Source lines. Assembly: see "Known miss" in docs/decisions.md.
case $arch in x86_64) assembly=585 ;; aarch64) assembly=550 ;; riscv64) assembly=415 ;; esac
cd "$top"
budget 'lines of the heart' "$(lines exo/*.c exo/core.h exo/arch.h)" 3300
budget 'lines of exo/io' "$(lines exo/io/*)" 1600
budget "lines of arch/$arch" "$(find "arch/$arch" -type f -exec cat {} + | wc -l | tr -d ' ')" 1440
budget "lines of assembly in it (aim: 350)" "$(find "arch/$arch" -name '*.S' -exec cat {} + | wc -l | tr -d ' ')" $assembly
longest=$(find exo arch boot libos apps tests bench tools -name '*.c' -exec wc -l {} \; | sort -n | tail -n 1)
budget "longest .c file: ${longest##*/}" "${longest%% *}" 400
exit $failed
