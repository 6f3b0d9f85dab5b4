"""Catching up in many conversations at once, over one socket.

Two readings are under way at a time, each of some of the conversations. So the database reads one
part while another is encoded and sent.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from itertools import islice

from chat import metrics
from chat.auth.identity import Identity
from chat.errors import Unavailable
from chat.realtime.deliveries import wide_frame_of
from chat.realtime.hub import Hub
from chat.realtime.patience import RETRY_SECONDS
from chat.realtime.resume import LOOK_SECONDS, send_slowly
from chat.realtime.subscribers import UserSocket
from chat.realtime.subscription import Subscription
from chat.services.changes import Missed

LoadMany = Callable[[Identity, Mapping[int, int]], Awaitable[Mapping[int, Missed]]]
"""Of those conversations that the user is in, each with a position: what came after it, up to which
position, and whether that is all."""

PART = 25
"""Conversations that are read at once."""
READERS = 2


class Reading:
    def __init__(self, hub: Hub, load: LoadMany) -> None:
        self._hub = hub
        self._load = load

    async def catch_up(self, connection: UserSocket, since: Mapping[int, int]) -> None:
        """Send what came after a position in each of these, in which the hub has the connection as
        resuming. Each goes live as soon as it has all that the members here have.

        The rules are those of `resume.catch_up`, for each conversation by itself.
        """
        found = {one: self._hub.subscription(connection, one) for one in since}
        places = {one: place for one, place in found.items() if place is not None}
        waiting = {one: since[one] for one in places}
        if len(waiting) <= PART:
            await self._read(connection, places, waiting)
            return
        async with asyncio.TaskGroup() as readers:
            for _ in range(READERS):
                readers.create_task(self._read(connection, places, waiting))

    async def _read(
        self,
        connection: UserSocket,
        places: Mapping[int, Subscription],
        waiting: dict[int, int],
    ) -> None:
        """Take those that wait, part by part, until none does. One that has more to read waits
        again behind the others, so that all have their turn.
        """
        hub = self._hub
        while waiting and not connection.is_closing:
            part = {one: waiting.pop(one) for one in list(islice(waiting, PART))}
            try:
                pages = await self._load(connection.identity, part)
            except Unavailable:
                waiting |= part
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._lose(connection, places, part.keys() - pages.keys())
            frames = self._frames(connection, places, pages)
            await send_slowly(connection, frames)
            metrics.delivered_frames.add(len(frames))
            is_quiet = not frames
            for conversation_id, (_, upto, is_last) in pages.items():
                if hub.subscription(connection, conversation_id) is not places[conversation_id]:
                    continue
                if not is_last:
                    is_quiet = False
                elif hub.finish_resuming(connection, conversation_id, upto):
                    continue
                waiting[conversation_id] = upto
            if is_quiet and waiting:
                await asyncio.sleep(LOOK_SECONDS)

    def _frames(
        self,
        connection: UserSocket,
        places: Mapping[int, Subscription],
        pages: Mapping[int, Missed],
    ) -> list[bytes]:
        """What was read. A conversation that the socket has lost meanwhile is left out."""
        hub, user_id = self._hub, connection.identity.user_id
        frames: list[bytes] = []
        for conversation_id, (changes, _, _) in pages.items():
            if hub.subscription(connection, conversation_id) is places[conversation_id]:
                frames += [wide_frame_of(one, user_id) for one in changes if one.is_for(user_id)]
        return frames

    def _lose(
        self,
        connection: UserSocket,
        places: Mapping[int, Subscription],
        conversation_ids: Collection[int],
    ) -> None:
        """The user is not in these any more."""
        hub = self._hub
        for conversation_id in conversation_ids:
            if hub.subscription(connection, conversation_id) is places[conversation_id]:
                hub.leave(connection, conversation_id)
                connection.removed(conversation_id)
