#!/bin/sh
# tidy.sh BUILD TOP: clang-tidy over what a build folder compiles of this tree, two files at a time.
set -eu
build=$1 top=$2
files=$(sed -n 's/^ *"file": "\(.*\)",*$/\1/p' "$build/compile_commands.json" | grep "^$top/.*\.c$" | sort -u)
[ "$(printf '%s\n' "$files" | wc -l)" -gt 20 ] || { echo "tidy: hardly any files in $build/compile_commands.json"; exit 1; }
printf '%s\n' "$files" | xargs -P 2 -n 8 clang-tidy-19 --quiet -p "$build" 2>/dev/null
