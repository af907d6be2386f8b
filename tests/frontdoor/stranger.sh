#!/bin/sh
# stranger.sh TOP WORK: the README's two commands on an empty Debian 12, with the time of each. Wants root, debootstrap and a
# network; installs into WORK only.
set -eu
top=$1 work=$2
root=$work/debian
[ "$(id -u)" = 0 ] || { echo "only root can enter another system"; exit 1; }
targets() { apt-get indextargets --format "$1" 'Created-By: Packages' | grep -E "$2" | sort -u; }
rm -rf --one-file-system "$work"
mkdir -p "$work"
trap 'rm -rf --one-file-system "$root"' EXIT
trap 'exit 1' HUP INT TERM

site=$(targets '$(SITE) $(RELEASE)' ' bookworm$' | head -n 1)
debootstrap --variant=minbase bookworm "$root" "${site% *}" >"$work/debootstrap.log" 2>&1 || { cat "$work/debootstrap.log"; exit 1; }
targets 'deb $(SITE) $(RELEASE) $(COMPONENT)' ' bookworm(-[a-z]+)? main$' >"$root/etc/apt/sources.list"
mkdir -p "$root/home/veridian"
tar -C "$top" --exclude=./build --exclude=./.git -cf - . | tar -C "$root/home/veridian" -xf -

# inside COMMAND: in the other system, with processes and mounts of its own that end with it.
inside() {
  unshare --mount --pid --fork --kill-child sh -c 'mount -t proc proc "$1/proc"; mount -t devpts devpts "$1/dev/pts"; exec chroot "$@"' inside "$root" \
    env -i HOME=/root PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin ${http_proxy:+http_proxy="$http_proxy"} \
    sh -c "cd /home/veridian && $1" </dev/null
}
# timed SECONDS COMMAND: the bar is for two idle processors; how long it took here is printed, and only the status is judged.
timed() {
  begin=$(date +%s) status=0
  inside "$2" >"$work/log" 2>&1 || status=$?
  echo "$2: status $status after $(($(date +%s) - begin)) s (bar: $1 s)"
  [ $status = 0 ] || { tail -n 60 "$work/log"; exit 1; }
}
timed 480 './veridian run'
timed 15 './veridian run'
timed 720 './veridian test'
tail -n 5 "$work/log"
