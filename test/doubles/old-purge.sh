# shellcheck shell=sh
# How the initramfs of the laptops purged (facts, 5.3), for tests: nothing when the version that starts is sticky;
# otherwise everything goes but that version and those that are sticky.
#
#   sh old-purge.sh ROOT VERSION
set -u
versions=$1/versions
if [ -e "$versions/sticky/$2" ]; then exit 0; fi
for folder in "$versions/pristine" "$versions/run" "$versions/contents" "$1/bootpart/boot-versions"; do
  for path in "$folder"/* "$folder"/.[!.]*; do
    name=${path##*/}
    if [ "$name" != "$2" ] && [ ! -e "$versions/sticky/$name" ]; then rm -rf "$path"; fi
  done
done
config=$(readlink "$versions/boot")
for path in "$versions/configs"/*; do
  [ "${path##*/}" = "${config##*/}" ] || rm -rf "$path"
done
