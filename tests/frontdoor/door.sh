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

case $case in
usage)
  for words in '' frobnicate 'run --arch vax' 'run --cpus two' 'run --cpus' 'run --memory 0' 'run --frobnicate' 'run --with /no/such/file' \
    '--arch all run' 'qemu /no/such/folder'; do
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
  [ "$(cat 'kept/inner/host/a b')" = 123456789 ] && [ -f kept/inner/empty ] && [ ! -s kept/inner/empty ]
  [ ! -e kept/inner/damaged ] && [ ! -e kept/outside ]
  grep -q 'damaged came back damaged' output
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
*) echo "unknown case $case"; exit 1 ;;
esac
