"""Catching up in one conversation: all that changed after a position, in order, and then live.

A connection that resumes gets nothing live. It gets what it missed from the database, page by page,
as fast as its client reads. When it is where the conversation's members here are, or beyond, it
becomes one of them. An example, with the members at 9 and a client at 5:

1. The connection gets 6 to 9 from the database. Meanwhile the members get 10: it is behind.
2. It reads again, and gets 10 and 11. 11 is stored, but has not reached the members here.
3. It is beyond the members. So it gets `resumed` with 11, and is ahead of them: when 11 reaches
   them, this connection does not get 11 again; when 12 does, it gets 12 as they do.

So nothing is missed and nothing is sent twice, however much happens meanwhile. Only one page at a
time is in memory.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from msgspec import UNSET

from chat import metrics
from chat.auth.identity import Identity
from chat.errors import NotFound, Unavailable
from chat.events import Ephemeral
from chat.realtime.answers import addressed
from chat.realtime.connection import Connection
from chat.realtime.deliveries import Delivery
from chat.realtime.errands import Errands
from chat.realtime.hub import Hub
from chat.realtime.missed_marks import MissedMarks
from chat.realtime.patience import PATIENCE
from chat.realtime.protocol import frame_of
from chat.realtime.server_frames import Reset, Resumed
from chat.realtime.subscribers import Subscriber
from chat.realtime.subscription import Subscription
from chat.records import ID_MAX
from chat.services.history import History
from chat.services.sharing import SharedByKey

T = TypeVar("T")

Page = tuple[list[Delivery], int, bool]
Load = Callable[[int, int], Awaitable[Page]]
"""Of a conversation, what came after a position, up to which position, and whether that is all."""

Require = Callable[[], Awaitable[object]]
"""Asks the database whether the connection's user is a participant; raises NotFound."""

Marks = Callable[[int, int], Awaitable[list[Ephemeral]]]
"""Of a conversation, the marks of reading since a position."""

CHUNK = 256 * 1024
"""Bytes that may wait for the client before the next are given to it."""
LOOK_SECONDS = 0.02
SHARED_BY = 32
"""Most clients that share the reading of a page."""


class CatchingUp:
    """`load` is as for `catch_up`; `require` raises NotFound for a user who is no participant.

    After a network failed, thousands go on from the same position in the same conversation. So some
    that ask for the same page share one reading. They are few, because all of them must have the
    page before the conversation has the next changes. Otherwise none would ever catch up.
    """

    def __init__(
        self,
        hub: Hub,
        load: Load,
        require: Callable[[Identity, int], Awaitable[object]],
        marks: MissedMarks,
        history: History,
        errands: Errands,
    ) -> None:
        self._hub = hub
        self._marks = marks
        self._pages: SharedByKey[tuple[int, int], Page] = SharedByKey(
            lambda place: load(*place), SHARED_BY
        )
        self._require = require
        self._history = history
        self._errands = errands

    def start(
        self,
        connection: Subscriber,
        conversation_id: int,
        since: int,
        epoch: str | None,
        ref: str | None,
        *,
        is_there: bool = False,
    ) -> None:
        """Of a connection that the hub has as resuming.

        `epoch` is what the client sent with `since`, if anything. `is_there` says that, by the
        database, nothing came after `since` a moment ago.
        """
        metrics.resumes.inc()
        present = self._history.epoch
        if epoch not in (None, present):
            since = ID_MAX  # a number of another history, so no change here has it
        load: Load = self._page
        require: Require = partial(self._require, connection.identity, conversation_id)
        if is_there:
            load, require = known_once(([], since, True), load), known_once(None, require)
        place = self._hub.subscription(connection, conversation_id)
        assert place is not None
        catching_up = catch_up(
            connection,
            conversation_id,
            place,
            self._hub,
            load,
            require,
            self._marks.since,
            since,
            ref,
            epoch=present,
            knows_epochs=epoch is not None,
        )
        self._errands.start(connection, catching_up, conversation_id)

    async def _page(self, conversation_id: int, since: int) -> Page:
        return await self._pages.ask((conversation_id, since))

    async def close(self) -> None:
        """Stop reading."""
        await self._pages.close()


