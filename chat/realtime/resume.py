"""Catching up: everything that changed after a point, in order, and then live.

A connection that resumes is told nothing live. It reads from the database, page by page,
as fast as its client takes it, until it has been told as much as the conversation's
members here, or more; then it goes on among them. So nothing is missed and nothing is
told twice, however much happens meanwhile, and a page is all that is in memory.
"""

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import UNSET

from chat import metrics
from chat.errors import NotFound, Unavailable
from chat.realtime.connection import Connection
from chat.realtime.group import Told
from chat.realtime.hub import Hub
from chat.realtime.protocol import Reset, Resumed, frame_of

Load = Callable[[int, int], Awaitable[tuple[list[Told], int, bool]]]
"""Of a conversation, what came after a point, up to which point, and whether that is all."""

Require = Callable[[], Awaitable[object]]
"""Asks the database whether the connection's user is a participant; raises NotFound."""

CHUNK = 256 * 1024
"""Bytes that may wait for the client before the next are given to it."""
PATIENCE = 30.0
"""Seconds that a client has to take a chunk."""
LOOK_SECONDS = 0.02
RETRY_SECONDS = 0.5


async def catch_up(
    connection: Connection,
    hub: Hub,
    load: Load,
    require: Require,
    since: int,
    ref: str | None,
    *,
    epoch: str = "",
    knows_epochs: bool = False,
) -> None:
    """Tell `connection`, which `hub` has as resuming, what came after `since`.

    Each page is told only to who is a participant by the time that it has been read.
    `epoch` is the one in which the connection was admitted. A client that `knows_epochs` gets
    `reset` and no changes where the conversation has not come as far as `since`.
    """
    told = since
    is_reset = False
    while not connection.is_closing:
        try:
            changes, upto, is_last = await load(connection.conversation_id, told)
            await require()
        except Unavailable:
            await asyncio.sleep(RETRY_SECONDS)
            continue
        except NotFound:
            connection.close(4404, "removed from the conversation")
            return
        # What a client knows beyond a restored backup is there no more, and its numbers are
        # or will be those of other changes.
        is_reset = is_reset or (knows_epochs and upto < told)
        if not is_reset:  # else it reads everything again
            await send_slowly(connection, changes)
            metrics.delivered_frames.add(len(changes))
        told = upto
        if not is_last:
            continue
        if hub.finish_resuming(connection, told):
            # Nothing live comes before this: there is no pause in between.
            connection.send((reset if is_reset else resumed)(told, ref, epoch))
            return
        await asyncio.sleep(0 if changes else LOOK_SECONDS)


def resumed(seq: int, ref: str | None, epoch: str = "") -> bytes:
    """The frame that ends what was missed."""
    return frame_of(Resumed(seq, UNSET if ref is None else ref, epoch or UNSET))


def reset(seq: int, ref: str | None, epoch: str) -> bytes:
    """The frame in place of what was missed: nobody knows what that is."""
    metrics.resets.inc()
    return frame_of(Reset(seq, epoch, UNSET if ref is None else ref))


async def send_slowly(connection: Connection, changes: list[Told]) -> None:
    """Write no more than a chunk at once, and wait until most of it is gone."""
    waiting: list[bytes] = []
    size = 0
    for told in changes:
        waiting.append(told.frame)
        size += len(told.frame)
        if size >= CHUNK:
            connection.send(b"".join(waiting))
            waiting, size = [], 0
            await drained(connection)
    if waiting:
        connection.send(b"".join(waiting))
        await drained(connection)


async def drained(connection: Connection) -> None:
    """Wait for a client that reads slowly; close one that does not read at all."""
    waited = 0.0
    while not connection.is_closing and connection.transport.get_write_buffer_size() > CHUNK // 2:
        if waited >= PATIENCE:
            connection.close(4408, "did not read fast enough")
            return
        await asyncio.sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS
