#!/bin/sh
# tidy.sh BUILD TOP FOLDER...: clang-tidy over what a build folder compiles of these folders of the tree, two files at a time.
set -eu
build=$1 top=$2
shift 2
folders=$(printf '%s|' "$@")
files=$(sed -n 's/^ *"file": "\(.*\)",*$/\1/p' "$build/compile_commands.json" | grep -E "^$top/(${folders%|})/.*\.c$" | sort -u)
[ "$(printf '%s\n' "$files" | wc -l)" -gt 10 ] || { echo "tidy: hardly any files in $build/compile_commands.json"; exit 1; }
printf '%s\n' "$files" | xargs -P 2 -n 8 clang-tidy-19 --quiet -p "$build" 2>/dev/null
