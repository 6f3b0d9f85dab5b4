#!/usr/bin/env bash
# zulip-js 2.1.0 (npm), Node 20; zulip 0.9.1 (PyPI), Python 3.11.
#
# Behaviour: a client of Zulip hears events through a queue, which the server drops after some minutes without
# a question, and when it is moved or restored. It then answers BAD_EVENT_QUEUE_ID, and the client is to
# register again. `callOnEachEvent` of zulip-js does not look at that answer. It asks for the dropped queue
# once per second, for ever: no event comes any more, and nothing is written. The library of the same project
# for Python registers again.
# Expected: a new queue, as Zulip's documentation asks for.
# Way out: a loop of one's own over `queues.register` and `events.retrieve`.
#
# Seen: the lines below. The server is a small one that forgets its first queue after one event.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund zulip-js@2.1.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check zulip==0.9.1
cat >server.py <<'TRY'
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

state = {"queue": 0, "asked": 0}


class Zulip(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, **body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        state["queue"] += 1
        self.answer(200, result="success", msg="", queue_id=f"q{state['queue']}", last_event_id=-1)

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/state":
            self.answer(200, **state)
            state.update(queue=0, asked=0)
        elif "events" not in url.path:
            self.answer(200, result="success", msg="", zulip_version="10.0", zulip_feature_level=400)
        else:
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            first = int(query["last_event_id"]) < 0
            if query["queue_id"] == "q1" and not first:
                state["asked"] += 1
                self.answer(400, result="error", code="BAD_EVENT_QUEUE_ID", msg="Bad event queue ID: q1")
            elif first:
                message = {"id": 1, "content": f"from {query['queue_id']}"}
                event = {"id": 0, "type": "message", "message": message, "flags": []}
                self.answer(200, result="success", msg="", events=[event])
            else:
                time.sleep(1)
                self.answer(200, result="success", msg="", events=[{"id": 1, "type": "heartbeat"}])

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Zulip)
with open("port", "w") as file:
    file.write(str(server.server_port))
server.serve_forever()
TRY
cat >try.js <<'TRY'
const zulip = require("zulip-js");

const realm = "http://127.0.0.1:" + require("fs").readFileSync("port", "utf8");
zulip({ username: "bot@chat.example", apiKey: "key", realm }).then((client) => {
  client.callOnEachEvent((event) => {
    if (event.message) console.log("zulip-js hears a message", event.message.content);
  }, ["message"]);
  setTimeout(async () => {
    const { queue, asked } = await (await fetch(realm + "/state")).json();
    console.log("zulip-js has registered", queue, "time(s), asks for the dropped queue again:", asked > 2);
    process.exit();
  }, 6000);
});
TRY
cat >try.py <<'TRY'
import os
import threading
import time

import requests
import zulip

site = f"http://127.0.0.1:{open('port').read()}"
client = zulip.Client(email="bot@chat.example", api_key="key", site=site)


def hear(message):
    print("zulip hears a message", message["content"], flush=True)


threading.Thread(target=client.call_on_each_message, args=(hear,), daemon=True).start()
time.sleep(6)
state = requests.get(site + "/state").json()
print("zulip has registered", state["queue"], "time(s), asks for the dropped queue again:", state["asked"] > 2, flush=True)
os._exit(0)
TRY
python3 server.py &
server=$!
trap 'kill $server; rm -rf "$folder"' EXIT
while [[ ! -s port ]]; do sleep 0.1; done
(node try.js; venv/bin/python try.py) | tee seen
cat >expected <<'EXPECTED'
zulip-js hears a message from q1
zulip-js has registered 1 time(s), asks for the dropped queue again: true
zulip hears a message from q1
zulip hears a message from q2
zulip has registered 2 time(s), asks for the dropped queue again: False
EXPECTED
diff expected seen
echo "as described"
