#!/bin/sh
# baseline.sh RECORD [lower]: no operation of the benchmarks takes over 3 % more instructions than bench/baseline says, and all together
# take no more. The counts are those of one compiler and one emulator; with others nothing is judged. Run at the top of the tree.
# `lower` writes what has become cheaper or is new into the baseline.
set -eu
record=$1 baseline=bench/baseline
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
version() { "$1" --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1; }
key="clang $(version clang-19) qemu $(version qemu-system-x86_64) x86_64"

# What it was before, where there is a history: a change that is not committed yet, or the last commit's.
before=HEAD^
git diff --quiet HEAD -- "$baseline" 2>/dev/null || before=HEAD
git show "$before:$baseline" >"$work/before" 2>/dev/null || : >"$work/before"

if [ "${2:-}" = lower ]; then
  tr -d '\r' <"$record" | awk -v key="key $key" 'FNR == NR { if ($1 == "BENCH") { now[$2] = $3; row[++rows] = $2 } next }
    function missing() { for (i = 1; i <= rows; i++) if (!(row[i] in has)) printf "%-20s %10d %9s %9s\n", row[i], now[row[i]], "-", "-" }
    $1 == "key" { if (here) missing(); here = $0 == key; found += here }
    here && $2 ~ /^[0-9]+$/ { has[$1] = 1; if (($1 in now) && now[$1] + 0 < $2 + 0) sub(/ [0-9]+ /, sprintf(" %d ", now[$1])) }
    here && $1 == "rise" && ($2 in now) && now[$2] <= least[$2] { next } # paid back
    here { least[$1] = $2 }
    { print }
    END { if (here) missing(); if (!found) { print key; missing() } }' - "$baseline" >"$work/lower"
  cp "$work/lower" "$baseline"
fi

judge() { awk -v key="$2" -v before="$work/before" -v baseline="$3" -f tests/frontdoor/baseline.awk "$work/before" "$3" "$1"; }

# What must be refused is refused: a dearer operation, one that is gone, a rise without a reason, a mean that creeps up.
if grep -q "^key $key\$" "$baseline"; then
  first=$(awk -v key="$key" '$1 == "key" { here = ($0 == "key " key); next } here && $2 >= 100 { print $1; exit }' "$baseline")
  refused() { ! judge "$1" "$key" "$2" >"$work/said" || { cat "$work/said"; echo "baseline: $3 went through"; exit 1; }; }
  awk -v name="$first" '$1 == "BENCH" && $2 == name { $3 = int($3 * 1.06) } { print }' "$record" >"$work/dearer"
  refused "$work/dearer" "$baseline" "6 % more for $first"
  awk -v name="$first" '$2 != name' "$record" >"$work/gone"
  refused "$work/gone" "$baseline" "a record without $first"
  awk '$1 == "BENCH" && $3 >= 100 { $3 = int($3 * 1.02) } { print }' "$record" >"$work/creeping"
  refused "$work/creeping" "$baseline" "2 % more for everything"
  awk -v name="$first" '{ print } $1 == name { print "rise " name " 999999" }' "$baseline" >"$work/silent"
  refused "$record" "$work/silent" "a rise without a reason"
fi
judge "$record" "$key" "$baseline"
