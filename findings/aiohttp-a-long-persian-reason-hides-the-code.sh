#!/usr/bin/env bash
# aiohttp 3.14.5, websockets 17.4 (PyPI), Python 3.11.
#
# Behaviour: a close frame holds a code and a reason of up to 123 bytes. aiohttp sends a longer reason as it
# is, in a frame that the other side has to refuse. So the client does not see 4401, which asks it to sign
# in again, but a broken connection (1006, or 1002), after which most clients just come back. Nothing is
# said on the server. In English 123 bytes are a long sentence; in Persian they are some 65 letters, so a
# reason that works is broken by its translation.
# Expected: an error where the reason is given, as tornado raises it, or a reason that is cut.
# Way out: cut the reason to 123 bytes of UTF-8, at the end of a letter; or send the code alone.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check aiohttp==3.14.5 websockets==17.4
cat >try.py <<'PYTHON'
import asyncio

import aiohttp
from aiohttp import web
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

REASONS = {
    "en": "Your session has ended. Please sign in again to go on with the conversation.",
    "fa": "نشست شما به پایان رسیده است؛ لطفاً دوباره وارد شوید تا گفتگو را ادامه دهید.",
}


async def talk(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.close(code=4401, message=REASONS[request.query["language"]].encode())
    return socket


async def main():
    app = web.Application()
    app.router.add_get("/", talk)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    for language, reason in REASONS.items():
        print(language, len(reason), "letters,", len(reason.encode()), "bytes")
        address = f"ws://127.0.0.1:{port}/?language={language}"
        async with connect(address) as socket:
            try:
                await socket.recv()
            except ConnectionClosed:
                print("  websockets sees", socket.close_code)
        async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
            await socket.receive()
            print("  aiohttp sees", socket.close_code)
    await runner.cleanup()


asyncio.run(main())
PYTHON
timeout 60 venv/bin/python try.py 2>/dev/null | tee seen
cat >expected <<'EXPECTED'
en 76 letters, 76 bytes
  websockets sees 4401
  aiohttp sees 4401
fa 75 letters, 135 bytes
  websockets sees 1006
  aiohttp sees 1002
EXPECTED
diff expected seen
echo "as described"
