#!/usr/bin/env bash
# pydle 1.2.0, twisted 26.10.0 (PyPI), Python 3.11; irc-framework 4.14.0 (npm), Node 20.
#
# Behaviour: a line of IRC has 512 bytes at most, and a server cuts off what is behind. pydle and Twisted send a
# longer message as several lines. Both cut by letters, though Twisted's documentation speaks of octets, and a
# Persian letter has two bytes: their lines are longer than allowed, and the end of each is lost on the way,
# often in the middle of a letter. In English all is well, since a letter is a byte there. Nothing is said.
# Expected: each line is within 512 bytes, as irc-framework sends them.
# Way out: cut the text oneself, by bytes of UTF-8 and at spaces, into pieces of 400 bytes.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"type": "module", "private": true}' >package.json
npm install --silent --no-audit --no-fund irc-framework@4.14.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pydle==1.2.0 twisted==26.10.0
cat >send.mjs <<'SEND'
import { once } from "node:events";
import { createServer } from "node:net";
import IRC from "irc-framework";

const lines = [];
const server = createServer((socket) => {
  socket.on("error", () => {});
  let rest = Buffer.alloc(0);
  socket.on("data", (data) => {
    rest = Buffer.concat([rest, data]);
    for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
      const line = rest.subarray(0, end + 2);
      rest = rest.subarray(end + 2);
      const text = line.toString();
      if (text.startsWith("USER")) socket.write(":h 001 desk :hello\r\n:h 376 desk :end\r\n");
      if (text.startsWith("PING")) socket.write(":h PONG h :" + text.slice(5));
      if (text.startsWith("PRIVMSG")) lines.push(line.length);
      if (text.includes("END")) {
        console.log("irc-framework: lines within 512 bytes:", lines.slice(0, -1).every((length) => length <= 512));
        process.exit();
      }
    }
  });
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const client = new IRC.Client();
client.connect({ host: "127.0.0.1", port: server.address().port, nick: "desk" });
client.on("registered", () => {
  client.say("#room", "سلام دنیا ".repeat(100));
  client.say("#room", "END");
});
SEND
cat >send.py <<'PYTHON'
import asyncio

import pydle

lines = []


class Desk(pydle.Client):
    async def on_connect(self):
        for text in ("hello all ", "سلام دنیا "):
            lines.clear()
            await self.message("#room", text * 100)
            await asyncio.sleep(1)
            print("pydle:", text.strip(), [len(line) for line in lines], "bytes")


async def serve(reader, writer):
    while line := await reader.readline():
        if line.startswith(b"USER"):
            writer.write(b":h 001 desk :hello\r\n:h 422 desk :no message of the day\r\n")
        elif line.startswith(b"PRIVMSG"):
            lines.append(line)


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    client = Desk("desk")
    await client.connect("127.0.0.1", server.sockets[0].getsockname()[1], tls=False)
    await asyncio.sleep(4)


asyncio.run(main())
PYTHON
cat >msg.py <<'PYTHON'
from twisted.internet.testing import StringTransport
from twisted.words.protocols.irc import IRCClient

for text in ("hello all ", "سلام دنیا "):
    client, transport = IRCClient(), StringTransport()
    client.nickname, client.lineRate = "desk", None
    client.makeConnection(transport)
    transport.clear()
    client.msg("#room", text * 100)
    print("Twisted:", text.strip(), [len(line) + 2 for line in transport.value().split(b"\r\n") if line], "bytes")
PYTHON
{ timeout 60 venv/bin/python send.py 2>/dev/null; venv/bin/python msg.py; timeout 60 node send.mjs; } | tee seen
cat >expected <<'EXPECTED'
pydle: hello all [470, 470, 111] bytes
pydle: سلام دنیا [833, 832, 186] bytes
Twisted: hello all [396, 396, 256] bytes
Twisted: سلام دنیا [709, 709, 430] bytes
irc-framework: lines within 512 bytes: true
EXPECTED
diff expected seen
echo "as described"
