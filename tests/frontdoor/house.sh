#!/bin/sh
# house.sh: the rules of the house that a reader relies on and no compiler checks. Run at the top of the tree.
set -eu
failed=0
wrong() { printf 'house: %s\n' "$*"; failed=1; }
sources() { find exo arch boot libos apps bench tests tools -name '*.[chS]' -o -name '*.def' | sort; }
[ "$(sources | wc -l)" -gt 150 ] || wrong "hardly any sources here"

# A function fits on a screen. (clang-format puts its brace at the end of the line, and the last one at the first column.)
# A signature may be broken into several lines.
long=$(sources | grep '\.[ch]$' | xargs awk 'FNR == 1 { begin = 0; open = 0 }
  /^[A-Za-z_\[]/ && /\(/ { begin = FNR; open = 0 }
  begin && !open && /\{$/ { open = 1; functions++ }
  begin && !open && /[;}]$/ { begin = 0 }
  /^}/ { if (open && FNR - begin >= 60) print FILENAME ":" begin ": " FNR - begin + 1 " lines"; begin = 0; open = 0 }
  END { if (functions < 900) print "only " functions " functions found" }')
[ -z "$long" ] || wrong "functions over 60 lines: $long"

# The machine is chosen by the include path, and its files know the seam, not the core.
names=$(grep -oE '\barch_[a-z_]+\(' exo/arch.h | sort -u | wc -l)
[ "$names" -le 45 ] && [ "$names" -ge 20 ] || wrong "arch.h names $names functions; at most 45"
tests=$(sources | grep -v '^arch/' | xargs grep -nE '^[[:space:]]*#[[:space:]]*(if|elif).*(__x86_64__|__aarch64__|__riscv)' || true)
[ -z "$tests" ] || wrong "machine tests outside arch/: $tests"
# What a machine defines in line, arch.h names too: a port finds all it must supply on one page.
unnamed=$(grep -hoE '\barch_[a-z_]+\(' arch/*/include/arch/*.h arch/*/kernel/machine.h exo/core.h exo/include/exo/*.h | sort -u |
  while read -r name; do grep -qF "$name" exo/arch.h || printf '%s) ' "$name"; done)
[ -z "$unnamed" ] || wrong "arch.h does not name $unnamed"
core=$(grep -ln '"core\.h"' arch/*/kernel/* arch/*/boot/* arch/*/user/* || true)
[ -z "$core" ] || wrong "a machine includes core.h: $core"
up=$(sources | xargs grep -nE '^[[:space:]]*#[[:space:]]*include.*\.\./' || true)
[ -z "$up" ] || wrong "an include leads upwards: $up"
foreign=$(grep -nE '^[[:space:]]*#[[:space:]]*include' arch/*/kernel/*.[chS] | grep -vE '"arch\.h"|"machine\.h"|["<](arch|exo)/|<std[a-z]+\.h>' || true)
[ -z "$foreign" ] || wrong "a machine's kernel files see more than the seam: $foreign"
stray=$(sources | grep -E '^exo/.*\.c$' | xargs grep -nE '\bcore_[a-z]+\(.*\) \{$' | grep -vE 'core_(main|secondary|call|fault|fp|tick|cross|interrupt|trap)\(' || true)
[ -z "$stray" ] || wrong "core_ is for the doors: $stray"

# Left-overs are issues.
left=$({ sources; find veridian CMakeLists.txt cmake docs tools tests .ci -type f; ls ./*.md; } | grep -v tests/frontdoor/house.sh | sort -u | xargs grep -nE '\b(TO[D]O|FIX[M]E)\b|^#if 0' || true)
[ -z "$left" ] || wrong "left-overs: $left"

# The tour leads to files that exist, and passes every file of kernel, contract and loader.
tour=docs/tour.md
for name in $(grep -ohE '\b[a-z_]+\.(c|h|S|def|ld)\b' $tour docs/port.md | sort -u); do
  [ -n "$(find exo arch boot libos apps tests tools -name "$name")" ] || wrong "the pages speak of $name, which there is not"
done
for file in exo/*.[ch] exo/kernel.ld exo/io/* exo/include/exo/* boot/efi/*.c arch/x86_64/*/*.[cS]; do
  grep -qwF "${file##*/}" $tour || wrong "$tour passes $file by"
done
exit $failed
