# setup.sh: what the front door needs from this system, what of it is missing, and how it gets it; sourced by ./veridian.

packages_of() {
  case $1 in
  x86_64) echo qemu-system-x86 ovmf ;;
  aarch64) echo qemu-system-arm qemu-efi-aarch64 ;;
  riscv64) echo qemu-system-misc u-boot-qemu ;;
  build) echo clang-19 lld-19 llvm-19 cmake ninja-build make dpkg-dev xz-utils ;;
  image) echo mtools fdisk ;;
  linux-x86_64) echo linux-image-amd64:amd64 ;; # these are unpacked into the cache, not installed
  linux-aarch64) echo linux-image-arm64:arm64 ;;
  linux-riscv64) echo linux-image-riscv64:riscv64 ;;
  iso) echo xorriso ;;
  qcow2) echo qemu-utils ;;
  sign) echo sbsigntool ;;
  debug) echo gdb-multiarch ;;
  test) echo openssl xorriso qemu-utils sbsigntool clang-format-19 clang-tidy-19 cppcheck libclang-rt-19-dev gdb-multiarch jq \
    $(packages_of image) $(packages_of aarch64) $(packages_of riscv64) ;;
  test-all) echo debootstrap ;;
  esac
}

# firmware MACHINE: its firmware's files, where Debian, Fedora, Arch or openSUSE puts them: code and variables, or U-Boot.
firmware() {
  case $1 in
  x86_64) set -- /usr/share/OVMF/OVMF_CODE_4M.fd,/usr/share/OVMF/OVMF_VARS_4M.fd \
    /usr/share/edk2/ovmf/OVMF_CODE.fd,/usr/share/edk2/ovmf/OVMF_VARS.fd \
    /usr/share/edk2/x64/OVMF_CODE.4m.fd,/usr/share/edk2/x64/OVMF_VARS.4m.fd \
    /usr/share/qemu/ovmf-x86_64-code.bin,/usr/share/qemu/ovmf-x86_64-vars.bin ;;
  aarch64) set -- /usr/share/AAVMF/AAVMF_CODE.fd,/usr/share/AAVMF/AAVMF_VARS.fd \
    /usr/share/edk2/aarch64/QEMU_EFI-pflash.raw,/usr/share/edk2/aarch64/vars-template-pflash.raw \
    /usr/share/edk2/aarch64/QEMU_CODE.fd,/usr/share/edk2/aarch64/QEMU_VARS.fd \
    /usr/share/qemu/aavmf-aarch64-code.bin,/usr/share/qemu/aavmf-aarch64-vars.bin ;;
  riscv64) set -- /usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin /usr/share/uboot/qemu-riscv64_smode/u-boot.bin ;;
  esac
  for files; do
    [ -r "${files%,*}" ] && [ -r "${files#*,}" ] || continue
    echo "$files" | tr , ' '
    return
  done
  return 1
}

# missing_of PACKAGE...: those that are not installed.
missing_of() {
  installed=" $(dpkg-query -W -f='${Package}=${db:Status-Status} ' "$@" 2>/dev/null || true)"
  for package; do case $installed in *" $package=installed "*) ;; *) echo "$package" ;; esac; done
}

# place_of FOLDER: itself, or the folder in which it will be made.
place_of() {
  place=$1
  until [ -d "$place" ]; do place=$(dirname "$place"); done
  echo "$place"
}
free_mib() { df -Pk "$(place_of "$1")" | awk 'NR == 2 { print int($4 / 1024) }'; }

# --- The doctor.
# finding ok|note|bad CHECK WORDS [CURE]
finding() {
  [ "$1" != bad ] || sick=1
  [ "$1" = bad ] || [ -z "$brief" ] || return 0
  printf '%-4s %-11s %s%s\n' "$1" "$2" "$3" "${4:+; cure: $4}"
}

# tool CHECK COMMAND VERSION PACKAGE: a command that must be there, not older than VERSION.
tool() {
  cure="apt-get install $4, as root, or what your system calls it"
  command -v "$2" >/dev/null || { finding bad "$1" "there is no $2" "$cure"; return 0; }
  found=$("$2" --version 2>/dev/null | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1)
  if [ "$(printf '%s\n' "$3" "${found:-0}" | sort -V | head -n 1)" = "$3" ]; then finding ok "$1" "$2 $found"
  else finding bad "$1" "$2 is version ${found:-unknown}, $3 is needed" "$cure"; fi
}

