# machine.sh: booting, what a person sees of it, and how a run ended; sourced by ./veridian. The only place with QEMU command
# lines.

# boot FOLDER: FOLDER/esp is the disk; leaves FOLDER/results and FOLDER/console; returns QEMU's own status. With $linux, a kernel of
# Linux's, and $linux_words, that is booted on the very same machine, without the firmware, and FOLDER/initramfs are its files.
boot() (
  cd "$1"
  : >results
  [ -z "$icount" ] || cpus=1
  threads=; [ "$accel" = tcg ] && [ -z "$icount" ] && threads=,thread=multi
  pflash() {
    [ -z "$linux" ] || return 0
    echo "-drive if=pflash,unit=0,format=raw,readonly=on,file=$1 -drive if=pflash,unit=1,format=raw,snapshot=on,file=$2"
  }
  serial='-serial chardev:console'
  results='-chardev file,id=results,path=results'
  device='-device virtio-blk-pci,drive=disk,bootindex=0' media= shift=0
  # A CD drive of the plainest kind that the machine has.
  [ -z "$cdrom" ] || { device='-device virtio-scsi-pci -device scsi-cd,drive=disk,bootindex=0' media=,media=cdrom; }
  case $arch in
  x86_64)
    ovmf=/usr/share/OVMF/OVMF
    set -- qemu-system-x86_64 -M q35 -cpu max,-erms,-fsrm -device isa-debug-exit,iobase=0x501,iosize=1
    if [ -n "$secure" ]; then
      set -- "$@" -M smm=on -global driver=cfi.pflash01,property=secure,value=on $(pflash ${ovmf}_CODE_4M.secboot.fd ${ovmf}_VARS_4M.snakeoil.fd)
    else set -- "$@" $(pflash $(firmware x86_64)); fi
    [ -z "$cdrom" ] || device='-device ide-cd,drive=disk,bootindex=0'
    serial="$serial $results -serial chardev:results" shift=6 ;;
  aarch64)
    set -- qemu-system-aarch64 -M virt,gic-version=3,acpi=off -cpu max -boot menu=on,splash-time=0 \
      -semihosting-config enable=on,target=native,userspace=off \
      $(pflash $(firmware aarch64))
    serial="$serial $results -device pci-serial,chardev=results" ;;
  riscv64)
    # U-Boot waits two seconds for a key; one byte of a copy says it should not.
    sed 's/bootdelay=2/bootdelay=0/' "$(firmware riscv64 | cut -d' ' -f1)" >u-boot.bin
    set -- qemu-system-riscv64 -M virt -cpu rv64 -bios default
    [ -n "$linux" ] || set -- "$@" -kernel u-boot.bin
    serial="$serial $results -device pci-serial,chardev=results"
    [ -n "$cdrom" ] || device='-device virtio-blk-device,drive=disk' ;;
  esac
  [ -z "$linux" ] || device=${device%,bootindex=0}
  [ -z "$linux" ] || set -- "$@" -kernel "$linux" -initrd initramfs -append "$linux_words"
  [ -z "$icount" ] || set -- "$@" -icount shift=${icount_shift:-$shift},sleep=off -rtc base=2020-01-01,clock=vm -seed ${seed:-1}
  if [ "$display$screenshot" != none ]; then
    case $arch in aarch64) set -- "$@" -device ramfb ;; *) set -- "$@" -device VGA ;; esac
  fi
  if [ -n "$screenshot" ]; then
    mkfifo monitor.in monitor.out
    set -- "$@" -chardev pipe,id=monitor,path=monitor -mon monitor
  fi
  console=stdio,id=console,signal=off,logfile=console
  [ ! -t 0 ] || { console=$console,mux=on; set -- "$@" -mon console; }
  set -- "$@" -accel "$accel$threads" -smp "$cpus" -m "$memory" -nodefaults -display "$display" -no-reboot \
    -chardev "$console" $serial -drive if=none,id=disk,format=$disk_format$media,file=$disk,readonly=on $device $more
  [ -z "$verbose" ] || say "$*"
  if [ -t 0 ]; then timeout --foreground -k 5 "$timeout" "$@"; else
    # The firmware would take typed bytes for itself: input waits until the kernel is up. Its end is sent as Ctrl-D.
    mkfifo input
    exec 4<&0
    feed() {
      trap 'kill $child 2>/dev/null; exit' TERM
      until grep -q '^STAGE 6' results; do sleep 0.1 & child=$!; wait $child; done
      if [ -n "$screenshot" ]; then # one after the other: the second's beginning is the first's end
        printf 'screendump %s\n' screen.ppm again.ppm >monitor.in
        until [ -e again.ppm ]; do sleep 0.1 & child=$!; wait $child; done
      fi
      cat <&4 & child=$!; wait $child
      printf '\004'
      sleep "$timeout" & child=$!; wait $child
    }
    feed >input &
    feeder=$!
    status=0
    timeout --foreground -k 5 "$timeout" "$@" <input 4<&- || status=$?
    kill $feeder 2>/dev/null || true
    wait $feeder 2>/dev/null || true
    return $status
  fi
)

