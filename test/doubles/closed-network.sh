#!/bin/sh
# Runs a site in a network namespace of its own with one wire that leads nowhere, works with it as devices do over the
# loopback interface, and prints how many packets went out through the wire: closed-network.sh SATCHEL SITE DEVICE [WORD...]
# The further words go to `satchel serve`. To be started with `unshare --net`.
set -eu
satchel=$1 site=$2 device=$3
shift 3
log=$site.closed.log
# What the kernel sends by itself when a wire comes up is none of the program's.
echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6
ip link set lo up
ip link add wire type veth peer name nowhere
ip addr add 10.9.9.1/24 dev wire
ip link set wire up
ip link set nowhere up
ip route add default dev wire

# What an earlier run has said would be taken for what this one says, until its shell has emptied the file.
rm -f "$log"
touch "$log"
"$satchel" serve --repo "$site" --listen 0.0.0.0:8400 "$@" > "$log" 2>&1 &
server=$!
tries=0
until grep -q '"listening"' "$log"; do
  tries=$((tries + 1))
  [ "$tries" -lt 600 ] || { cat "$log" >&2; exit 1; }
  sleep 0.1
done
"$satchel" update --root "$device" --source http://127.0.0.1:8400 > /dev/null
"$satchel" check --root "$device" --source http://127.0.0.1:8400 > /dev/null
node -e '
  const { get } = require("node:http");
  const ask = (path) => new Promise((done) => get("http://127.0.0.1:8400" + path, (answer) => answer.resume().on("end", () => done(answer.statusCode))));
  const missing = "/packs/" + "a".repeat(64) + ".pack";
  Promise.all(["/", "/status.json", "/api/v1/place", missing, "/metadata/999.root.json"].map(ask))
    .then((codes) => console.log("answers " + codes.join(" ")));'
kill -TERM "$server"
wait "$server" || true
awk '$1 == "wire:" { print "packets " $11 }' /proc/self/net/dev
