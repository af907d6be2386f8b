#!/bin/sh
# door.sh CASE TOP BUILD_ROOT WORK: the front door's own promises.
set -eu
case=$1 top=$2 root=$3 work=$4
rm -rf "$work"
mkdir -p "$work"
cd "$work"

# status WANTED COMMAND...
status() {
  wanted=$1 got=0
  shift
  "$@" >output 2>&1 </dev/null || got=$?
  [ $got = "$wanted" ] || { echo "status $got, not $wanted: $*"; cat output; exit 1; }
}

# no COMMAND...: it fails (a line that begins with ! would never end this script).
no() { if "$@"; then echo "should have failed: $*"; exit 1; fi; }

case $case in
usage)
  for words in '' frobnicate 'run --arch vax' 'run --cpus two' 'run --cpus' 'run --memory 0' 'run --frobnicate' 'run --with /no/such/file' \
    '--arch all run' 'run --arch riscv64 --display vnc=:1' 'qemu /no/such/folder' 'bench --frobnicate' 'bench --compare /no/such/file'; do
    status 120 "$top/veridian" $words
  done
  status 0 "$top/veridian" help
  grep -q 'Exit status' output
  truncate -s 70M big # a script's folder is taken along; one that is too big is refused before anything boots
  head -c 70000000 /dev/urandom >big
  echo 'print(1)' >script.lua
  status 120 "$top/veridian" run lua ./script.lua
  grep -q 'at most 64 MiB' output
  ;;
unfile)
  clang-19 -std=gnu2x -Wall -Wextra -Werror -O1 -fsanitize=address,undefined -o unfile "$top/tools/unfile.c"
  {
    printf 'VERIDIAN 1\nFILE 9 cbf43926 /host/a b\n313233343536373839\nFILE 0 00000000 empty\n'
    printf 'FILE 2 00000000 damaged\nffff\nFILE 1 00000000 ../outside\n00\nEND 0 0 0 none\n'
  } >results
  status 1 ./unfile results kept/inner
  mkdir kept
  status 1 ./unfile results kept/inner
  [ "$(cat 'kept/inner/host/a b')" = 123456789 ]
  [ -f kept/inner/empty ]
  [ ! -s kept/inner/empty ]
  [ ! -e kept/inner/damaged ]
  [ ! -e kept/outside ]
  grep -q 'damaged came back damaged' output
  ;;
bench) # once each, counted and by the clock; then a report of numbers that can not be right
  status 0 "$top/veridian" --out "$work/out" bench --quick
  no grep -q 'no Linux to compare with' output || exit 77
  [ "$(jq '[.rows[] | select(.veridian > 0 and .linux > 0 and .tuned > 0)] | length' out/report.json)" -ge 20 ]
  [ "$(jq '.void' out/report.json)" = false ]
  qemu-system-x86_64 -help | grep -q '^-plugin' && grep -q '^| fault-round | 0.0 / 0.0 / 1.0 | 0.0 / 0.0 / 2.0 |' out/report.md
  grep -q '</svg>' out/report.html
  grep -q '^| null-call | null system call | [0-9]' out/report.md
  judge() { awk -f "$top/tools/door/bench.awk" -v out="$work/again" out/raw/about out/raw/events "$top/bench/elsewhere" \
    $(ls -d "$work"/out/raw/*-count-* "$work"/out/raw/*-wall-* | grep -v '\.words$'); }
  mkdir again
  judge >output
  sed -i 's/^BENCH control-alu .*/BENCH control-alu 4444 instructions/' out/raw/tuned-count-1-1
  no judge >output
  grep -q 'all is void' output
  sed 's/\("row":"prot1",.*"veridian":\)[0-9]*/\17/' out/report.json >old.json
  awk -f "$top/tools/door/compare.awk" old.json out/report.json >output
  grep -q 'prot1 .*Veridian .* 7 -> ' output
  [ "$(wc -l <output)" = 1 ]
  ;;
image-reproducible)
  for try in 1 2; do
    BUILD_ROOT=$root "$top/veridian" image --arch all
    mv "$root/veridian.img" $try.img
  done
  cmp 1.img 2.img
  for name in BOOTX64.EFI BOOTAA64.EFI BOOTRISCV64.EFI; do mdir -i 1.img@@1M -b ::/EFI/BOOT/$name; done
  mv 1.img "$root/test/veridian.img"
  rm 2.img
  ;;
image-formats) # the same bytes twice, in every format; and each is what it says
  for format in iso qcow2; do
    for try in 1 2; do
      BUILD_ROOT=$root "$top/veridian" image --arch all --format $format list /
      mv "$root/veridian.$format" $try.$format
      sleep 1
    done
    cmp 1.$format 2.$format
    rm 2.$format
    mv 1.$format "$root/test/veridian.$format"
  done
  sfdisk -d "$root/test/veridian.iso" 2>/dev/null | grep -q 'label: gpt'
  xorriso -indev "$root/test/veridian.iso" -report_el_torito plain 2>/dev/null | grep -q UEFI
  qemu-img info "$root/test/veridian.qcow2" | grep -q 'file format: qcow2'
  ;;
