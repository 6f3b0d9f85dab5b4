#!/usr/bin/env bash
# @mattermost/client 11.9.0, ws 8.23.0 (npm), Node 20.
#
# Behaviour: the client of Mattermost counts its requests from 1 again on each connection, and keeps the
# callbacks of those that got no answer on the connection before, under their old numbers. So after a break
# the callback that waits for people's statuses is given the answer to another request which has the same
# number, here to "is typing". And `close()` while the socket still opens, as on a quick sign-out, does
# nothing: the socket opens, signs in with the token, and receives messages.
# Expected: a callback is called with the answer to its own request, or not at all; after `close()`
# nothing is open.
# Way out: check in each callback what the answer holds; and keep the sockets that `newWebSocketFn` makes,
# to close them oneself.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund @mattermost/client@11.9.0 ws@8.23.0
cat >try.mjs <<'TRY'
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { createRequire } from "node:module";
import WebSocket, { WebSocketServer } from "ws";

globalThis.WebSocket = WebSocket; // Node 20 has none
const { WebSocketClient } = createRequire(import.meta.url)("@mattermost/client");
const say = console.log;
console.log = () => {}; // what the client itself says

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
await once(server, "listening");
const address = `ws://127.0.0.1:${server.address().port}/`;
let connections = 0;
let received = [];
server.on("connection", (socket, { url }) => {
  const number = ++connections;
  const seq = Number(new URL(url, address).searchParams.get("sequence_number"));
  socket.send(JSON.stringify({ event: "hello", seq, data: { connection_id: "same" } }));
  socket.on("message", (text) => {
    const { action, seq } = JSON.parse(text);
    received.push(action);
    if (number === 1 && action === "get_statuses") return socket.terminate();
    socket.send(JSON.stringify({ status: "OK", seq_reply: seq, data: { answers: action } }));
  });
});
const settings = { minWebSocketRetryTime: 50, reconnectJitterRange: 1 };

const client = new WebSocketClient(settings);
client.addMessageListener(() => {});
const back = new Promise((resolve) => client.addReconnectListener(resolve));
client.initialize(address, "the token");
await wait(500);
client.getStatuses(({ data }) => say("the callback of get_statuses is given the answer to:", data.answers));
await back;
await wait(500);
client.userTyping("channel", "");
await wait(500);
client.close();
await wait(200);

received = [];
const hasty = new WebSocketClient(settings);
hasty.addMessageListener(({ event }) => say("after close() it is given the event:", event));
hasty.initialize(address, "the token");
hasty.close();
await wait(500);
say("after close() the server is sent:", received.join(", "));
process.exit();
TRY
timeout 60 node try.mjs | tee seen
cat >expected <<'EXPECTED'
the callback of get_statuses is given the answer to: user_typing
after close() it is given the event: hello
after close() the server is sent: authentication_challenge, ping
EXPECTED
diff expected seen
echo "as described"
