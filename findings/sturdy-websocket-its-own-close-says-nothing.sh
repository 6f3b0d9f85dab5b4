#!/usr/bin/env bash
# sturdy-websocket 0.2.1, ws 8.23.0 (npm), Node 20.
#
# Behaviour: the class is a WebSocket that reconnects, to be put in the place of a plain one. Its README says
# that `onclose` is called once, when it is closed for good, by `close()` or by failing too often. By
# `close()` it is never called: a page that waits for the event before it goes on, as after a sign-out, waits
# for ever. Nor is it called when the last try fails by its time, as with a server that does not answer.
# `readyState` is then 3, and nobody is told. A try that fails by an error does end in the event.
# Expected: one `close` at the end, as its README says and a plain WebSocket does.
# Way out: call one's own function behind `close()`, and count the events `down`.
#
# Seen: the lines below. The second server takes connections and never answers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund sturdy-websocket@0.2.1 ws@8.23.0
cat >try.mjs <<'TRY'
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import sturdy from "sturdy-websocket";
import WebSocket, { WebSocketServer } from "ws";

const Sturdy = sturdy.default ?? sturdy;
const hear = (socket) => {
  const events = [];
  for (const type of ["open", "down", "close"]) socket.addEventListener(type, () => events.push(type));
  return events;
};
const options = { wsConstructor: WebSocket, connectTimeout: 200, maxReconnectAttempts: 1, minReconnectDelay: 10 };

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
await once(server, "listening");
const address = "ws://127.0.0.1:" + server.address().port;
const patient = { ...options, connectTimeout: 9000 };
for (const [name, open] of [
  ["WebSocket", () => new WebSocket(address)],
  ["sturdy", () => new Sturdy(address, patient)],
]) {
  const socket = open();
  const events = hear(socket);
  await wait(700);
  socket.close();
  await wait(700);
  console.log(name, "closed by itself:", events.join(), "readyState", socket.readyState);
}

const silent = createServer(() => {});
silent.listen(0, "127.0.0.1");
await once(silent, "listening");
const refused = createServer((connection) => connection.destroy());
refused.listen(0, "127.0.0.1");
await once(refused, "listening");
for (const [name, { port }] of [["silent", silent.address()], ["refused", refused.address()]]) {
  const socket = new Sturdy("ws://127.0.0.1:" + port, options);
  const events = hear(socket);
  await wait(1500);
  console.log("sturdy,", name + ":", events.join(), "readyState", socket.readyState);
}
process.exit();
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
WebSocket closed by itself: open,close readyState 3
sturdy closed by itself: open readyState 3
sturdy, silent: down,down readyState 3
sturdy, refused: down,down,close readyState 3
EXPECTED
diff expected seen
echo "as described"
