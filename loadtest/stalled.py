"""Sockets whose client does not read, as a phone that lost its network without noticing.

What the server writes to them waits in its memory. If that becomes too much, the server drops
the socket. The client does not see it, and comes back after a while. These clients keep no book,
because nothing has to reach them.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import picows

from loadtest.client import HANDSHAKE_SECONDS
from loadtest.load import Load

STALL_SECONDS = 5.0


class Stalled(picows.WSListener):
    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        transport.underlying_transport.pause_reading()


@asynccontextmanager
async def stalled(load: Load, places: Sequence[int]) -> AsyncIterator[list[int]]:
    """One such client for each of these places. The list counts how often each connected."""
    times = [0] * len(places)
    tasks = [
        asyncio.create_task(stall(load, place, times, index)) for index, place in enumerate(places)
    ]
    try:
        yield times
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def stall(load: Load, place: int, times: list[int], index: int) -> None:
    """Connect, and again after a while, until cancelled."""
    user, conversation = load.crowd.user(place), load.crowd.number(1)
    url = load.traffic.url.replace("http", "ws", 1)
    url += load.traffic.target.socket_path(conversation, None)
    while True:
        transport, _ = await picows.ws_connect(
            Stalled,
            url,
            extra_headers={"Authorization": f"Bearer {load.tokens(user)}"},
            websocket_handshake_timeout=HANDSHAKE_SECONDS,
        )
        times[index] += 1
        try:
            await asyncio.sleep(STALL_SECONDS)
        finally:
            transport.disconnect(graceful=False)
