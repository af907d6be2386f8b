#!/bin/sh
# setup.sh CASE TOP BUILD_ROOT WORK: how the front door meets systems on which something is missing.
set -eu
case=$1 top=$2 root=$3 work=$4
rm -rf "$work"
mkdir -p "$work/bin"
cd "$work"
export BUILD_ROOT="$work/build" XDG_CACHE_HOME="$work/cache"
unset VERIDIAN_BUILT # nothing is built here

# A PATH of our own: the plainest tools, and what a case puts beside them. All it says is kept in `output`.
for tool in sh cat rm mkdir mktemp dirname basename readlink sed awk grep cut tr head tail sort df env uname find tar flock sha256sum date \
  sleep ls chmod ln iconv tee mkfifo mv cp touch timeout du wc; do
  ln -s "$(command -v $tool)" bin/$tool
done
stub() { rm -f "bin/$1"; { echo '#!/bin/sh'; cat; } >"bin/$1"; chmod +x "bin/$1"; }
# status WANTED WORDS COMMAND...: its exit status, and words that it says.
status() {
  wanted=$1 words=$2 got=0
  shift 2
  PATH="$work/bin" "$@" >output 2>&1 </dev/null || got=$?
  [ $got = "$wanted" ] && grep -q -- "$words" output || { echo "status $got, not $wanted with '$words': $*"; cat output; exit 1; }
}
installs() { [ -e installed ] && grep -q 'clang-19.*ovmf' installed || { echo "nothing was installed"; cat output; exit 1; }; rm installed; }
installs_nothing() { [ ! -e installed ] || { echo "something was installed"; cat output; exit 1; }; }
# A terminal that types one word.
terminal() { echo "$1" | script -qec "env PATH=$work/bin $top/veridian run" /dev/null >output 2>&1 || true; }
door="$top/veridian"
user() { echo "echo $1" | stub id; }
apt_knows=yes apt_installs=yes
apt() {
  stub apt-get <<END
case \$* in
*--assume-no*) [ $apt_knows = yes ] || exit 100
  printf '0 upgraded, 57 newly installed, 0 to remove and 3 not upgraded.\nNeed to get 123 MB of archives.\n'
  echo 'After this operation, 1,048 MB of additional disk space will be used.'; exit 1 ;;
*update*) : >updated; exit 1 ;;
*install*) case $apt_installs in
  yes) echo "\$*" >installed ;;
  locked) echo 'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1 (apt)' >&2; exit 100 ;;
  *) echo 'E: broken' >&2; exit 100 ;;
  esac ;;
*) exit 100 ;;
esac
END
}

# no COMMAND...: it fails (a line that begins with ! would never end this script).
no() { if "$@"; then echo "should have failed: $*"; exit 1; fi; }

case $case in
set-up)
  status 123 'this system has no apt' "$door" run
  grep -q '^bad  compiler .*; cure: apt-get install clang-19' output
  grep -q '^bad  emulator .*qemu-system-x86_64' output
  echo 'exit 1' | stub dpkg-query
  apt
  user 1000
  status 123 'no sudo; as root: apt-get install clang-19 ' "$door" run
  echo 'exec "$@"' | stub sudo
  status 123 '57 packages, 123 MB to download, 1000 MiB of disk.*--yes' "$door" run
  installs_nothing
  if script -qec true /dev/null >/dev/null 2>&1; then # where there may be terminals
    terminal n
    grep -q 'clang-19 .*(57 packages, 123 MB to download, 1000 MiB of disk). Go on?' output
    grep -q 'nothing was installed' output
    installs_nothing
    terminal y
    installs
  fi
  status 123 'no source package gnu-efi' "$door" run --yes # what stands behind the installing is still missing
  installs
  user 0
  status 123 'installing clang-19' "$door" run
  installs
  apt_installs=locked && apt
  status 123 "another program holds apt's lock" "$door" run
  apt_installs=no && apt
  status 123 'apt could not install clang-19' "$door" run
  apt_knows=no && apt
  status 123 'apt can not install clang-19' "$door" run
  [ -e updated ]
  apt_knows=yes apt_installs=yes && apt
  printf 'echo\necho "disk 9 9 99000 9 /"\n' | stub df
  status 123 'the disk is too full: to install .* takes 1000 MiB in /usr, 96 are free' "$door" run
  installs_nothing
  ;;
