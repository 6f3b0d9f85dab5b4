#!/usr/bin/env bash
# event-source-plus 0.1.15, eventsource-parser 4.1.3 (npm), Node 20.
#
# Behaviour: an event whose text has several lines comes as several `data:` lines, and a client puts them together
# with line breaks between. event-source-plus hands on the last of them and drops the others, without an error: of
# a message of three lines the third is read. It also takes all spaces off both ends of a line, where the standard
# takes off one at the begin: code loses its indent. An empty line at the end makes the whole message empty.
# Expected: the text that was sent, as eventsource-parser gives it.
# Way out: send JSON in one line, or read with eventsource-parser.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund event-source-plus@0.1.15 eventsource-parser@4.1.3
cat >try.mjs <<'TRY'
import { createServer } from "node:http";
import { EventSourcePlus } from "event-source-plus";
import { createParser } from "eventsource-parser";

const texts = ["one line", "سلام\nسفارش ما نرسید\nبا سپاس", "if ready:\n    start()", "two lines\n"];
for (const text of texts) {
  const lines = text.split("\n").map((line) => `data: ${line}\n`);
  const stream = lines.join("") + "\n";
  const server = createServer((request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(stream);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const source = new EventSourcePlus(`http://127.0.0.1:${server.address().port}/`);
  const seen = await new Promise((done) => {
    const controller = source.listen({
      onMessage({ data }) {
        done(data);
        controller.abort();
      },
    });
  });
  server.closeAllConnections();
  server.close();
  let other;
  createParser({ onEvent: ({ data }) => (other = data) }).feed(stream);
  console.log("sent:              ", JSON.stringify(text));
  console.log("eventsource-parser:", JSON.stringify(other));
  console.log("event-source-plus: ", JSON.stringify(seen));
}
TRY
timeout 90 node try.mjs | tee seen
cat >expected <<'EXPECTED'
sent:               "one line"
eventsource-parser: "one line"
event-source-plus:  "one line"
sent:               "سلام\nسفارش ما نرسید\nبا سپاس"
eventsource-parser: "سلام\nسفارش ما نرسید\nبا سپاس"
event-source-plus:  "با سپاس"
sent:               "if ready:\n    start()"
eventsource-parser: "if ready:\n    start()"
event-source-plus:  "start()"
sent:               "two lines\n"
eventsource-parser: "two lines\n"
event-source-plus:  ""
EXPECTED
diff expected seen
echo "as described"
