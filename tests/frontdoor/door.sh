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
    '--arch all run' 'run --arch riscv64 --display vnc=:1' 'qemu /no/such/folder'; do
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
  ! grep -q STAGE results
  ;;
*) echo "unknown case $case"; exit 1 ;;
esac
