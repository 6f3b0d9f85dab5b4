#!/usr/bin/env bash
# launchdarkly-eventsource 1.7.4 (PyPI), Python 3.11; eventsource 5.1.5 (npm), Node 20.
#
# Behaviour: a server of events may send an id without data, so that a client which comes back does not ask
# for what was passed over, such as events that it may not see. launchdarkly-eventsource forgets such an id,
# and names the one before when it comes back: what lies between is looked through again each time. Where a
# stream begins with a byte order mark, as some editors and frameworks write one, its first event is lost.
# Expected: the HTML standard (section 9.2.6) keeps the id at an empty line before it looks for data, and
# takes one mark away. eventsource, which follows it, does both.
# Way out: as a server, send each id with some data.
#
# Seen: the lines below. The stream ends after its events, and the client comes back.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund eventsource@5.1.5
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check launchdarkly-eventsource==1.7.4
cat >server.mjs <<'TRY'
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";

const streams = {
  "/id": "retry: 100\nid: 1\ndata: first\n\nid: 2\n\n",
  "/mark": "\uFEFFdata: first\n\ndata: second\n\n",
};
const server = createServer((request, response) => {
  const id = request.headers["last-event-id"];
  response.writeHead(id ? 204 : 200, { "Content-Type": "text/event-stream", "X-Came-Back-With": id ?? "" });
  if (id) writeFileSync("came-back", id);
  response.end(id ? "" : streams[request.url]);
});
server.listen(0, "127.0.0.1", () => writeFileSync("port", String(server.address().port)));
TRY
cat >try.mjs <<'TRY'
import { readFileSync, rmSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { EventSource } from "eventsource";

const url = "http://127.0.0.1:" + readFileSync("port", "utf8");
for (const path of ["/id", "/mark"]) {
  const seen = [];
  const source = new EventSource(url + path);
  source.onmessage = ({ data }) => seen.push(data);
  await wait(1500);
  source.close();
  console.log("eventsource", path, [...new Set(seen)].join());
}
console.log("eventsource came back with", readFileSync("came-back", "utf8"));
rmSync("came-back");
TRY
cat >try.py <<'TRY'
import os
import threading
import time

from ld_eventsource import SSEClient
from ld_eventsource.config import ConnectStrategy, ErrorStrategy

url = f"http://127.0.0.1:{open('port').read()}"
for path in ("/id", "/mark"):
    seen = []
    again = ErrorStrategy.always_continue()
    client = SSEClient(ConnectStrategy.http(url + path), initial_retry_delay=0.1, error_strategy=again)

    def read(client=client, seen=seen):
        for event in client.events:
            seen.append(event.data)

    threading.Thread(target=read, daemon=True).start()
    time.sleep(1.5)
    client.close()
    print("launchdarkly-eventsource", path, ",".join(dict.fromkeys(seen)))
print("launchdarkly-eventsource came back with", open("came-back").read(), flush=True)
os._exit(0)
TRY
node server.mjs &
server=$!
trap 'kill $server; rm -rf "$folder"' EXIT
while [[ ! -s port ]]; do sleep 0.1; done
(node try.mjs; venv/bin/python try.py 2>/dev/null) | tee seen
cat >expected <<'EXPECTED'
eventsource /id first
eventsource /mark first,second
eventsource came back with 2
launchdarkly-eventsource /id first
launchdarkly-eventsource /mark second
launchdarkly-eventsource came back with 1
EXPECTED
diff expected seen
echo "as described"
