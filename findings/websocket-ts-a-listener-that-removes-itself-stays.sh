#!/usr/bin/env bash
# websocket-ts 2.3.0, ws 8.23.0 (npm), Node 20.
#
# Behaviour: who waits for one answer adds a listener, and takes it away in that listener once the answer is
# there. With websocket-ts it stays: while an event is given out, the list of its listeners is put together
# anew, and what was taken away or added meanwhile is forgotten. So each question leaves a listener behind,
# and an answer is handled again at each later message. A listener that is added within another one of the
# same event, to wait for what comes next, is never called. Outside of a listener both work.
# Expected: as with any event target: taken away is taken away, and added is added, from the next event on.
# Way out: `{ once: true }`, or `setTimeout` around both calls.
#
# Seen: the lines below, beside the WebSocket of ws.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund websocket-ts@2.3.0 ws@8.23.0
cat >try.mjs <<'TRY'
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import websocketTs from "websocket-ts";
import WebSocket, { WebSocketServer } from "ws";

globalThis.WebSocket = WebSocket;
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
await once(server, "listening");
server.on("connection", async (socket) => {
  for (const text of ["one", "two", "three"]) {
    await wait(100);
    socket.send(text);
  }
});
const address = "ws://127.0.0.1:" + server.address().port;
const { Websocket } = websocketTs;
for (const [name, open] of [["ws", () => new WebSocket(address)], ["websocket-ts", () => new Websocket(address)]]) {
  const socket = open();
  const first = [];
  const next = [];
  const later = (...given) => next.push(given.at(-1).data);
  const answer = (...given) => {
    first.push(given.at(-1).data);
    socket.removeEventListener("message", answer);
    socket.addEventListener("message", later);
  };
  socket.addEventListener("message", answer);
  await wait(1000);
  console.log(name + ": the first one heard", first.join() + ", the next one", next.join() || "nothing");
  socket.close();
}
process.exit();
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
ws: the first one heard one, the next one two,three
websocket-ts: the first one heard one,two,three, the next one nothing
EXPECTED
diff expected seen
echo "as described"
