# image.sh: the verb `image` of the front door, which sources this file. No root, no loop device, the same bytes twice.

# esp_image FILE MIB OFFSET: a FAT file system with the folder esp, OFFSET MiB into FILE.
esp_image() {
  quiet mformat -i "$1@@$3M" -F -T $(($2 * 2048)) -h 64 -s 32 -N 56455249 -v VERIDIAN ::
  quiet mcopy -i "$1@@$3M" -s -m "$directory/esp/EFI" ::
}

# A disk with one partition.
gpt() {
  truncate -s $(($2 + 2))M "$1"
  printf '%s\n' 'label: gpt' 'label-id: 5645524d-4449-4941-8e00-000000000001' \
    "start=2048, size=$(($2 * 2048)), type=uefi, uuid=5645524d-4449-4941-8e00-000000000002, name=ESP" |
    sfdisk -q "$1" || die $environment_missing "sfdisk failed"
  esp_image "$1" "$2" 1
}

# A CD (El Torito, UEFI) whose boot image is a partition of the GPT that the same file has as a disk.
iso() {
  truncate -s "$2M" "$directory/esp.img"
  esp_image "$directory/esp.img" "$2" 0
  mkdir -p "$directory/cd"
  cp "$here/LICENSE" "$directory/cd/"
  find "$directory/cd" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  quiet xorriso -as mkisofs -o "$1" -V VERIDIAN -r --modification-date="$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S00)" \
    --gpt_disk_guid 5645524d444949418e00000000000001 -partition_offset 16 \
    -append_partition 2 0xef "$directory/esp.img" -appended_part_as_gpt \
    -e --interval:appended_partition_2:all:: -no-emul-boot "$directory/cd" || die $environment_missing "xorriso failed"
}

# The firmware checks the loaders; the loaders check that kernel and archive are well formed, not who made them.
sign() {
  for loader in "$directory"/esp/EFI/BOOT/*; do
    case $loader in *RISCV64*) say "${loader##*/} stays unsigned: sbsign does not know RISC-V"; continue ;; esac
    quiet sbsign --key "$sign_key" --cert "$sign_certificate" --output "$loader.signed" "$loader" || die $usage_error "sbsign failed"
    mv "$loader.signed" "$loader"
  done
}

image() {
  machines=$arch extension=img
  [ $arch != all ] || machines='x86_64 aarch64 riscv64'
  [ $format = raw ] || extension=$format
  need $(packages_of build) $(packages_of image) $(packages_of $format) $([ -z "$sign_key" ] || packages_of sign)
  directory=$root/image.$$
  trap 'rm -rf "$directory"' EXIT
  trap 'exit 130' INT TERM HUP
  mkdir -p "$directory"
  [ $# -gt 0 ] || set -- demo
  cmdline "$directory/cmdline" "$@"
  printf 'tty 1\nout 0\n' >"$directory/settings"
  SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct 2>/dev/null || echo 1577836800)}
  export SOURCE_DATE_EPOCH
  for machine in $machines; do
    [ -n "${VERIDIAN_BUILT:-}" ] || build "$machine"
    make_esp "$machine" "$directory/esp" "cmdline=$directory/cmdline" "settings=$directory/settings"
  done
  [ -z "$sign_key" ] || sign
  find "$directory/esp" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  mib=$(($(du -skL "$directory/esp" | cut -f1) / 1024 + 40))
  case $format in
  iso) iso "$directory/image" $mib ;;
  *) gpt "$directory/image" $mib ;;
  esac
  if [ $format = qcow2 ]; then
    quiet qemu-img convert -f raw -O qcow2 "$directory/image" "$directory/image.qcow2"
    mv "$directory/image.qcow2" "$directory/image"
  fi
  mv "$directory/image" "$root/veridian.$extension"
  say "$root/veridian.$extension: $mib MiB, for $machines"
}