# accelerator FOLDER: kvm if FOLDER's guest reaches stage 1 with it, else tcg. A /dev/kvm that exists may not boot a guest: it is
# tried, once for each kernel, QEMU and set of rights of ours.
accelerator() {
  if [ "$arch" != "$(uname -m)" ] || [ -n "$icount" ]; then echo tcg; return; fi
  memory_of_it=$cache/accelerator/$arch-$({ uname -r; "qemu-system-$arch" --version; ls -lL /dev/kvm; id; } 2>&1 | sha256sum | cut -c1-12)
  [ -s "$memory_of_it" ] || try_kvm "$1" "$memory_of_it"
  cat "$memory_of_it"
}

try_kvm() {
  say "trying kvm (once)"
  mkdir -p "$1/kvm" "${2%/*}"
  ln -s ../esp "$1/kvm/esp"
  (accel=kvm timeout=30 more="$more -pidfile pid"; boot "$1/kvm") </dev/null >/dev/null 2>&1 &
  until grep -qs '^STAGE 1' "$1/kvm/results" || ! kill -0 $! 2>/dev/null; do sleep 0.1; done
  best=tcg
  ! grep -qs '^STAGE 1' "$1/kvm/results" || best=kvm
  [ ! -s "$1/kvm/pid" ] || kill "$(cat "$1/kvm/pid")" 2>/dev/null || true
  wait $! || true
  echo $best >"$2.$$"
  mv "$2.$$" "$2"
  say "this system boots with $best"
}

# What the person sees: firmware's talk is left out (but with -v); the boot's own lines go to stderr when stdout is no
# terminal, so that stdout holds what the program wrote and nothing else.
show() {
  if [ -t 1 ]; then
    [ -n "$verbose" ] || sed -u -n -e 's/\r*$//' -e "s/$escape\[[0-9;?=]*[A-Za-z]//g" \
      -e '/^Veridian /,${p;/^stage 6/q}' -e '/^veridian:/p'
    cat
  else
    sed -u -n -e 's/\r*$//' -e "1,/^stage 6/{s/$escape\[[0-9;?=]*[A-Za-z]//g;/^Veridian /,\${w /dev/stderr" -e 'd};/^veridian:/w /dev/stderr' \
      -e 'd};p'
  fi
}
escape=$(printf '\033')

# judge FOLDER QEMU-STATUS: the one place that says how a run ended. Green needs the end marker and the exit device.
judge() {
  code=$2
  [ "$code" != 124 ] && [ "$code" != 137 ] || { say "no end after $timeout seconds"; return $timed_out; }
  [ $arch != x86_64 ] || code=$((code % 2 ? code / 2 : 255))
  end=$(tail -n 1 "$1/results" | tr -d '\r')
  case $code in
  17) words=$(sed -n 's/\r*$//;s/^PANIC //p' "$1/results" | head -n 1)
    say "kernel panic: ${words:-no word of it on the results port}"; return $kernel_panic ;;
  18) say "the loader refused: $(grep -a 'veridian' "$1/console" | tail -n 1 | tr -d '\r')"; return $loader_refused ;;
  16) ;;
  *) say "the machine was lost (QEMU ended with $2); the console's last lines:"; tail -n 8 "$1/console" >&2; return $guest_lost ;;
  esac
  case $end in 'END '[0-9]*) ;; *) say "the machine was switched off without an end marker"; return $guest_lost ;; esac
  set -- $end
  case $2 in *[!0-9]*) say "bad end marker: $end"; return $guest_lost ;; esac
  [ "$2" -le 119 ] || { say "the program's exit status $2 is given as 119"; return 119; }
  return "$2"
}

# boot_and_judge FOLDER
boot_and_judge() {
  firmware "$arch" >/dev/null || lacking "there is no firmware for $arch"
  [ "$accel" != auto ] || accel=$(accelerator "$1")
  # The status of the left side of the pipe, through a file.
  { status=0; boot "$1" || status=$?; echo $status >"$1/status"; } | show
  verdict=0
  judge "$1" "$(cat "$1/status")" || verdict=$?
  [ -z "$screenshot" ] || cp "$1/screen.ppm" "$screenshot" || verdict=$guest_lost
  if [ -n "$results_copy" ]; then cp "$1/results" "$results_copy"; cp "$1/console" "$results_copy.console"; fi
  return $verdict
}
