#!/bin/sh
# The real root is mounted at $NEWROOT: satchel-boot puts the running tree there. dracut sources this, so satchel-boot
# gets a shell of its own.
(
  # systemd shares mounts with copies of themselves; what is shared cannot be moved.
  mount --make-rprivate /
  . /usr/lib/satchel/satchel-boot
  if [ -f /usr/lib/satchel/satchel-boot-stage ]; then . /usr/lib/satchel/satchel-boot-stage; fi
  satchel_boot "$NEWROOT"
) || die 'satchel: no version can be started'
