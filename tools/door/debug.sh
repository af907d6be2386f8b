# debug.sh: the verb `debug` of the front door, which sources this file: a machine that waits, and gdb with the symbols of loader,
# kernel, library and program.

debug() {
  need $(packages_of build) $(packages_of "$arch") $(packages_of debug)
  [ $# -gt 0 ] || set -- demo
  debugged=$1
  [ -n "${VERIDIAN_BUILT:-}" ] || build "$arch"
  [ -e "$root/$arch/programs/$debugged" ] || die $usage_error "there is no program '$debugged' in $root/$arch/programs"
  directory=$(mktemp -d "${TMPDIR:-/tmp}/veridian.XXXXXX")
  trap 'kill $(cat "$directory/pid") 2>/dev/null || true; rm -rf "$directory"' EXIT
  trap 'exit 130' INT TERM HUP
  pack_run "$@"
  more="$more -pidfile pid -S -chardev socket,id=gdb,path=gdb,server=on,wait=off -gdb chardev:gdb"
  boot "$directory" >"$directory/screen" 2>&1 </dev/null &
  machine=$!
  tries=0
  until [ -S "$directory/gdb" ]; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] && kill -0 $machine 2>/dev/null || { cat "$directory/screen" >&2; die $guest_lost "QEMU did not start"; }
    sleep 0.1
  done
  say "what the machine writes goes to $directory/console"
  cat >"$directory/start" <<END
set pagination off
set width 0
set confirm off
set \$exo_arch = "$arch"
set \$exo_top = "$here"
set \$exo_build = "$root/$arch"
set \$exo_program = "$debugged"
source $here/tools/gdb/veridian.py
target remote $directory/gdb
hbreak *entry
continue
delete
python start()
END
  status=0
  # A batch ends with the status that its last word, quit, gives; without one it has not come to its end.
  if [ -n "$batch" ]; then
    timeout "$timeout" gdb-multiarch -q -nx -x "$directory/start" -x "$batch" -ex 'quit 2' "$root/$arch/kernel.elf" </dev/null || status=$?
  else
    gdb-multiarch -q -nx -x "$directory/start" "$root/$arch/kernel.elf" || status=$?
  fi
  return $status
}
