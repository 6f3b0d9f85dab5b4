#!/usr/bin/env bash
# socket.io 4.8.4 with socket.io-msgpack-parser 3.0.2 (npm), Node 20; python-socketio 5.18.1 with msgpack
# 1.2.4 (PyPI), Python 3.11.
#
# Behaviour: Socket.IO can speak MessagePack instead of JSON, by that parser in Node and by
# `serializer="msgpack"` in Python. In JSON a field that is undefined is left out, and a date is a text.
# Over MessagePack both reach Python as an ExtType with the code 0: undefined as ExtType(0, b"\x00"), which
# counts as true, so the question "has it a reply?" is answered by yes; and a date as the same type with its
# milliseconds in 8 bytes.
# Expected: as in JSON, a field that is not there, and a time that can be read.
# Way out: send null and never undefined, and times as numbers or texts.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund socket.io@4.8.4 socket.io-msgpack-parser@3.0.2
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check "python-socketio[client]==5.18.1" msgpack==1.2.4
cat >serve.mjs <<'SERVE'
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { Server } from "socket.io";
import parser from "socket.io-msgpack-parser";

const listen = (name, options) => {
  const http = createServer();
  new Server(http, options).on("connection", (socket) => {
    const reply = undefined;
    const message = { id: 7, reply_to: reply, edited_at: null, sent_at: new Date(0) };
    socket.on("last message", (answer) => answer(message));
  });
  http.listen(0, "127.0.0.1", () => writeFileSync(name, String(http.address().port)));
};
listen("json", {});
listen("msgpack", { parser });
SERVE
node serve.mjs &
server=$!
for _ in $(seq 100); do [ -s json ] && [ -s msgpack ] && break || sleep 0.1; done
cat >ask.py <<'PYTHON'
from pathlib import Path

import socketio

for name, serializer in (("json", "default"), ("msgpack", "msgpack")):
    client = socketio.Client(serializer=serializer)
    client.connect(f"http://127.0.0.1:{Path(name).read_text()}")
    message = client.call("last message", timeout=10)
    client.disconnect()
    print(name, message)
    print("  is it a reply?", "yes" if message.get("reply_to") else "no")
PYTHON
venv/bin/python ask.py | tee seen
cat >expected <<'EXPECTED'
json {'id': 7, 'edited_at': None, 'sent_at': '1970-01-01T00:00:00.000Z'}
  is it a reply? no
msgpack {'id': 7, 'reply_to': ExtType(code=0, data=b'\x00'), 'edited_at': None, 'sent_at': ExtType(code=0, data=b'\x00\x00\x00\x00\x00\x00\x00\x00')}
  is it a reply? yes
as described
EXPECTED
diff expected seen
echo "as described"
