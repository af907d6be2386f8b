#!/bin/sh
# trace.sh ARCH BUILD FRONT-DOOR WORK run|ring|calls|hang: a run becomes a trace that holds what happened (run); programs read the
# kernel's rings, which they can not write, and in the ordinary kernel there is nothing of it (ring); gates and revocation are
# traced (calls); a run that has to be switched off leaves a trace too (hang).
set -eu
arch=$1 build=$2 door=$(readlink -f "$3") work=$4 case=$5
top=$(dirname "$door")
rm -rf "$work"
mkdir -p "$work"
wrong() { echo "trace: $arch: $*"; tail -n 20 "$work"/*.log; exit 1; }

# traced NAME PROGRAM...: the trace is $work/NAME/trace.json.
traced() {
  name=$1
  shift
  "$door" trace --arch "$arch" --timeout 300 --cpus 2 --out "$work/$name" "$@" >"$work/$name.log" 2>&1 </dev/null || wrong "the run ended with $?"
}

clang-19 -std=gnu2x -O1 -o "$work/check" "$top/tests/trace/check.c"

case $case in
run)
  traced busy lua "$top/tests/trace/busy.lua"
  grep -q "^4500001500000" "$work/busy.log" || wrong "the program did not write what it should"
  # Calls and faults go through C in the tracing kernel: each kind shows that none slips by.
  "$work/check" "$work/busy/trace.json" call,1000 call=map,100 call=batch call=yield call=resume call=env_stop call=console_write \
    'upcall=upcall: fault,5' 'upcall=upcall: event' upcall=event upcall=resume switch,3 'switch=env 1: init' 'switch=env 2: lua' \
    fault,5 'fault=fault: read' 'fault=fault: write' interrupt=timer,2 'revocation=revocation: CPU asked for' \
    'revocation=revocation: ended' library=fault,5 posix=close posix=writev posix=exit_group || wrong "the trace lacks something"
  ! "$work/check" "$work/busy/trace.json" call=no_such_call 2>/dev/null >&2 || wrong "the check finds what is not there"
  grep -q '"lost":0}' "$work/busy/trace.json" || wrong "a short run has lost records"
  # A run that ends in a fault of the program's is a trace as well, and has its status.
  status=0
  "$door" trace --arch "$arch" --out "$work/wild" wild write >"$work/wild.log" 2>&1 </dev/null || status=$?
  [ $status = 119 ] || wrong "a program that crashed ended with $status"
  "$work/check" "$work/wild/trace.json" 'fault=fault: write' 'revocation=revocation: ended' || wrong "no trace of a crash" ;;
ring)
  traced ring ring
  grep -q 'all is as it should be' "$work/ring.log" || wrong "ring did not say so"
  # Without tracing: no window, no word on the results port, no function of it in the image.
  status=0
  "$door" run --arch "$arch" --results "$work/results" ring >"$work/untraced.log" 2>&1 </dev/null || status=$?
  [ $status = 3 ] || wrong "ring ended with $status on the ordinary kernel"
  ! grep -q '^TRACE' "$work/results" || wrong "the ordinary kernel speaks of rings"
  symbols() { llvm-nm-19 "$build/$1.elf" | awk '$NF ~ /^(trace.*|rings|call_dispatch)$/ { print $NF }' | sort | tr '\n' ' '; }
  in_it=$(symbols kernel-trace) in_ordinary=$(symbols kernel)
  [ "$in_it" = "call_dispatch rings trace trace_init trace_window " ] || wrong "the tracing kernel holds: $in_it"
  [ -z "$in_ordinary" ] || wrong "the ordinary kernel holds $in_ordinary" ;;
calls) # two runs: what waits for a child yields so often that the oldest are lost
  traced gate systest call-gate
  "$work/check" "$work/gate/trace.json" call=gate,200 call=gate_reply,200 'upcall=upcall: gate,200' 'upcall=upcall: reply,200' switch,400 ||
    wrong "gates are not all there"
  traced revoke systest call-revoke call-repossess
  "$work/check" "$work/revoke/trace.json" call=revoke 'revocation=revocation: asked' call=repossess 'revocation=revocation: repossessed' ||
    wrong "revocation is not there" ;;
hang)
  echo 'while true do end' >"$work/hang.lua"
  status=0
  "$door" trace --arch "$arch" --timeout 30 --out "$work/hang" lua "$work/hang.lua" >"$work/hang.log" 2>&1 </dev/null || status=$?
  [ $status = 122 ] || wrong "a run without end ended with $status"
  "$work/check" "$work/hang/trace.json" 'switch=env 2: lua' interrupt=timer upcall=event,2 'revocation=revocation: CPU asked for' ||
    wrong "no trace of it" ;;
esac
