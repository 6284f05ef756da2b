#!/bin/sh
# Runs as root in a guest that runs a version from its overlay, on ext4 with the feature `verity` or on btrfs: seals that version,
# shows that the kernel guards it, loses a block of the disk, and heals. Needs filefrag (e2fsprogs), dd with
# oflag=direct, and a source for repairs:
#
#   SATCHEL=/path/to/satchel SOURCE=URL [FILEFRAG=filefrag] sh guest-seal.sh FILE
#
# FILE: a path of the version, without the first slash, larger than 4 KiB and of no use to the guest: it is damaged, and
# stays unreadable in the running system until the next boot. Ends with `@ sealed and healed`, or with `@ seal: …`.
# With an empty FILEFRAG nothing is damaged (only on ext4 the place on the disk is known), and it ends with `@ sealed`.
set -u
satchel=${SATCHEL:-satchel}
filefrag=${FILEFRAG-filefrag}
file=$1
build=$(sed -n 's/^build=//p' /run/satchel/boot)
own=/versions/updates/satchel

fail() { echo "@ seal: $*"; exit 1; }
tree() { echo "/versions/pristine/$build"; }
json() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" /tmp/seal.json; }
is_all_sealed() { [ "$(json files)" -gt 0 ] && [ "$(json sealed)" = "$(json files)" ]; }
forget() { sync; echo 3 >/proc/sys/vm/drop_caches; }

[ -f "$(tree)/$file" ] || fail "$file is not in $build"
free() { sync; stat -f -c %f /versions; }
before=$(free)
$satchel verify --root / --seal --json >/tmp/seal.json || fail "sealing ended with $?: $(cat /tmp/seal.json)"
is_all_sealed || fail "not all are sealed: $(cat /tmp/seal.json)"
echo "@ $(json sealed) files are sealed, in $((before - $(free))) blocks of $(stat -f -c %S /versions) bytes"
grep -q sealedAt "$own/builds/$build.json" || fail 'it is not on record'

# Nobody writes to a sealed file; what runs may, because it writes to its layer.
if (echo x >>"$(tree)/$file") 2>/dev/null; then fail 'a sealed file was written to'; fi
cp "/$file" /tmp/seal.copy || fail 'the running system cannot read'
echo x >>"/$file" || fail 'the running system cannot write'
cat /tmp/seal.copy >"/$file"

# Sealed once more nothing is added, a time that a power cut left wrong is mended, and a look finds every seal.
touch "$(tree)/$file"
$satchel verify --root / --seal --json >/tmp/seal.json || fail "sealing again: $(cat /tmp/seal.json)"
[ "$(json added)" = 0 ] || fail "sealed again: $(cat /tmp/seal.json)"
$satchel verify --root / --json >/tmp/seal.json || fail "a look: $(cat /tmp/seal.json)"
is_all_sealed || fail "a look: $(cat /tmp/seal.json)"
[ "$(json filesRead)" = 0 ] || fail "a look has read: $(cat /tmp/seal.json)"

if [ -z "$filefrag" ]; then
  echo '@ sealed'
  exit 0
fi

# A block of the disk is lost below the file system.
device=$(awk '$2 == "/versions" { print $1 }' /proc/mounts | head -n 1)
block=$($filefrag -v -b4096 "$(tree)/$file" | awk '$1 == "0:" { print $4 + 0 }')
[ -b "$device" ] || fail "no disk: $device"
[ "${block:-0}" -gt 0 ] || fail 'no place on the disk'
forget
dd if=/dev/urandom of="$device" bs=4096 seek="$block" count=1 conv=notrunc oflag=direct 2>/dev/null || fail 'dd'
forget
if cat "$(tree)/$file" >/dev/null 2>&1; then fail 'the kernel gave damaged bytes'; fi
$satchel verify --root / --full --json >/tmp/seal.json && fail 'damage was not found'
grep -q '"reason":"unreadable"' /tmp/seal.json || fail "other damage: $(cat /tmp/seal.json)"

inode=$(ls -di "$(tree)")
$satchel repair --root / --source "$SOURCE" --json >/tmp/seal.json || fail "repair ended with $?: $(cat /tmp/seal.json)"
[ "$(ls -di "$(tree)")" != "$inode" ] || fail 'the tree in use was not exchanged'
held=$(cd "$own/held/$(cat /proc/sys/kernel/random/boot_id)" && ls) || fail 'nothing is held'
[ -d "$own/held/$(cat /proc/sys/kernel/random/boot_id)/$held" ] || fail "held: $held"
forget
cmp "$(tree)/$file" /tmp/seal.copy || fail 'the repaired file is wrong'
$satchel verify --root / --full --json >/tmp/seal.json || fail "after the repair: $(cat /tmp/seal.json)"
is_all_sealed || fail "what was repaired is not sealed: $(cat /tmp/seal.json)"
echo '@ sealed and healed'
