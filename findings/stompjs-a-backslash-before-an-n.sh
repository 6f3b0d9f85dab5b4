#!/usr/bin/env bash
# @stomp/stompjs 7.5.0, webstomp-client 1.2.6, ws 8.23.0 (npm), Node 20.
#
# Behaviour: in STOMP a colon, a backslash and a line break within a header are written as `\c`, `\\` and `\n`
# since version 1.1. stompjs writes them so, and reads them one sign after the other over the whole text, the
# backslash last. So of its own `C\c\\new`, a file's place on Windows, it takes the second backslash and the n
# for a line break: what it sent does not come back, though "C:\temp" does. webstomp-client, which asks for
# version 1.2 too, neither writes nor reads them: stompjs's title "10:30" is "10\c30" there. Between two of
# the same kind a colon is right.
# Expected: the header that was sent (STOMP 1.2, "Value Encoding").
# Way out: such texts in the body, as JSON.
#
# Seen: the lines below. The server passes frames on as they come.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund webstomp-client@1.2.6 @stomp/stompjs@7.5.0 ws@8.23.0
cat >try.mjs <<'TRY'
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "@stomp/stompjs";
import WebSocket, { WebSocketServer } from "ws";
import webstomp from "webstomp-client";

globalThis.WebSocket = WebSocket;
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "v12.stomp" });
await once(server, "listening");
server.on("connection", (socket) => socket.on("message", (data) => {
  const frame = data.toString();
  if (frame.startsWith("CONNECT")) socket.send("CONNECTED\nversion:1.2\n\n\0");
  if (!frame.startsWith("SEND")) return;
  const passed = frame.replace("SEND\n", "MESSAGE\nsubscription:room\nmessage-id:1\n");
  for (const client of server.clients) client.send(passed);
}));
const address = "ws://127.0.0.1:" + server.address().port;

let heard = {};
const note = (name) => ({ headers }) => { heard[name] = JSON.stringify(headers.title); };
const one = webstomp.client(address, { debug: false, heartbeat: false });
await new Promise((done, failed) => one.connect({}, done, failed));
one.subscribe("/room", note("webstomp-client"), { id: "room" });
const other = new Client({ brokerURL: address, heartbeatIncoming: 0, heartbeatOutgoing: 0 });
await new Promise((done) => { other.onConnect = done; other.activate(); });
other.subscribe("/room", note("stompjs"), { id: "room" });

const senders = {
  "webstomp-client": (title) => one.send("/room", "text", { title }),
  stompjs: (title) => other.publish({ destination: "/room", body: "text", headers: { title } }),
};
for (const title of ["ten", "10:30", "C:\\temp", "C:\\new"]) {
  for (const [name, send] of Object.entries(senders)) {
    heard = {};
    send(title);
    await wait(300);
    console.log(title, "from", name + ":", "webstomp-client hears", heard["webstomp-client"], "stompjs", heard.stompjs);
  }
}
process.exit();
TRY
node try.mjs | tee seen
cat >expected <<'EXPECTED'
ten from webstomp-client: webstomp-client hears "ten" stompjs "ten"
ten from stompjs: webstomp-client hears "ten" stompjs "ten"
10:30 from webstomp-client: webstomp-client hears "10:30" stompjs "10:30"
10:30 from stompjs: webstomp-client hears "10\\c30" stompjs "10:30"
C:\temp from webstomp-client: webstomp-client hears "C:\\temp" stompjs "C:\\temp"
C:\temp from stompjs: webstomp-client hears "C\\c\\\\temp" stompjs "C:\\temp"
C:\new from webstomp-client: webstomp-client hears "C:\\new" stompjs "C:\new"
C:\new from stompjs: webstomp-client hears "C\\c\\\\new" stompjs "C:\\\new"
EXPECTED
diff expected seen
echo "as described"
