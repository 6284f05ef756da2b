#!/bin/bash
# Puts satchel-boot into the initramfs. dracut itself runs this, in bash.

# Wherever it is installed it is wanted.
check() {
  return 0
}

depends() {
  echo base
}

# The running tree, and the file systems of a boot partition.
installkernel() {
  hostonly='' instmods overlay ext4 vfat nls_cp437 nls_ascii nls_iso8859_1 nls_utf8
}

install() {
  inst_multiple chmod chown chroot cp dd dmesg ln mkdir mount mv readlink rm rmdir sleep stat sync tail umount
  inst_multiple -o reboot
  inst_simple /usr/lib/satchel/satchel-boot
  if [ -f /usr/lib/satchel/satchel-boot-stage ]; then inst_simple /usr/lib/satchel/satchel-boot-stage; fi
  # shellcheck disable=SC2154 # set by dracut
  inst_hook pre-pivot 10 "$moddir/satchel-pre-pivot.sh"
}
