#!/bin/sh
# audit.sh BUILD: looks at what was built. One indirect branch in the kernel, the dispatch of calls; no floating-point or
# vector register outside the two functions that keep a program's; nothing writable and executable; nothing left to relocate; nothing
# of the images for debugging.
set -eu
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
wrong() { echo "audit: $*"; failed=1; }

llvm-objdump-19 -d --no-show-raw-insn --no-leading-addr "$build/kernel.elf" >"$work/code"
[ "$(wc -l <"$work/code")" -gt 5000 ] || wrong "kernel.elf has hardly any code"

# Indirect branches, each with the function it stands in. Of RISC-V's far jumps by a register the target is known and printed.
awk '/^<[^.].*>:$/ { name = $1 }
  /(jmp|call)[lqw]?[ \t]+\*/ || /[ \t](br|blr)a?[ab]?z?[ \t]/ || (/[ \t]j(al)?r[ \t]/ && !/>$/) { print name, $0 }' \
  "$work/code" >"$work/indirect"
[ "$(wc -l <"$work/indirect")" = 1 ] && grep -q '^<core_call>' "$work/indirect" ||
  wrong "indirect branches: $(head -n 5 "$work/indirect")"

awk '/file format .*aarch64/ { arm = 1 }
  /^<[^.].*>:$/ { name = $1 }
  /%[xyz]?mm[0-9]|%st|\t(fx|x)(save|rstor)|mxcsr|\tfn?init/ || /[ \t][vqd][0-9]+(,|\.|$)/ ||
  arm && (/[ \t][shb][0-9]+(,|$)/ || /FPCR|FPSR/) || /fcsr|fflags/ ||
  /\tc?\.?f[a-z.]+[0-9a-z.]*[ \t].*f[ast][0-9]/ || /\t(vset|v[ls]e?[0-9])/ { print name, $0 }' "$work/code" |
  grep -vE '^<(arch_fp_save|arch_fp_load)>' >"$work/vector" || true
[ ! -s "$work/vector" ] || wrong "floating-point registers: $(head -n 3 "$work/vector")"

cd "$build"
for file in kernel.elf loader.elf programs/*; do
  case $file in *.map) continue ;; esac
  llvm-readelf-19 -lW "$file" >"$work/segments" 2>/dev/null || { wrong "$file is no ELF file"; }
  grep -qE '^ +LOAD .* R E ' "$work/segments" || wrong "$file has no code"
  ! grep -E '^ +LOAD .* (RWE|.WE) ' "$work/segments" || wrong "$file has a segment that is writable and executable"
done
! llvm-readelf-19 -rW "$build/kernel.elf" | grep -q ' R_' || wrong "kernel.elf has relocations left"
# What only other images have: tracing, and looking at all invariants.
! llvm-nm-19 "$build/kernel.elf" | grep -E ' (trace|check)_[a-z]+$' || wrong "kernel.elf holds what is for debugging"
llvm-nm-19 "$build/kernel-check.elf" | grep -q ' check_call$' || wrong "kernel-check.elf does not check"
[ $failed = 0 ] && echo "audit: $build: $(cat "$work/indirect")"
exit $failed
