# setup.sh: what the front door needs from this system, and how it gets it; sourced by ./veridian.

packages_of() {
  case $1 in
  x86_64) echo qemu-system-x86 ovmf ;;
  aarch64) echo qemu-system-arm qemu-efi-aarch64 ;;
  riscv64) echo qemu-system-misc u-boot-qemu ;;
  build) echo clang-19 lld-19 llvm-19 cmake ninja-build make dpkg-dev xz-utils ;;
  image) echo mtools fdisk ;;
  iso) echo xorriso ;;
  qcow2) echo qemu-utils ;;
  sign) echo sbsigntool ;;
  debug) echo gdb-multiarch ;;
  test) echo openssl xorriso qemu-utils sbsigntool clang-format-19 clang-tidy-19 cppcheck libclang-rt-19-dev gdb-multiarch mtools fdisk $(packages_of aarch64) $(packages_of riscv64) ;;
  esac
}

# need PACKAGE...: installs those that are not there, after one question.
need() {
  command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    die $environment_missing "this system has no apt; Veridian is built on Debian 12, with: $*"
  missing=
  for package; do
    case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) in installed) ;; *) missing="$missing $package" ;; esac
  done
  [ -n "$missing" ] || return 0
  sudo=
  if [ "$(id -u)" != 0 ]; then
    sudo=$(command -v sudo) || die $environment_missing "not root and no sudo; as root: apt-get install$missing"
  fi
  uris() { LC_ALL=C apt-get install --print-uris -qq -y --no-install-recommends $missing 2>/dev/null; }
  uris >/dev/null || { say "refreshing apt's lists"; quiet $sudo apt-get update || true; }
  uris >/dev/null || die $environment_missing "apt can not install$missing (no network, or not Debian 12's packages)"
  size=$(uris | awk '{ bytes += $3; n++ } END { printf "%d packages, %d MB to download", n, (bytes + 999999) / 1000000 }')
  if [ -n "$sudo" ] && [ -z "$yes" ]; then
    printf 'veridian: to install:%s (%s). Go on? [y/N] ' "$missing" "$size" >&2
    read -r answer || answer=
    case $answer in [yY]*) ;; *) die $environment_missing "nothing was installed" ;; esac
  fi
  say "installing$missing ($size)"
  quiet $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 $missing ||
    die $environment_missing "apt could not install$missing"
}

