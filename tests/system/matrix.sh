#!/bin/sh
# matrix.sh ARCH FRONT-DOOR: the machines that Veridian meets: from little memory to much, with and without a hole in it, from
# one CPU to more than it takes, with and without an IOMMU, with features of the CPU taken away one at a time. Each boots
# to the end of a program, or is refused with one clear line and the status that says who refused.
set -eu
arch=$1 door=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
failed=0

# machine STATUS LINE OPTION...: LINE, a pattern, must be among what the run says.
machine() {
  want=$1 line=$2 status=0
  shift 2
  "$door" run --arch "$arch" --timeout 120 "$@" list / >"$work/out" 2>&1 </dev/null || status=$?
  if [ $status = "$want" ] && grep -qE "$line" "$work/out"; then
    echo "ok $arch $*: $(grep -E "$line" "$work/out" | head -n 1)"
  else
    echo "FAIL $arch $*: status $status, wanted $want and a line like '$line':"
    tail -n 6 "$work/out"
    failed=1
  fi
}
boots() { machine 0 '^bin/' "$@"; }
refused() { machine 124 "loader refused: .*$1" --qemu "$2"; } # the loader, on the firmware's console
stopped() { machine 121 "kernel panic: .*$1" --qemu "$2"; }   # the kernel, on its own

case $arch in
x86_64)
  boots --memory 64
  machine 124 'loader refused: .*not enough memory' --memory 48
  cpu=max,-erms,-fsrm
  for feature in smap smep umip pge avx pcid rdtscp; do boots --qemu "-cpu $cpu,-$feature"; done
  refused 'it can not forbid execution' "-cpu $cpu,-nx"
  stopped 'no FSGSBASE' "-cpu $cpu,-fsgsbase"
  stopped 'no XSAVE' "-cpu $cpu,-xsave"
  boots --qemu '-device intel-iommu'
  boots --qemu '-object memory-backend-ram,id=a,size=256M -object memory-backend-ram,id=b,size=256M -numa node,memdev=a -numa node,memdev=b' ;;
aarch64)
  boots --memory 128 # AAVMF itself dies with less
  for cpu in cortex-a53 cortex-a72 neoverse-n1 max,pauth=off max,sve=off; do boots --qemu "-cpu $cpu"; done
  boots --qemu '-M virt,gic-version=2,acpi=off'
  boots --qemu '-M virt,gic-version=3,acpi=off,iommu=smmuv3' ;;
riscv64)
  boots --memory 256 # U-Boot loads files to 192 MiB and does not look whether that is memory
  for cpu in rv64,d=off,f=off rv64,zba=off,zbb=off,zbs=off rv64,svinval=on,svnapot=on sifive-u54; do boots --qemu "-cpu $cpu"; done
  refused 'no interrupt controller that is known' '-M virt,aia=aplic' ;;
esac
boots --memory 4096
boots --memory 16384
for cpus in 1 8; do boots --cpus $cpus; done
machine 0 '^4 CPUs beyond the 16 supported are left out' --cpus 20
exit $failed