secure-boot)
  # Debian's OVMF comes with a variable store that trusts a key whose private half is public: good for a test.
  openssl rsa -in /usr/share/ovmf/PkKek-1-snakeoil.key -passin pass:snakeoil -out key.pem 2>/dev/null
  BUILD_ROOT=$root "$top/veridian" image --sign key.pem /usr/share/ovmf/PkKek-1-snakeoil.pem list /
  mv "$root/veridian.img" signed.img
  BUILD_ROOT=$root "$top/veridian" image list /
  mv "$root/veridian.img" unsigned.img
  status 0 "$top/veridian" qemu --secure --timeout 120 signed.img
  grep -q '^bin/' output
  status 122 "$top/veridian" qemu --secure --timeout 30 --results "$work/results" unsigned.img
  grep -aq 'Access Denied\|Security Violation' results.console
  no grep -q STAGE results
  ;;
plain) # without a terminal: no escape sequence, no carriage return; standard output is the program's alone
  VERIDIAN_BUILT=1 BUILD_ROOT=$root "$top/veridian" run lua "$top/tests/lua/status.lua" >output 2>errors </dev/null || [ $? = 7 ]
  cat errors
  grep -q '^stage 6' errors
  no grep -aq "$(printf '[\033\r]')" output errors
  no grep -q '^stage' output
  ;;
json)
  export VERIDIAN_BUILT=1 BUILD_ROOT="$work/root"
  mkdir -p root script
  for folder in "$root"/*; do case $folder in */test | */test.lock) ;; *) ln -s "$folder" root/ ;; esac; done
  # is WANTED-STATUS FILTER WORD...: jq's FILTER holds for what the front door says, one object a line.
  is() {
    wanted=$1 filter=$2 got=0
    shift 2
    "$top/veridian" "$@" >output 2>errors </dev/null || got=$?
    [ $got = "$wanted" ] && jq -s -e "$filter" <output >/dev/null || { echo "status $got, or not $filter: $*"; cat output errors; exit 1; }
  }
  printf 'print("a\\"b\\\\c", "\\1\\27\\255 \303\251")\nio.write("no end")\nos.exit(7)\n' >script/hard.lua
  is 7 '.[0] | .verb == "run" and .status == 7 and .output == "a\"b\\c\t\u0001\u001b \u00e9\nno end" and (.stages | length) == 6' \
    run --json lua script/hard.lua
  grep -q '^stage 6' errors # people read on
  is 122 '.[0] | .status == 122 and (.said | test("no end after 1 seconds"))' run --json --timeout 1 list /
  is 0 'length > 8 and all(.[:-1][]; .result == "ok" or .result == "note") and (.[-1].verb == "doctor")' doctor --json
  is 0 'length == 2 and .[0].test == "tree/posix-sh" and .[0].result == "passed" and .[0].seconds >= 0 and .[1].status == 0' \
    test --json -R '^tree/posix-sh$'
  is 0 '.[0] | .verb == "image" and .file == "'"$work"'/root/veridian.img"' image --json
  is 120 'length == 0' clean --json
  ;;
accelerator) # auto boots with kvm when that boots, else without; it tries once. The QEMU here takes kvm for another word for tcg.
  arch=$(uname -m)
  case $arch in x86_64 | aarch64) ;; *) exit 77 ;; esac
  export VERIDIAN_BUILT=1 BUILD_ROOT="$root"
  mkdir bin
  cat >bin/qemu-system-"$arch" <<END
#!/bin/sh
echo "\$*" >>"$work/calls"
case "\$*" in *'-accel kvm'*)
  case \$(cat "$work/kvm") in fails) exit 1 ;; hangs) exec sleep 60 ;; esac
  for word; do shift; [ "\$word" != kvm ] || word=tcg; set -- "\$@" "\$word"; done ;;
esac
exec "$(command -v qemu-system-"$arch")" "\$@"
END
  chmod +x bin/qemu-system-"$arch"
  PATH="$work/bin:$PATH"
  for kvm in fails:1 hangs:1 boots:3; do # and how often kvm is used in two runs
    export XDG_CACHE_HOME="$work/${kvm%:*}"
    echo "${kvm%:*}" >kvm
    rm -f calls
    status 0 "$top/veridian" run --arch "$arch" --accel auto list /
    grep -q 'trying kvm' output
    status 0 "$top/veridian" run --arch "$arch" --accel auto list /
    grep -q '^bin/' output
    no grep -q 'trying kvm' output
    [ "$(grep -c -- '-accel kvm' calls)" = "${kvm#*:}" ] || { echo "$kvm"; cut -c1-400 calls; exit 1; }
  done
  ;;
offline) # two at once, from nothing but a full cache, without a network; then an edit's worth of nothing
  alone=-n
  [ "$(id -u)" = 0 ] || alone=-rn
  unshare $alone true || exit 77
  unset VERIDIAN_BUILT
  mkdir scripts
  for n in 1 2; do echo "print('script $n', ...)" >scripts/$n.lua; done
  pair() {
    for n in 1 2; do
      BUILD_ROOT=$work/build unshare $alone "$top/veridian" run --timeout 200 lua scripts/$n.lua word$n >out$n 2>err$n </dev/null &
      eval "process$n=\$!"
    done
    for n in 1 2; do
      eval "wait \$process$n" || { cat err$n; exit 1; }
      [ "$(cat out$n)" = "script $n	word$n" ] || { cat out$n err$n; exit 1; }
    done
  }
  pair
  cat err1 err2 | grep -c 'configuring x86_64' | grep -qx 1 # one built, the other waited
  pair
  no grep -q 'configuring\|building' err1 err2
  ls build | grep -v '^x86_64' && exit 1 # no left-overs
  ls build/x86_64 | grep '^run' && exit 1
  rm -rf build
  ;;
interrupted) # a download that was killed is gone on with, by two at once
  source=$work/cache/u-boot file=scripts/dtc/libfdt/fdt_ro.c
  setsid "$top/tools/fetch-source" u-boot $file "$source" >log 2>&1 &
  process=$!
  until find "$source.part/package" -name '*.orig.tar*' -size +99k 2>/dev/null | grep -q .; do kill -0 $process || { cat log; exit 1; }; sleep 0.02; done
  kill -KILL -$process
  wait $process || true
  [ ! -e "$source" ]
  for archive in "$source".part/package/*.orig.tar*; do truncate -s 90000 "$archive"; done # its beginning is all that came
  "$top/tools/fetch-source" u-boot $file "$source" >log 2>&1 &
  "$top/tools/fetch-source" u-boot $file "$source" || { cat log; exit 1; }
  wait $! || { cat log; exit 1; }
  [ -s "$source/$file" ]
  [ ! -e "$source.part" ]
  [ -L "$source" ]
  unshare -n "$top/tools/fetch-source" u-boot $file "$source"
  ;;
*) echo "unknown case $case"; exit 1 ;;
esac
