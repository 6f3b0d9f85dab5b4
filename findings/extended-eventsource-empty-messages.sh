#!/usr/bin/env bash
# extended-eventsource 2.1.0, eventsource 5.1.5 (npm), Node 20.
#
# Behaviour: a server of events sends what is no message too: how long to wait before a client comes back
# (`retry`), or an id alone, so that what was passed over is not asked for again. extended-eventsource, which
# calls itself compliant, makes an empty message of each of these, and of a second empty line. So
# `JSON.parse(event.data)` fails at the first thing that many servers send. It also makes one between two
# events where a packet ends within the two signs of a line break (CR and LF), which happens by chance.
# Expected: an event without data is no event (HTML standard, section 9.2.6). eventsource does so.
# Way out: leave out events whose `data` is "".
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund extended-eventsource@2.1.0 eventsource@5.1.5
cat >listen.mjs <<'LISTEN'
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { EventSource as Plain } from "eventsource";
import { EventSource as Extended } from "extended-eventsource";

const streams = {
  "/retry": ["retry: 60000\n\ndata: hello\n\n"],
  "/id": ["retry: 60000\ndata: hello\nid: 7\n\nid: 8\n\n"],
  "/lines": ["retry: 60000\ndata: hello\n\n\ndata: again\n\n"],
  "/packets": ["retry: 60000\r\ndata: hello\r", "\n\r\ndata: again\r\n\r\n"],
};
const server = createServer(async (request, response) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const part of streams[request.url]) {
    response.write(part);
    await wait(300);
  }
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
for (const path of Object.keys(streams)) {
  for (const [name, Source] of [["extended-eventsource", Extended], ["eventsource", Plain]]) {
    const source = new Source(`http://127.0.0.1:${server.address().port}${path}`);
    const heard = [];
    source.addEventListener("message", (event) => heard.push(event.data));
    await wait(1200);
    source.close();
    console.log(path, name + ":", JSON.stringify(heard));
  }
}
process.exit();
LISTEN
node listen.mjs | tee seen
cat >expected <<'EXPECTED'
/retry extended-eventsource: ["","hello"]
/retry eventsource: ["hello"]
/id extended-eventsource: ["hello",""]
/id eventsource: ["hello"]
/lines extended-eventsource: ["hello","","again"]
/lines eventsource: ["hello","again"]
/packets extended-eventsource: ["hello","","again"]
/packets eventsource: ["hello","again"]
EXPECTED
diff expected seen
echo "as described"
