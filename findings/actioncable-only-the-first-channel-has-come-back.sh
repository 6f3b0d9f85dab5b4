#!/usr/bin/env bash
# @rails/actioncable 8.1.400, ws 8.23.0 (npm), Node 20.
#
# Behaviour: a page subscribes to several channels, such as one per room, over one connection. After a break
# `connected` is called for each channel once more, with `reconnected`: true says that messages may have been
# missed, so the page asks for them. It is true for the first channel that the server confirms, and false for
# all others, as if these had just been opened. With one channel, as in a test, it is right. Which room is the
# first is up to the server.
# Expected: true for each channel that was connected before the break.
# Way out: remember per channel that `connected` was called before.
#
# Seen: the lines below. The times of the client are made short, and the browser's events are left out.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund @rails/actioncable@8.1.400 ws@8.23.0
cat >try.mjs <<'TRY'
import { once } from "node:events";
import WebSocket, { WebSocketServer } from "ws";

globalThis.addEventListener = globalThis.removeEventListener = () => {};
globalThis.document = { visibilityState: "visible" };
const { adapters, createConsumer, Connection, ConnectionMonitor } = await import("@rails/actioncable");
adapters.WebSocket = WebSocket;
ConnectionMonitor.staleThreshold = 0.5;
Connection.reopenDelay = 50;

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "actioncable-v1-json" });
await once(server, "listening");
server.on("connection", (socket) => {
  const say = (message) => socket.send(JSON.stringify(message));
  const ping = setInterval(() => say({ type: "ping", message: 1 }), 100);
  socket.on("close", () => clearInterval(ping));
  socket.on("message", (data) => {
    const { command, identifier } = JSON.parse(data);
    if (command === "subscribe") say({ type: "confirm_subscription", identifier });
  });
  say({ type: "welcome" });
});

const consumer = createConsumer("ws://127.0.0.1:" + server.address().port);
let called = 0;
for (const room of ["one", "two", "three"]) {
  consumer.subscriptions.create({ channel: "Room", room }, {
    connected({ reconnected }) {
      console.log(room, "connected, reconnected:", reconnected);
      called += 1;
      if (called === 3) setTimeout(() => { for (const client of server.clients) client.terminate(); }, 700);
      if (called === 6) process.exit();
    },
  });
}
TRY
timeout 60 node try.mjs | tee seen
cat >expected <<'EXPECTED'
one connected, reconnected: false
two connected, reconnected: false
three connected, reconnected: false
one connected, reconnected: true
two connected, reconnected: false
three connected, reconnected: false
EXPECTED
diff expected seen
echo "as described"
