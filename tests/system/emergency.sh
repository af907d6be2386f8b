#!/bin/sh
# emergency.sh ARCH BUILD FRONT-DOOR [WHAT...]: breaks the running kernel from outside, by QEMU's debugger port, in ways
# no program can: each must end as a panic that says so (exit status 121 of the front door), reported on the console.
#   overflow  the kernel's stack pointer just above its guard page     jump  a jump to where nothing is mapped
#   zero      the stack pointer is 0                                   nmi   (x86_64) a non-maskable interrupt
# and one that the kernel that checks itself must find, so that tests fail:
#   invariant an environment is charged for a frame of the kernel's
# BUILD is the folder with kernel.elf. Wants gdb-multiarch.
set -eu
arch=$1 build=$(cd "$2" && pwd) door=$(readlink -f "$3")
shift 3
[ $# -gt 0 ] || case $arch in x86_64) set -- overflow jump zero invariant nmi ;; *) set -- overflow jump zero invariant ;; esac
command -v gdb-multiarch >/dev/null || { echo "emergency: gdb-multiarch is missing" >&2; exit 77; }
real=$(command -v qemu-system-"$arch")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# The front door finds this QEMU first: the same, with a debugger port.
mkdir "$work/bin"
cat >"$work/bin/qemu-system-$arch" <<END
#!/bin/sh
pwd >"$work/where"
exec "$real" "\$@" -chardev socket,id=debugger,path=$work/gdb,server=on,wait=off -gdb chardev:debugger
END
chmod +x "$work/bin/qemu-system-$arch"

provoke() {
  stack='set $sp = 0xFFFFB00000001008'
  case $1 in
  overflow) echo "$stack" ;;
  zero) echo 'set $sp = 0' ;;
  jump) echo 'set $pc = 0xFFFFFFFFF0000000' ;;
  nmi) echo 'monitor nmi' ;;
  invariant) echo "set ((struct exo_frame_desc *)0xFFFFA00000000000)[boot->root_physical >> 12].account = 1" ;;
  esac
}

failed=0
for what; do
  rm -f "$work/gdb" "$work/where" "$work/results"*
  case $what in invariant) kernel=kernel-check ;; *) kernel=kernel ;; esac
  PATH="$work/bin:$PATH" "$door" run --kernel $kernel --arch "$arch" --cpus 1 --timeout 90 --results "$work/results" \
    systest time hostile kill hostile \
    >"$work/out" 2>&1 </dev/null &
  runner=$!
  tries=0
  until [ -e "$work/where" ] && grep -q '^STAGE 6' "$(cat "$work/where")/results" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 900 ] || break
    sleep 0.1
  done
  timeout 60 gdb-multiarch -q -batch -nx "$build/$kernel.elf" -ex 'set confirm off' -ex "target remote $work/gdb" \
    -ex 'hbreak *sys_batch' -ex continue -ex delete -ex "$(provoke "$what")" -ex detach \
    >"$work/gdb.log" 2>&1 </dev/null || true
  status=0
  wait $runner || status=$?
  case $what in overflow) seen='address ffffb00000000' ;; jump) seen='address fffffffff0000000' ;; *) seen= ;; esac
  if [ $what = invariant ]; then
    [ $status = 1 ] && said=$(grep -a '^check.c:.*account == 0' "$work/results.console" | head -n 1) &&
      echo "emergency: $arch $what: $said" && continue
  fi
  if [ $status = 121 ] && grep -qa "^PANIC in the kernel.*$seen" "$work/results" &&
    grep -qa 'backtrace:' "$work/results.console"; then
    echo "emergency: $arch $what: $(grep -a '^PANIC' "$work/results" | head -n 1 | tr -d '\r')"
  else
    echo "emergency: $arch $what: FAILED with status $status" && tail -n 5 "$work/gdb.log" "$work/out"
    failed=1
  fi
done
exit $failed
