# bench.sh: the verb `bench` of the front door, which sources this file: the rows of bench/ on Veridian and on Debian's own Linux, on
# the same machine of QEMU's. What each boot said is left in bench/out/raw, the report beside it.

# Linux as Debian ships it, but for its random start, and the same without what guards and watches.
linux_default='quiet nokaslr tsc=reliable'
linux_tuned="$linux_default mitigations=off init_on_alloc=0 randomize_kstack_offset=off hardened_usercopy=off psi=0 \
cgroup_disable=memory audit=0 apparmor=0 selinux=0 lsm=capability nowatchdog"

bench() {
  compare= seeds='1 1 2 3 4 5' rounds=5 outside=${out:-$here/bench/out}
  while [ $# -gt 0 ]; do
    case $1 in
    --compare) [ $# -ge 2 ] && [ -f "$2" ] || die $usage_error "--compare wants a report.json"; compare=$(readlink -f "$2"); shift ;;
    --quick) seeds=1 rounds=1 ;;
    *) die $usage_error "bench knows no '$1'" ;;
    esac
    shift
  done
  need $(packages_of build) $(packages_of "$arch")
  [ -n "${VERIDIAN_BUILT:-}" ] || build "$arch"
  [ $arch = x86_64 ] || outside=$outside/$arch
  cpus=1 timeout=600 more="$more -smp 1" raw=$outside/raw
  [ -z "$compare" ] || { mkdir -p "$outside"; cp "$compare" "$outside/old.json"; }
  rm -rf "$raw"
  mkdir -p "$raw"
  out=
  linux_kernel "$raw"
  bench_all
  bench_events
  bench_report
}

# The kernel that a Debian package has for this machine, uncompressed where QEMU can start that: $kernel_file, empty: none.
linux_kernel() {
  kernel_file= package=$(packages_of "linux-$arch" | cut -d: -f1)
  folder=$cache/src/linux-$arch
  if ! "$here/tools/fetch-binary" $(packages_of "linux-$arch" | tr : ' ' | awk -v to="$folder" '{ print $1, "boot", to, $2 }') 2>"$1/kernel.log"; then
    say "no Linux to compare with: Debian's packages here have none for $arch ($package)"
    return
  fi
  for kernel_file in "$folder"/boot/vmlinuz-*; do continue; done
  linux_version=$(basename "$kernel_file" | sed 's/^vmlinuz-//') linux_form=$kernel_file
  [ $arch != x86_64 ] || vmlinux
}

# vmlinux: what a bzImage carries compressed (Linux's own boot protocol says where), which QEMU enters by PVH.
vmlinux() {
  field() { od -An -tu"$2" -j"$1" -N"$2" "$kernel_file" | tr -d ' '; }
  plain=$folder/vmlinux-$linux_version
  [ -s "$plain" ] || { tail -c +$((($(field 497 1) + 1) * 512 + $(field 584 4) + 1)) "$kernel_file" |
    head -c $(($(field 588 4) - 4)) | xz -dc >"$plain.part" 2>/dev/null && mv "$plain.part" "$plain"; } ||
    { say "the kernel is not packed with xz: it is booted packed"; return 0; }
  kernel_file=$plain
}

console_of() { case $arch in aarch64) echo ttyAMA0 ;; *) echo ttyS0 ;; esac; }

# bench_linux default|tuned RECORD WORD...: one boot.
bench_linux() (
  kind=$1 record=$2
  shift 2
  directory=$(mktemp -d "$root/linux.XXXXXX")
  trap 'rm -rf "$directory"' EXIT
  trap 'exit 130' INT TERM HUP
  mkdir "$directory/esp"
  "$here/tools/initramfs" "$root/$arch/bench-linux" >"$directory/initramfs"
  eval "linux_words=\$linux_$kind"
  linux=$kernel_file linux_words="console=$(console_of) $linux_words -- $*"
  verdict=0
  boot "$directory" </dev/null >"$record.words" 2>&1 || verdict=$?
  tr -d '\r' <"$directory/results" >"$record"
  tr -d '\r' <"$directory/console" >"$record.console"
  [ "$verdict" = 0 ] && [ "$(tail -n 1 "$record")" = 'END 0' ] || bench_lost "$record" "Linux ($kind)" "$verdict"
)
bench_veridian() (
  results_copy=$1
  shift
  verdict=0
  run bench "$@" </dev/null >"$results_copy.words" 2>&1 || verdict=$?
  tr -d '\r' <"$results_copy" >"$results_copy.clean" && mv "$results_copy.clean" "$results_copy"
  [ "$verdict" = 0 ] || bench_lost "$results_copy" Veridian "$verdict"
)
bench_lost() {
  say "the benchmarks on $2 ended badly ($3):"
  tail -n 5 "$1.words" >&2
  return 1
}

