#!/usr/bin/env bash
# signalrcore 1.0.2, websockets 17.4 as the server (PyPI), Python 3.11.
#
# Behaviour: signalrcore has a WebSocket client of its own, which does not know what a ping is. It sends no
# pong, and gives the content of the ping on as if it were a message of SignalR; since it is none, the
# connection ends. So each server or proxy that looks for dead connections by pings loses such clients at
# the first one, and a test without pings passes.
# Expected: by RFC 6455 each ping is answered by a pong, and is no message.
# Way out: no pings for these clients; SignalR has messages of its own for that.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check signalrcore==1.0.2 websockets==17.4
cat >try.py <<'PYTHON'
import asyncio
import json
import logging
import threading

from signalrcore.hub_connection_builder import HubConnectionBuilder
from websockets.asyncio.server import serve

END = "\x1e"  # of each record of SignalR
GREETING = json.dumps({"type": 1, "target": "message", "arguments": ["salaam"]}) + END
logging.disable(logging.CRITICAL)


async def heard(with_ping):
    """What the program hears of a hub that greets twice, with a ping between or without."""
    events, pong = [], None

    async def talk(socket):
        nonlocal pong
        await socket.recv()
        await socket.send("{}" + END)
        await socket.send(GREETING)
        await asyncio.sleep(1)
        if with_ping:
            try:
                await asyncio.wait_for(await socket.ping(b"are you there?"), 3)
                pong = "with its pong"
            except Exception:
                pong = "without a pong"
        try:
            await socket.send(GREETING)
            await asyncio.sleep(1)
        except Exception:
            pass

    async with serve(talk, "127.0.0.1", 0, ping_interval=None) as server:
        address = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        hub = HubConnectionBuilder().with_url(address, options={"skip_negotiation": True}).build()
        hub.on("message", lambda arguments: events.append(arguments[0]))
        threading.Thread(target=hub.start, daemon=True).start()
        await asyncio.sleep(8)
    return events, pong


async def main():
    for with_ping in (False, True):
        events, pong = await heard(with_ping)
        print("greetings of two", f"around a ping {pong}:" if with_ping else "without a ping:", len(events))


asyncio.run(main())
PYTHON
timeout 90 venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
greetings of two without a ping: 2
greetings of two around a ping without a pong: 1
EXPECTED
diff expected seen
echo "as described"
