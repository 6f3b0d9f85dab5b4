#!/usr/bin/env bash
# httpcore 1.0.9 (PyPI), the transport of httpx, Python 3.11.
#
# Behaviour: `max_keepalive_connections` is to bound the idle connections of a pool (httpx: "number of
# allowable keep-alive connections"). The pool compares it with the number of all of its connections, those
# at work among them. So while more requests than that are under way, no connection is kept: each further
# request, one after the other, makes a connection of its own, with its handshake. One slow server among
# many is enough, since a pool has the connections to all of them.
# Expected: with two idle connections allowed and one there, it is used again.
# Way out: set it as high as the most requests that may be under way at once.
#
# Seen: the lines below. Two requests wait for their answers, and meanwhile five go out one by one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check httpcore[asyncio]==1.0.9 anyio==4.16.0
cat >try.py <<'TRY'
import asyncio

import httpcore

connections = 0
go_on = asyncio.Event()


async def serve(reader, writer):
    global connections
    connections += 1
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"GET /slow"):
                await go_on.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main():
    global connections
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = "http://127.0.0.1:%d" % server.sockets[0].getsockname()[1]
    for slow in (1, 2):
        go_on.clear()
        async with httpcore.AsyncConnectionPool(
            max_connections=100, max_keepalive_connections=2
        ) as pool:
            waiting = [asyncio.create_task(pool.request("GET", f"{url}/slow")) for _ in range(slow)]
            await asyncio.sleep(0.5)
            connections = 0
            for _ in range(5):
                await pool.request("GET", f"{url}/quick")
            print(f"{slow} under way, 5 one by one: {connections} connections")
            go_on.set()
            await asyncio.gather(*waiting)


asyncio.run(main())
TRY
venv/bin/python try.py 2>/dev/null | tee seen
cat >expected <<'EXPECTED'
1 under way, 5 one by one: 1 connections
2 under way, 5 one by one: 5 connections
EXPECTED
diff expected seen
echo "as described"