# Counted: once for each seed, the systems beside each other, since nothing there depends on time. Then by the clock, one after the
# other. The counter goes on by 4 ns an instruction on x86_64, so that Linux has not more ticks of its timer than on a real machine.
bench_all() {
  VERIDIAN_BUILT=1 round=0 ticks=
  [ $arch != x86_64 ] || icount_shift=2 ticks=ticks=4
  for seed in $seeds; do
    round=$((round + 1))
    say "counted, round $round of $(echo $seeds | wc -w), seed $seed"
    bench_round count-$round-$seed 2 describe "seed=$seed" $ticks
  done
  icount= seed=
  for round in $(seq $rounds); do
    say "by the clock, round $round of $rounds"
    bench_round wall-$round 1 wall describe
  done
}

# bench_round NAME JOBS WORD...
bench_round() {
  name=$1 jobs=$2
  shift 2
  ok=
  if [ "$jobs" = 1 ]; then
    bench_veridian "$raw/veridian-$name" "$@" && { [ -z "$kernel_file" ] || { bench_linux default "$raw/default-$name" "$@" &&
      bench_linux tuned "$raw/tuned-$name" "$@"; }; } && ok=1
  else
    icount=1
    bench_veridian "$raw/veridian-$name" "$@" &
    first=$!
    [ -z "$kernel_file" ] || { bench_linux default "$raw/default-$name" "$@" && bench_linux tuned "$raw/tuned-$name" "$@"; } && ok=1
    wait $first || ok=
  fi
  [ -n "$ok" ] || die 1 "the comparison has no numbers"
}

# Once more, under a plugin that sees what a counter does not tell: address spaces, invalidations, traps.
bench_events() {
  : >"$raw/events"
  qemu-system-$arch -help | grep -q '^-plugin' || { say "this QEMU takes no plugins: no events are counted"; return 0; }
  say "events"
  clang-19 -std=gnu2x -O2 -shared -fPIC -o "$raw/events.so" "$here/tools/events.c"
  icount=1
  bench_watched veridian "$root/$arch/programs/bench" &
  [ -z "$kernel_file" ] || bench_watched tuned "$root/$arch/bench-linux" || die 1 "the events of Linux are missing"
  wait $! || die 1 "the events of Veridian are missing"
  rm "$raw/events.so"
}
# bench_watched SYSTEM IMAGE
bench_watched() (
  os=$1 record=$raw/$1-events
  address() { llvm-nm-19 "$1" | awk -v name="$2" '$3 == name { print $1 }'; }
  more="$more -plugin $raw/events.so,arch=$arch,mark=$(address "$2" bench_mark),marks=$(address "$2" bench_marks),out=$record.counts"
  if [ $os = veridian ]; then bench_veridian "$record" describe $ticks; else bench_linux $os "$record" describe $ticks; fi || exit 1
  tr -d '\r' <"$record.console" | awk -v os=$os '$1 == "MARK" { name[$2] = $3; parts[$2] = $4 }
    $1 == "EVENTS" { n = $3 * parts[$2]; if (n) printf "EVENT %s %s %.1f / %.1f / %.1f\n", os, name[$2], $4 / n, $5 / n, $6 / n }' \
    - "$record.counts" >>"$raw/events"
)

# bench_report: the tables, from what is in $raw.
bench_report() {
  {
    printf 'arch %s\nqemu %s\ncompiler %s\nrevision %s\nlinux %s\nform %s\nseeds %s\nrounds %s\ndate %s\n' $arch \
      "$(qemu-system-$arch --version | sed -n '1s/.*version //p')" "$(clang-19 --version | head -n 1)" \
      "$(git -C "$here" describe --always --dirty 2>/dev/null || echo unknown)" \
      "$([ -n "$kernel_file" ] && echo "$linux_version" || echo none)" "$(basename "$kernel_file" 2>/dev/null)" "$seeds" "$rounds" "$(date -u +%Y-%m-%d)"
    printf 'default %s\ntuned %s\nmemory %d\nns %d\n' "$linux_default" "$linux_tuned" "$memory" "$([ $arch = x86_64 ] && echo 4 || echo 1)"
    llvm-objcopy-19 --strip-debug "$root/$arch/kernel.elf" "$raw/kernel.stripped"
    printf 'kernel %d\nlinux_kernel %d\n' "$(wc -c <"$raw/kernel.stripped")" "$(cat "${kernel_file:-/dev/null}" | wc -c)"
    rm "$raw/kernel.stripped"
  } >"$raw/about"
  status=0
  LC_ALL=C awk -f "$here/tools/door/bench.awk" -v out="$outside" -v raw="$raw" "$raw/about" "$raw/events" "$here/bench/elsewhere" \
    $(cd "$raw" && ls -d "$PWD"/*-count-* "$PWD"/*-wall-* | grep -v '\.words$') >"$outside/said" || status=$?
  cat "$outside/said"
  [ $status = 0 ] || return $status
  say "the report: $outside/report.html, report.md, report.json"
  [ -z "$compare" ] || awk -f "$here/tools/door/compare.awk" "$outside/old.json" "$outside/report.json"
}