doctor)
  status 123 '^bad  compiler .*there is no clang-19; cure: apt-get install clang-19' "$door" doctor
  status 123 '^bad  sources .*gnu-efi u-boot musl lua5.4' "$door" doctor
  for tool in clang-19 ld.lld-19 llvm-objcopy-19 cmake ninja make qemu-system-x86_64 apt-get dpkg-source; do ln -s "$(command -v $tool)" bin/$tool; done
  status 0 '^ok   compiler .*clang-19 19' "$door" doctor
  no grep -q '^bad' output
  echo 'echo QEMU emulator version 5.2.0' | stub qemu-system-x86_64
  status 123 '^bad  emulator .*version 5.2.0, 7.2 is needed; cure: ' "$door" doctor
  ln -sf "$(command -v qemu-system-x86_64)" bin/qemu-system-x86_64
  echo 'echo Debian clang version 14.0.6' | stub clang-19
  status 123 '^bad  compiler .*14.0.6, 19.1 is needed; cure: ' "$door" doctor
  ln -sf "$(command -v clang-19)" bin/clang-19
  printf 'echo\necho "disk 9 9 99000 9 /"\n' | stub df
  status 123 '^bad  disk .*96 MiB free.*, 400 are needed; cure: ' "$door" doctor
  ln -sf "$(command -v df)" bin/df
  [ "$(id -u)" = 0 ] || { mkdir closed; chmod a-w closed; BUILD_ROOT=$work/closed/build status 123 "^bad  disk .*can not be written" "$door" doctor; }
  status 0 '^note accelerator .*not tried' "$door" doctor
  # Firmware that is not there, where we may hide it.
  firmware="mount -t tmpfs none /usr/share/OVMF && PATH=$work/bin $door"
  if unshare --mount true 2>/dev/null && [ -d /usr/share/OVMF ]; then
    PATH=$PATH:/usr/sbin
    for verb in doctor "qemu $top/tests"; do
      got=0
      unshare --mount sh -c "$firmware $verb" >output 2>&1 || got=$?
      [ $got = 123 ] && grep -q '^bad  firmware .*none for x86_64; cure: apt-get install ovmf' output || { echo "$verb: $got"; cat output; exit 1; }
    done
  fi
  status 120 'for image and doctor only' "$door" --arch all run
  ;;
statuses) # what QEMU does is made up here; the real ends are what tests of the machines see
  PATH="$work/bin:$PATH"
  export BUILD_ROOT="$root" VERIDIAN_BUILT=1
  end() { stub qemu-system-x86_64; }
  run() { wanted=$1 words=$2 got=0; "$door" run list / >output 2>&1 </dev/null || got=$?
    [ $got = "$wanted" ] && { [ -z "$words" ] || grep -q "$words" output; } || { echo "status $got, not $wanted with '$words'"; cat output; exit 1; }; }
  printf '%s\n' 'echo "END 0 0 0 -" >>results; exit 33' | end; run 0 ''
  printf '%s\n' 'echo "END 7 0 0 -" >>results; exit 33' | end; run 7 ''
  printf '%s\n' 'echo "END 139 0 0 -" >>results; exit 33' | end; run 119 '139 is given as 119'
  printf '%s\n' 'echo "PANIC of a test" >>results; exit 35' | end; run 121 'kernel panic: of a test'
  printf '%s\n' 'exec sleep 60' | end; got=0; "$door" run --timeout 1 list / >output 2>&1 </dev/null || got=$?; [ $got = 122 ]
  grep -q 'no end after 1 seconds' output
  printf '%s\n' 'echo "veridian: loader: no kernel" >console; exit 37' | end; run 124 'the loader refused: .*no kernel'
  printf '%s\n' 'exit 1' | end; run 125 'the machine was lost'
  printf '%s\n' 'exit 33' | end; run 125 'without an end marker'
  printf '%s\n' 'echo "END 0 0 0 -" >>results; exit 1' | end; run 125 'the machine was lost' # one witness is not enough
  ;;
*) echo "unknown case $case"; exit 1 ;;
esac
