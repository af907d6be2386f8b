# trace.sh: the verb `trace` of the front door, which sources this file: a run on the kernel that traces, and what it kept of it.
# The machine's memory is a file; the kernel says where in it its rings lie. Nothing has to come out of the guest.

trace() {
  need $(packages_of build) $(packages_of "$arch")
  [ -n "${VERIDIAN_BUILT:-}" ] || { build "$arch"; build_kernel "$arch" kernel-trace; }
  directory=$root/$arch/trace.$$ kernel=kernel-trace.elf
  trap 'rm -rf "$directory"' EXIT
  trap 'exit 130' INT TERM HUP
  mkdir -p "$directory" "${out:-$root}"
  host_tool trace
  [ $# -gt 0 ] || set -- demo
  pack_run "$@"
  more="$more -object memory-backend-file,id=ram,size=${memory}M,mem-path=ram,share=on -machine memory-backend=ram"
  verdict=0
  boot_and_judge "$directory" || verdict=$?
  numbers=generic base=0
  case $arch in x86_64) numbers=x86_64 ;; aarch64) base=0x40000000 ;; riscv64) base=0x80000000 ;; esac
  "$root/trace" "$directory/ram" $base "$directory/results" "$here/libos/posix/$numbers/number.h" >"$directory/json" ||
    { [ $verdict != 0 ] || verdict=$guest_lost; return $verdict; }
  mv "$directory/json" "${out:-$root}/trace.json"
  say "open ${out:-$root}/trace.json in ui.perfetto.dev or chrome://tracing"
  return $verdict
}
