#!/bin/sh
# commands.sh TOP: runs every line of every block marked `sh` in the pages, as a reader would, in a folder of its own with a
# script named my.lua. (But for `./veridian test`: this is one of its tests. Blocks marked `console` need hardware, a key or a
# person.)
set -eu
top=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
ln -s "$top/tests" tests
cat >my.lua <<'END'
for line in io.lines() do print(line) end
local f = assert(io.open("written", "w"))
f:write("kept\n")
f:close()
END
failed=0 count=0
for page in "$top"/*.md "$top"/docs/*.md; do
  # A block is marked, or it would be one of commands that nobody runs.
  awk '/^ *```/ { inside = !inside; if (inside && !/^```(sh|console|text)$/) { print FILENAME ":" FNR ": " $0; bad = 1 } }
    END { exit bad || inside }' "$page" || failed=1
  awk '/^```sh$/ { inside = 1; next } /^```/ { inside = 0 } inside && NF' "$page" >lines
  while read -r line <&3; do
    case $line in './veridian test'*) continue ;; esac
    command=$(printf '%s\n' "$line" | sed "s|\./veridian|$top/veridian|g")
    count=$((count + 1)) status=0
    sh -ec "$command" >output 2>&1 </dev/null || status=$?
    if [ $status = 0 ]; then echo "ok ${page#"$top/"}: $line"; else
      echo "FAIL ${page#"$top/"}: status $status: $line"
      tail -n 8 output
      failed=1
    fi
  done 3<lines
done
[ $count -ge 10 ] || { echo "only $count commands in the pages"; exit 1; }
[ "$(cat saved/written)" = kept ] || { echo "what README brings back in saved/ is not there"; exit 1; }
exit $failed
