"""Writes to very many sockets part by part, so that everybody else has a turn in between.

A write takes about 9 µs, nearly all of it the kernel's. So a message to 10,000 sockets would keep
the event loop for 90 ms. What each is to get is held by the connection itself, which writes it
before anything that is sent to it later. So nobody gets anything in another order. Example:

1. A message goes to 3,000 sockets. All hold it, and the first 500 are written to.
2. Other work of the event loop is done. A socket among the last ones is sent an ack: it gets the
   message and the ack in one write.
3. The next 500 are written to, and so on. A second message comes meanwhile: those who hold the
   first one still get both in one write.
"""

import asyncio
import logging
from collections import deque

from chat.realtime.connection import Connection

log = logging.getLogger("payam.hub")

LARGE = 1000
"""With more sockets than this, a conversation is written to in parts."""
PART = 500
"""Sockets that are written to in one turn of the event loop."""

_waiting: deque[Connection] = deque()


def write_soon(connection: Connection, frames: bytes) -> None:
    """Write the bytes of whole frames, in one of the next turns of the event loop."""
    if connection.held:
        connection.held += frames  # its turn comes, here or at the end of this step of the loop
        return
    connection.held = frames
    if not _waiting:
        asyncio.get_running_loop().call_soon(_write_part)
    _waiting.append(connection)


def _write_part() -> None:
    part = [_waiting.popleft() for _ in range(min(PART, len(_waiting)))]
    if _waiting:
        asyncio.get_running_loop().call_soon(_write_part)
    for connection in part:
        try:
            connection.flush()
        except Exception:  # of one socket: the others go on
            log.exception("a socket could not be written to")
            connection.drop()
