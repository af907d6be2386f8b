# test.sh: the verb `test` of the front door, which sources this file.

build_all() {
  mkdir -p "$root"
  exec 7>>"$root/test.lock" # held until the tests have ended
  flock -n 7 || { say "other tests run in $root: waiting for their end"; flock 7; }
  for machine in host x86_64 aarch64 riscv64; do build $machine; done
  for machine in x86_64 aarch64 riscv64; do
    build_kernel $machine kernel-trace
    build_kernel $machine kernel-check
  done
  build x86_64 x86_64-large -DEXO_KERNEL_BASE=large
  [ $tier = quick ] || for machine in aarch64 riscv64; do build $machine $machine-large -DEXO_KERNEL_BASE=large; done
  [ $tier = quick ] || for base in sv39 sv39-large; do build riscv64 riscv64-$base -DEXO_KERNEL_BASE=$base; done
}

tests() {
  need $(packages_of build) $(packages_of x86_64) $(packages_of test) $([ $tier != all ] || packages_of test-all)
  [ -n "${VERIDIAN_BUILT:-}" ] || build_all
  quiet cmake -S "$here/tests/frontdoor" -B "$root/test" -G Ninja -DBUILD_ROOT="$root" || die 1 "configuring the tests failed"
  export VERIDIAN_BUILT=1 BUILD_ROOT="$root"
  if [ $# -eq 0 ]; then benchmarks; fi
  case $tier in quick) left='more|all' ;; more) left=all ;; *) left=none ;; esac
  { status=0; ctest --test-dir "$root/test" --output-on-failure -j2 -LE "^($left)\$" "$@" || status=$?
    echo $status >"$root/test/status"; } | slowest
  return "$(cat "$root/test/status")"
}

# ctest's words, with the ten slowest tests before the summary.
slowest() {
  awk '/^[0-9]+% tests passed/ { end = 1 }
    end { summary = summary $0 "\n"; next }
    / Test +#[0-9]+: .* sec$/ { for (i = 1; i < NF; i++) if ($i ~ /^#[0-9]+:$/) { name[++n] = $(i + 1); cost[n] = $(NF - 1) } }
    { print; fflush() }
    END {
      if (n) print "the slowest tests, in seconds:"
      for (k = 0; k < 10 && k < n; k++) {
        for (i = best = 1; i <= n; i++) if (cost[i] + 0 > cost[best] + 0) best = i
        printf "  %8.1f %s\n", cost[best], name[best]
        cost[best] = -1
      }
      printf "\n%s", summary
    }'
}

# The tables come before the tests, so that the output ends with ctest's summary; a test looks at what was recorded.
benchmarks() {
  for machine in x86_64 aarch64 riscv64; do
    record=$root/test/bench-$machine
    rm -f "$record"*
    verdict=0
    "$here/veridian" run --arch $machine --icount --results "$record" bench >"$record.log" 2>&1 </dev/null || verdict=$?
    echo $verdict >"$record.verdict"
    say "instructions on $machine"
    sed -n 's/\r*$//;s/^BENCH //p' "$record" 2>/dev/null | awk '{ printf "  %-32s %10s %s\n", $1, $2, $3 }'
  done
}
