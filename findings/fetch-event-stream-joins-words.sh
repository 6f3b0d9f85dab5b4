#!/usr/bin/env bash
# fetch-event-stream 0.1.6, react-native-sse 1.2.1, eventsource-parser 4.1.3, jsdom 29.1.1 (npm), Node 20.
#
# Behaviour: an answer that is written while it is thought comes in pieces, each an event, and most pieces
# begin with the space between two words. In a stream of events one space behind the colon belongs to the
# format, and further ones to the text. fetch-event-stream and react-native-sse take all of them away. So the
# words of the answer are joined, and code loses its indentation. fetch-event-stream also drops an empty first
# line. Pieces in JSON are right, so it hits those who send plain text.
# Expected: one space is removed (HTML standard, section 9.2.6), as eventsource-parser does.
# Way out: send the pieces as JSON.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps fetch-event-stream@0.1.6 \
  react-native-sse@1.2.1 eventsource-parser@4.1.3 jsdom@29.1.1
cat >listen.mjs <<'LISTEN'
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { createParser } from "eventsource-parser";
import { events } from "fetch-event-stream";
import { JSDOM } from "jsdom";

const pieces = ["Yes,", " it", " is:", "\nif", " late:", "\n    call()"];
const stream = pieces.map((piece) => piece.split("\n").map((line) => `data: ${line}\n`).join("") + "\n").join("");
const server = createServer((request, response) => {
  response.writeHead(200, { "content-type": "text/event-stream", "access-control-allow-origin": "*" });
  response.end(stream);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const address = `http://127.0.0.1:${server.address().port}/`;

let heard = [];
const parser = createParser({ onEvent: (event) => heard.push(event.data) });
parser.feed(stream);
console.log("eventsource-parser:", JSON.stringify(heard.join("")));

heard = [];
for await (const event of events(await fetch(address))) heard.push(event.data);
console.log("fetch-event-stream:", JSON.stringify(heard.join("")));

globalThis.XMLHttpRequest = new JSDOM("", { url: address }).window.XMLHttpRequest;
const { default: module } = await import("react-native-sse");
const source = new (module.default ?? module)(address, { pollingInterval: 0 });
heard = [];
source.addEventListener("message", (event) => heard.push(event.data));
await wait(1500);
console.log("react-native-sse:", JSON.stringify(heard.join("")));
process.exit();
LISTEN
node listen.mjs | tee seen
cat >expected <<'EXPECTED'
eventsource-parser: "Yes, it is:\nif late:\n    call()"
fetch-event-stream: "Yes,itis:iflate:call()"
react-native-sse: "Yes,itis:\niflate:\ncall()"
EXPECTED
diff expected seen
echo "as described"
