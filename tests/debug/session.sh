#!/bin/sh
# session.sh ARCH FRONT-DOOR: a debugger's session on a machine comes to its end, and says what it should on the way.
set -eu
arch=$1 door=$2 here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
"$door" debug --arch "$arch" --cpus 1 --timeout 200 --batch "$here/session.gdb" list / >"$work/out" 2>&1 </dev/null || status=$?
failed=0
[ $status = 0 ] || { echo "session: status $status"; failed=1; }
while read -r line; do
  grep -qE "$line" "$work/out" || { echo "session: nothing like '$line'"; failed=1; }
done <<'END'
efi_main in section .text of .*loader.elf
#0 +sys_map .*space.c
#[1-9] .*core_main .*main.c
#0 +main .*list.c
CPU 0: env 0x.*fp
env 0x.*: alive, parent 0x0
free +[0-9]{4}
fault door 0x40
level 0: .* r-x user
level 0: .* rw- kernel
frame [0-9]+ .*: env, guard '1'
slot  0: rwxmgt ''
#0 +os_fault .*upcall.c
the program faulted at 0x.*, cause 1
back at 0x.*: the same instruction
level 0: .* r-- user
the end
END
[ $failed = 0 ] || cat "$work/out"
exit $failed
