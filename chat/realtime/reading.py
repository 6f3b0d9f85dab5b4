"""Catching up in many conversations at once, over one socket."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from itertools import islice

from chat import metrics
from chat.auth.identity import Identity
from chat.errors import Unavailable
from chat.realtime.answers import addressed
from chat.realtime.deliveries import delivery_of
from chat.realtime.hub import Hub
from chat.realtime.patience import RETRY_SECONDS
from chat.realtime.resume import LOOK_SECONDS, send_slowly
from chat.realtime.subscribers import UserSocket
from chat.services.changes import Missed

LoadMany = Callable[[Mapping[int, int]], Awaitable[Mapping[int, Missed]]]
"""Of conversations, each with a position: what came after it, up to which position, and whether
that is all. It may leave out some, which are read later."""

Among = Callable[[Identity, Collection[int]], Awaitable[Collection[int]]]
"""Those of some conversations that the user is in."""

PART = 200
"""Conversations that are read at once."""


class Reading:
    def __init__(self, hub: Hub, load: LoadMany, among: Among) -> None:
        self._hub = hub
        self._load = load
        self._among = among

    async def catch_up(self, connection: UserSocket, since: Mapping[int, int]) -> None:
        """Send what came after a position in each of these, in which the hub has the connection as
        resuming. Each goes live as soon as it has all that the members here have.

        The rules are those of `resume.catch_up`, for each conversation by itself.
        """
        hub, user_id = self._hub, connection.identity.user_id
        places = {one: hub.subscription(connection, one) for one in since}
        waiting = {one: at for one, at in since.items() if places[one] is not None}
        while waiting and not connection.is_closing:
            part = dict(islice(waiting.items(), PART))
            try:
                pages = await self._load(part)
                mine = await self._among(connection.identity, pages.keys())
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            found: list[bytes] = []
            read: list[int] = []
            for conversation_id, (changes, upto, is_last) in pages.items():
                if hub.subscription(connection, conversation_id) is not places[conversation_id]:
                    del waiting[conversation_id]  # it lost the conversation meanwhile
                elif conversation_id not in mine:
                    del waiting[conversation_id]
                    hub.leave(connection, conversation_id)
                    connection.removed(conversation_id)
                else:
                    found += [
                        addressed(connection, conversation_id, delivery_of(one).frame_for(user_id))
                        for one in changes
                        if one.is_for(user_id)
                    ]
                    # Behind those that wait already, so that all have their turn.
                    del waiting[conversation_id]
                    waiting[conversation_id] = upto
                    if is_last:
                        read.append(conversation_id)
            await send_slowly(connection, found)
            metrics.delivered_frames.add(len(found))
            for conversation_id in read:
                if hub.subscription(connection, conversation_id) is not places[
                    conversation_id
                ] or hub.finish_resuming(connection, conversation_id, waiting[conversation_id]):
                    del waiting[conversation_id]
            await asyncio.sleep(0 if found or len(read) < len(pages) else LOOK_SECONDS)