# examine MACHINE...: one line a finding; $sick is set when something is missing.
examine() {
  sick=
  tool compiler clang-19 19.1 clang-19
  tool linker ld.lld-19 19.1 lld-19
  tool objcopy llvm-objcopy-19 19.1 llvm-19
  tool cmake cmake 3.25 cmake
  tool ninja ninja 1.10 ninja-build
  tool make make 4.0 make
  for machine; do
    tool emulator "qemu-system-$machine" 7.2 "$(packages_of "$machine" | cut -d' ' -f1)"
    if files=$(firmware "$machine"); then finding ok firmware "$machine: ${files%% *}"
    else finding bad firmware "there is none for $machine" "apt-get install $(packages_of "$machine" | cut -d' ' -f2), as root, or what your system calls it"; fi
  done
  missing=
  for source in gnu-efi u-boot musl lua5.4; do [ -e "$cache/src/$source" ] || missing="$missing $source"; done
  if [ -z "$missing" ]; then finding ok sources "all in $cache"
  elif command -v apt-get >/dev/null && command -v dpkg-source >/dev/null; then finding ok sources "to be fetched:$missing"
  else finding bad sources "not in the cache:$missing, and this system can not fetch them" \
    "apt-get install dpkg-dev, as root, or copy $cache from a Debian 12 where ./veridian has run"; fi
  for folder in "$root" "$cache"; do
    mib=$(free_mib "$folder")
    if [ ! -w "$(place_of "$folder")" ]; then finding bad disk "$folder can not be written" "BUILD_ROOT or XDG_CACHE_HOME elsewhere"
    elif [ "$mib" -ge $room ]; then finding ok disk "$mib MiB free for $folder"
    else finding bad disk "$mib MiB free for $folder, $room are needed" "./veridian clean, or BUILD_ROOT and XDG_CACHE_HOME on another disk"; fi
  done
}
room=400 brief= sick=

machines() { if [ "$arch" = all ]; then echo x86_64 aarch64 riscv64; else echo "$arch"; fi; }

# lacking WORDS: the end of a verb that found something missing.
lacking() {
  say "$@"
  brief=1
  examine $(machines) >&2
  exit $environment_missing
}

doctor() {
  examine $(machines)
  if [ "$arch" = all ]; then
    missing=$(missing_of $(packages_of test) | tr '\n' ' ')
    if [ -z "$missing" ]; then finding ok tests "all packages are installed"
    else finding bad tests "not installed: ${missing% }" "./veridian test --yes"; fi
  elif [ -e "$root/$arch/kernel.elf" ] && [ -z "$sick" ]; then check_accelerator
  else finding note accelerator "not tried yet" "./veridian run --accel auto"; fi
  [ -z "$sick" ] || return $environment_missing
}

check_accelerator() {
  directory=$root/$arch/doctor.$$
  trap 'rm -rf "$directory"' EXIT
  trap 'exit 130' INT TERM HUP
  mkdir -p "$directory"
  : >"$directory/cmdline"
  make_esp "$arch" "$directory/esp" "cmdline=$directory/cmdline"
  best=$(accelerator "$directory")
  if [ "$best" = tcg ] && [ -e /dev/kvm ]; then
    finding note accelerator "/dev/kvm exists but boots no guest here; QEMU's emulation (tcg) works" "none needed; slower"
  else finding ok accelerator "$best"; fi
}

# --- Installing.
# need PACKAGE...: installs those that are not there, after one question.
need() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    brief=1
    examine $(machines) >&2 # whoever brought the tools
    [ -z "$sick" ] || die $environment_missing "this system has no apt, and lacks the above; Veridian is built on Debian 12, with: $*"
    return 0
  fi
  missing=$(missing_of "$@" | tr '\n' ' ')
  missing=${missing% }
  [ -n "$missing" ] || return 0
  sudo=
  if [ "$(id -u)" != 0 ]; then
    sudo=$(command -v sudo) || lacking "not root and no sudo; as root: apt-get install $missing"
  fi
  plan >/dev/null || { say "refreshing apt's lists"; quiet $sudo apt-get update || true; }
  size=$(plan) || lacking "apt can not install $missing (no network, or not Debian 12's packages)"
  mib=${size##* }
  [ "$mib" -le "$(free_mib /usr)" ] || lacking "the disk is too full: to install $missing takes $mib MiB in /usr, $(free_mib /usr) are free"
  size="${size% *}, $mib MiB of disk"
  if [ -n "$sudo" ] && [ -z "$yes" ]; then
    # Input that is no terminal is the program's.
    [ -t 0 ] || lacking "to install: $missing ($size); --yes does it without a question"
    printf 'veridian: to install: %s (%s). Go on? [y/N] ' "$missing" "$size" >&2
    read -r answer || answer=
    case $answer in [yY]*) ;; *) lacking "nothing was installed" ;; esac
  fi
  say "installing $missing ($size)"
  install_missing
}

# plan: how many packages, the size of the download, and MiB of disk, in apt's own words; fails when apt knows no way.
plan() {
  LC_ALL=C apt-get install --assume-no -o Debug::NoLocking=1 --no-install-recommends $missing 2>&1 </dev/null | awk '
    / newly installed, / { packages = $1 + $3 }
    /^Need to get / { sub(/^Need to get /, ""); sub(/(\/.*)? of archives.*/, ""); download = $0 }
    /^After this operation, / { gsub(/,/, ""); mib = $4 * ($5 == "GB" ? 954 : $5 == "MB" ? 0.954 : 0); planned = 1 }
    END { if (!planned) exit 1; printf "%d packages, %s to download %d\n", packages, download, mib + 1 }'
}

install_missing() {
  mkdir -p "$root"
  log=$(mktemp "$root/apt.XXXXXX")
  $sudo env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 \
    $missing >"$log" 2>&1 </dev/null || {
    tail -n 20 "$log" >&2
    locked=$(grep -c 'Could not get lock\|Unable to acquire' "$log" || true)
    rm -f "$log"
    [ "$locked" = 0 ] || lacking "another program holds apt's lock: wait for its end, then run again"
    lacking "apt could not install $missing"
  }
  [ -z "$verbose" ] || cat "$log" >&2
  rm -f "$log"
}
