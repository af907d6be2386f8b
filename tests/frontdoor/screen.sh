#!/bin/sh
# screen.sh ARCH FRONT-DOOR WORK: boots with a screen and takes a picture of it while a program waits for its input. What is
# read from it, letter by letter, must begin with what the kernel said on its console, to the last stage.
set -eu
arch=$1 door=$2 work=$3
top=$(dirname "$door")
rm -rf "$work"
mkdir -p "$work"
clang-19 -std=gnu2x -Wall -Wextra -Werror -O2 -I"$top/exo" -o "$work/screen" "$top/tests/frontdoor/screen.c"
printf 'io.read()\n' >"$work/wait.lua"
"$door" run --arch "$arch" --timeout 120 --results "$work/results" --screenshot "$work/picture.ppm" lua "$work/wait.lua" </dev/null
escape=$(printf '\033')
sed -n -e 's/\r*$//' -e "s/$escape\[[0-9;?=]*[A-Za-z]//g" -e '/^Veridian /,${p;/^stage 6/q}' "$work/results.console" >"$work/said"
grep -q '^stage 6: first application in user mode: [0-9]* us$' "$work/said"
[ "$(wc -l <"$work/said")" -ge 8 ]
"$work/screen" "$work/picture.ppm" >"$work/text"
head -n "$(wc -l <"$work/said")" "$work/text" | diff "$work/said" -
# The rest is the screen's: black, but for what the program's library may have said.
! grep -q '<?>' "$work/text"
cat "$work/said"