def known_once(answer: T, ask: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
    """`ask`, but the first answer is known already."""
    answers = [answer]

    async def asked(*arguments: Any) -> T:
        return answers.pop() if answers else await ask(*arguments)

    return asked


async def catch_up(
    connection: Subscriber,
    conversation_id: int,
    place: Subscription,
    hub: Hub,
    load: Load,
    require: Require,
    marks: Marks,
    since: int,
    ref: str | None,
    *,
    epoch: str = "",
    knows_epochs: bool = False,
) -> None:
    """Send `connection`, which `hub` has as resuming at `place`, what came after `since`.

    Whether its user is a participant is asked after each page was read, and before it is sent.
    The marks of reading that were made since come before `resumed`. `epoch` is the one in which the
    connection was admitted. A client that `knows_epochs` gets `reset` and no changes if the
    conversation's `seq` is below `since`.
    """
    position = since
    is_reset = False
    while not connection.is_closing:
        try:
            changes, upto, is_last = await load(conversation_id, position)
            await require()
            missed = await marks(conversation_id, since) if is_last else []
        except Unavailable:
            await asyncio.sleep(hub.patience.retry)
            continue
        except NotFound:
            if hub.subscription(connection, conversation_id) is place:
                hub.leave(connection, conversation_id)
                connection.removed(conversation_id)
            return
        if hub.subscription(connection, conversation_id) is not place:
            return  # it lost the conversation meanwhile
        # What a client knows beyond a restored backup is there no more, and its numbers are
        # or will be those of other changes.
        is_reset = is_reset or (knows_epochs and upto < position)
        left = b""
        if not is_reset:  # else it reads everything again
            missing = frames(connection, conversation_id, changes)
            left = await send_most(connection, missing, hub.patience.reader)
            metrics.delivered_frames.add(len(changes))
            if hub.subscription(connection, conversation_id) is not place:
                return
        position = upto
        if is_last and hub.finish_resuming(connection, conversation_id, position):
            # No change comes before this: there is no pause in between.
            read = marks_of(connection, [] if is_reset else missed)
            ending = (reset if is_reset else resumed)(position, ref, epoch)
            connection.send(left + read + addressed(connection, conversation_id, ending))
            return
        await send_slowly(connection, [left], hub.patience.reader)
        if is_last:
            await asyncio.sleep(0 if changes else LOOK_SECONDS)


def marks_of(connection: Subscriber, marks: Sequence[Ephemeral]) -> bytes:
    """Those of others. On `/ws/` also the user's own, which were made on other devices."""
    mine = 0 if connection.is_wide else connection.identity.user_id
    return b"".join(
        [
            addressed(connection, mark.conversation_id, frame_of(mark.frame))
            for mark in marks
            if mark.user_id != mine
        ]
    )


def resumed(seq: int, ref: str | None, epoch: str = "") -> bytes:
    """The frame that ends what was missed."""
    return frame_of(Resumed(seq, UNSET if ref is None else ref, epoch or UNSET))


def reset(seq: int, ref: str | None, epoch: str) -> bytes:
    """The frame in place of what was missed: nobody knows what that is."""
    metrics.resets.inc()
    return frame_of(Reset(seq, epoch, UNSET if ref is None else ref))


def frames(
    connection: Subscriber, conversation_id: int, changes: Sequence[Delivery]
) -> list[bytes]:
    user_id = connection.identity.user_id
    return [
        addressed(connection, conversation_id, one.frame_for(user_id))
        for one in changes
        if one.is_for(user_id)
    ]


async def send_slowly(
    connection: Connection, frames: Sequence[bytes], patience: float = PATIENCE.reader
) -> None:
    """Write no more than a chunk at once, and wait until most of it is gone."""
    left = await send_most(connection, frames, patience)
    if left:
        connection.send(left)
        await drained(connection, chunk_of(connection) // 2, patience)


def chunk_of(connection: Connection) -> int:
    """How many bytes are given to the client at once. They alone are no reason to close it."""
    _, high = connection.transport.get_write_buffer_limits()
    return min(CHUNK, high // 4)


async def send_most(connection: Connection, frames: Sequence[bytes], patience: float) -> bytes:
    """The same, but for the last chunk, which is returned: it may go out with what comes next."""
    most = chunk_of(connection)
    waiting: list[bytes] = []
    size = 0
    for frame in frames:
        if waiting and size + len(frame) > most:
            connection.send(b"".join(waiting))
            waiting, size = [], 0
            await drained(connection, most // 2, patience)
        waiting.append(frame)
        size += len(frame)
    return b"".join(waiting)


async def drained(connection: Connection, most: int, patience: float = PATIENCE.reader) -> None:
    """Wait for a client that reads slowly; close one that does not read for so many seconds."""
    waited = 0.0
    while not connection.is_closing and connection.transport.get_write_buffer_size() > most:
        if waited >= patience:
            connection.close(4408, "did not read fast enough")
            return
        await asyncio.sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS
