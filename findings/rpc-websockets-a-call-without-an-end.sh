#!/usr/bin/env bash
# rpc-websockets 10.0.1, ws 8.23.0 (npm), Node 20.
#
# Behaviour: the client comes back by itself when its connection ends. A call that waits for its answer
# at that moment gets none: its promise is neither fulfilled nor refused, also after the client is back.
# So `await client.call(...)` waits for ever, and what stands behind it is not done. The events that the
# program had subscribed to do not come any more either, since the new connection knows nothing of them.
# Expected: the call is refused when the connection ends, as it is when there is none ("socket not ready").
# Way out: a timeout with each call (the third argument), and `subscribe` again at each "open".
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund rpc-websockets@10.0.1 ws@8.23.0
cat >try.mjs <<'TRY'
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { Client, Server } from "rpc-websockets";

const server = new Server({ host: "127.0.0.1", port: 0 });
await once(server, "listening");
server.event("message");
server.register("send", () => new Promise(() => {}));
server.register("hello", () => "hello");
const client = new Client(`ws://127.0.0.1:${server.wss.address().port}`, { reconnect_interval: 100 });
await once(client, "open");

let heard = 0;
client.on("message", () => (heard += 1));
await client.subscribe("message");
server.emit("message", "one");
await wait(300);
console.log("events before:", heard);

let call = "still waits";
client.call("send", ["salaam"]).then(() => (call = "answered"), () => (call = "refused"));
await wait(300);
const back = once(client, "open");
for (const socket of server.wss.clients) socket.terminate();
await back;
console.log("after the client is back:", await client.call("hello"));
server.emit("message", "two");
await wait(1500);
console.log("the call:", call);
console.log("events after:", heard - 1);
process.exit();
TRY
timeout 60 node try.mjs | tee seen
cat >expected <<'EXPECTED'
events before: 1
after the client is back: hello
the call: still waits
events after: 0
EXPECTED
diff expected seen
echo "as described"
