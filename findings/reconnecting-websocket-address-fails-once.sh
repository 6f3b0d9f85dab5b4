#!/usr/bin/env bash
# reconnecting-websocket 4.4.0 beside partysocket 1.3.0, with ws 8.23.0 (all npm), Node 20.
#
# Behaviour: the address may be an async function, which is where a fresh token is fetched. When it
# rejects once (the server of tokens was away for a second), reconnecting-websocket never tries
# again. There is no event, `readyState` stays 0 (connecting), and only an unhandled rejection says
# so. `reconnect()` does not wake it either.
# Expected: it counts as a failed try, and the next one comes. partysocket, which grew from it, does so.
# Way out: partysocket, or a function that tries again by itself and never rejects.
#
# Seen: the two lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund reconnecting-websocket@4.4.0 partysocket@1.3.0 ws@8.23.0
cat >try.mjs <<'TRY'
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import PartySocket from "partysocket/ws";
import reconnecting from "reconnecting-websocket";
import WebSocket, { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
await once(server, "listening");
let unhandled = 0;
process.on("unhandledRejection", () => { unhandled += 1; });

const libraries = { "reconnecting-websocket": reconnecting.default ?? reconnecting, partysocket: PartySocket };
for (const [name, Socket] of Object.entries(libraries)) {
  let asked = 0;
  unhandled = 0;
  const address = async () => {
    asked += 1;
    if (asked === 1) throw new Error("no token now");
    return "ws://127.0.0.1:" + server.address().port;
  };
  const events = [];
  const options = { WebSocket, minReconnectionDelay: 20, maxReconnectionDelay: 50, connectionTimeout: 500 };
  const socket = new Socket(address, [], options);
  for (const type of ["open", "error", "close"]) socket.addEventListener(type, () => events.push(type));
  await wait(1500);
  socket.reconnect();
  await wait(1500);
  const happened = [...new Set(events)].sort().join() || "none";
  console.log(name + ":", "asked", asked === 1 ? "once" : "again", "events", happened,
    "readyState", socket.readyState, "unhandled", unhandled);
  if (socket.readyState === 1) socket.close();
}
process.exit();
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
reconnecting-websocket: asked once events none readyState 0 unhandled 1
partysocket: asked again events close,error,open readyState 1 unhandled 0
EXPECTED
diff expected seen
echo "as described"
