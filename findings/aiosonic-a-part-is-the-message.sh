#!/usr/bin/env bash
# aiosonic 1.3.3, websockets 17.4 as the server (PyPI), Python 3.11.
#
# Behaviour: a server may send a message in fragments, as one does that writes while it makes it. The
# WebSocket client of aiosonic gives the first fragment as if it were the whole message, and drops the rest.
# No error says so. Small messages are seldom in fragments, so it is the long ones that are cut.
# Expected: by RFC 6455 fragments are joined, wherever they are cut, and a program gets the message once it
# is whole.
# Way out: another client, or a server that sends each message in one frame.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check aiosonic==1.3.3 websockets==17.4
cat >try.py <<'PYTHON'
import asyncio

import aiosonic
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve


async def talk(socket):
    async def parts():
        for part in ("Come at ten,", " but not on", " Fridays."):
            yield part
            await asyncio.sleep(0.1)

    await socket.send(parts())
    await socket.send("That is all.")
    await socket.wait_closed()


async def main():
    async with serve(talk, "127.0.0.1", 0) as server:
        address = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with connect(address) as socket:
            print("websockets:", [await socket.recv(), await socket.recv()])
        async with aiosonic.WebSocketClient() as client:
            socket = await client.connect(address)
            print("aiosonic:", [await socket.receive_text(), await socket.receive_text()])
            await socket.close()


asyncio.run(main())
PYTHON
timeout 60 venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
websockets: ['Come at ten, but not on Fridays.', 'That is all.']
aiosonic: ['Come at ten,', 'That is all.']
EXPECTED
diff expected seen
echo "as described"
