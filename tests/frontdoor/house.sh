#!/bin/sh
# house.sh: the rules of the house that a reader relies on and no compiler checks. Run at the top of the tree.
set -eu
failed=0
wrong() { printf 'house: %s\n' "$*"; failed=1; }
sources() { find exo arch boot libos apps bench tests tools -name '*.[chS]' -o -name '*.def' | sort; }
[ "$(sources | wc -l)" -gt 150 ] || wrong "hardly any sources here"

# A function fits on a screen. (clang-format puts its brace at the end of the line, and the last one at the first column.)
long=$(sources | grep '\.c$' | xargs awk 'FNR == 1 { begin = 0 }
  /^[A-Za-z_\[].*\{$/ && /\(/ && !/^(static )?(const )?(struct|enum|union) [a-z_]* ?\{$/ { begin = FNR; functions++ }
  /^}/ && begin { if (FNR - begin >= 60) print FILENAME ":" begin ": " FNR - begin + 1 " lines"; begin = 0 }
  END { if (functions < 900) print "only " functions " functions found" }')
[ -z "$long" ] || wrong "functions over 60 lines: $long"

# The machine is chosen by the include path, and its files know the seam, not the core.
names=$(grep -oE '\barch_[a-z_]+\(' exo/arch.h | sort -u | wc -l)
[ "$names" -le 45 ] && [ "$names" -ge 20 ] || wrong "arch.h names $names functions; at most 45"
tests=$(sources | grep -v '^arch/' | xargs grep -nE '^[[:space:]]*#[[:space:]]*(if|elif).*(__x86_64__|__aarch64__|__riscv)' || true)
[ -z "$tests" ] || wrong "machine tests outside arch/: $tests"
core=$(grep -ln '"core\.h"' arch/*/kernel/* arch/*/boot/* arch/*/user/* || true)
[ -z "$core" ] || wrong "a machine includes core.h: $core"
up=$(sources | xargs grep -nE '^[[:space:]]*#[[:space:]]*include.*\.\./' || true)
[ -z "$up" ] || wrong "an include leads upwards: $up"
stray=$(sources | grep -E '^exo/.*\.c$' | xargs grep -nE '\bcore_[a-z]+\(.*\) \{$' | grep -vE 'core_(main|secondary|call|fault|fp|tick|cross|interrupt|trap)\(' || true)
[ -z "$stray" ] || wrong "core_ is for the doors: $stray"

# Left-overs are issues.
left=$(sources | grep -v tests/frontdoor | xargs grep -nE '\b(TO[D]O|FIX[M]E)\b|^#if 0' || true)
[ -z "$left" ] || wrong "left-overs: $left"
exit $failed
