#!/bin/sh
# lines.sh ARCH FRONT-DOOR WORK: the kernel as it was built, in a machine that watches what it writes (watch.c), while a
# program does things with what is its own (tests/system/private.c): no store goes to another CPU's record, to data of the
# kernel's as a whole, or to a frame or descriptor of anything but the environments of this CPU alone; atomic read-modify-writes are counted.
set -eu
qemu-system-"$1" -help | grep -q "^-plugin" || { echo "lines: this QEMU takes no plugins" >&2; exit 77; }
arch=$1 door=$(readlink -f "$2") work=$3
top=$(dirname "$door")
rm -rf "$work"
mkdir -p "$work"
clang-19 -std=gnu2x -O2 -shared -fPIC -DEXO_ADDRESS_BITS=48 -I"$top/exo/include" -I"$top/tools" -o "$work/watch.so" "$top/tests/private/watch.c"
# MARKS of private.c: page 480 of PLACE
"$door" run --arch "$arch" --cpus 2 --timeout 120 --qemu "-plugin $work/watch.so,out=$work/stores,marks=0xB0001E0000" \
  systest child private >"$work/own" 2>"$work/log" </dev/null || { echo "lines: $arch: the run ended with $?"; cat "$work/log"; exit 1; }

# Of a store: operation, run, store|update, place, number. None of any run may be to what is shared; a run in which a tick came
# has more of them, so the least of all runs counts. x86_64 orders a store before later loads by an exchange: so there yield
# and gate have more, in the CPU's own record and the u-area.
awk -v arch="$arch" '
  BEGIN { n = split("null frame_take map protect,narrower protect,wider unmap frame_drop fault yield gate,both_ways shared", name, " ")
    split("0 2 2 1 1 2 2 0 3 4 99", most, " ")
    if (arch == "x86_64") { most[9] = 6; most[10] = 10 } }
  $1 == "own" { for (i = 0; i < $3; i++) own[$2 + i] = 1; next }
  { k = $1 + 1; stores[k, $2]++; if ($2 >= runs[k]) runs[k] = $2 + 1
    if ($3 == "update") { updates[k, $2]++; at[k, $2, $4]++ }
    good = $4 == "cpu" || ($4 == "frame" && $5 in own) || ($4 == "descriptors" && $5 in own && $5 + 1 in own) ||
      ($4 == "device" && arch == "x86_64") # its own interrupt controller: the timer
    if (!good) { foreign[k]++; first[k] = $4 " " $5 } }
  END {
    for (k = 1; k <= n; k++) {
      for (r = b = 0; r < runs[k]; r++) if (updates[k, r] + 0 < updates[k, b] + 0) b = r
      printf "%-18s %3d stores, %d read-modify-writes: %d descriptors, %d frames, %d CPU record; in %d runs %d stores to what is shared%s\n",
        name[k], stores[k, b], updates[k, b], at[k, b, "descriptors"], at[k, b, "frame"], at[k, b, "cpu"], runs[k], foreign[k],
        foreign[k] ? " (" first[k] ")" : ""
      if (k < n && foreign[k]) bad = bad " " name[k] ":shared"
      if (updates[k, b] > most[k]) bad = bad " " name[k] ":updates"
      if (runs[k] != 8) bad = bad " " name[k] ":runs"
      if (k == 2 && !at[k, b, "frame"] || k == 3 && at[k, b, "descriptors"] < 2) bad = bad " " name[k] ":not-seen"
    }
    if (!foreign[n]) bad = bad " what-is-shared-was-not-seen"
    if (bad) { print "lines: " arch ":" bad; exit 1 }
  }' "$work/own" "$work/stores"
