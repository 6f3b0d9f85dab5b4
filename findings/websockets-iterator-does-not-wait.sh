#!/usr/bin/env bash
# websockets 17.4 (PyPI), Python 3.11.
#
# Behaviour: `async for socket in connect(...)` waits longer and longer between connects that fail. It
# does not wait at all between connects that succeed and are closed at once. A server that says
# after the handshake that a token has run out (4401), or that it is full (1013), gets the next
# connect at once: hundreds per second from one client.
# Expected: a connection that lasted no time counts as a failed one, as in partysocket (its minUptime).
# Way out: look at the code and the time, and wait in the body of the loop.
#
# Seen: the two lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check websockets==17.4
cat >try.py <<'TRY'
import asyncio
from contextlib import suppress

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

MANY = 100


async def connects(code, patience):
    """Count them, up to MANY, to a server that closes each with the code."""
    count, enough = 0, asyncio.Event()

    async def close(socket):
        nonlocal count
        count += 1
        if count == MANY:
            enough.set()
        await socket.close(code, "not now")

    async def stay(port):
        async for socket in connect(f"ws://127.0.0.1:{port}"):
            with suppress(ConnectionClosed):
                await socket.recv()

    async with serve(close, "127.0.0.1", 0) as server:
        client = asyncio.create_task(stay(server.sockets[0].getsockname()[1]))
        with suppress(TimeoutError):
            await asyncio.wait_for(enough.wait(), patience)
        client.cancel()
        await asyncio.wait([client])
    return count


for code in (4401, 1013):
    count = asyncio.run(connects(code, patience=20))
    print(f"closed with {code}:", "a hundred connects and more" if count >= MANY else count)
TRY
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
closed with 4401: a hundred connects and more
closed with 1013: a hundred connects and more
EXPECTED
diff expected seen
echo "as described"
