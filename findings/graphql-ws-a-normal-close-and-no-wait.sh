#!/usr/bin/env bash
# graphql-ws 6.4.2 with graphql 16.15.0, ws 8.23.0 (npm), Node 20.
#
# Behaviour: the client comes back after a close, with a pause that grows, and gives up after `retryAttempts`. A
# close with the code 1000 ("normal") is another matter: with a subscription still open it connects again at
# once, without a pause and without a count. A server that says so to each client, because it goes down or the
# room was closed, gets hundreds of connects per second from one client, for as long as it answers. With 1012
# there is one after a second. That count begins anew with each connect that was acknowledged, so a server that
# takes a client and then closes is asked for ever, whatever `retryAttempts` says.
# Expected: a pause after each close, or `complete` after a normal one.
# Way out: as a server, complete the subscriptions first, and close with 1012 or 4403; as a client, a
# `webSocketImpl` that waits.
#
# Seen: the lines below. The server stops after 50 connects or two seconds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund graphql-ws@6.4.2 graphql@16.15.0 ws@8.23.0
cat >close.mjs <<'CLOSE'
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { createClient } from "graphql-ws";
import WebSocket, { WebSocketServer } from "ws";

for (const code of [1012, 1000]) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "graphql-transport-ws" });
  await once(server, "listening");
  let connects = 0;
  let enough;
  const many = new Promise((done) => { enough = done; });
  server.on("connection", (socket) => {
    if (++connects === 50) enough();
    if (connects >= 50) return socket.close(4400, "enough");
    socket.on("message", (data) => {
      const { type } = JSON.parse(data);
      if (type === "connection_init") socket.send('{"type": "connection_ack"}');
      if (type === "subscribe") socket.close(code, "the room was closed");
    });
  });
  const client = createClient({ url: `ws://127.0.0.1:${server.address().port}`, webSocketImpl: WebSocket });
  client.subscribe({ query: "subscription { said }" }, { next() {}, error() {}, complete() {} });
  await Promise.race([many, wait(2000)]);
  const count = connects >= 50 ? "50 or more" : connects <= 3 ? "3 or fewer" : connects;
  console.log(`closed with ${code}, connects in two seconds: ${count}`);
  client.dispose();
  server.close();
}
process.exit();
CLOSE
node close.mjs | tee seen
cat >expected <<'EXPECTED'
closed with 1012, connects in two seconds: 3 or fewer
closed with 1000, connects in two seconds: 50 or more
EXPECTED
diff expected seen
echo "as described"
