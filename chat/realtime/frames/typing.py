"""Typing. Nobody hears of it who has blocked the one who types.

The database says who blocks whom, for all who type at this moment in one question. So frames of one
user stay in their order, and many of them cost little.
"""

import asyncio
from contextvars import Context

from msgspec.structs import replace

from chat.errors import Unavailable
from chat.events import Passing, UserTyping
from chat.realtime.answers import Handlers, answer
from chat.realtime.client_frames import Typing
from chat.realtime.dispatcher import Dispatcher
from chat.realtime.server_frames import Ack
from chat.realtime.subscribers import Subscriber
from chat.services.blocks import Blocks
from chat.store.sends import not_a_participant

WAITING_MOST = 10_000
"""Frames that wait while the database is slow. More are dropped: nobody misses them."""


class TypingFrames:
    def __init__(self, blocks: Blocks, dispatcher: Dispatcher) -> None:
        self._blocks = blocks
        self._dispatcher = dispatcher
        self._waiting: list[tuple[Subscriber, Passing]] = []
        self._task: asyncio.Task[None] | None = None
        self.handlers: Handlers = {Typing: self._type}

    def _type(self, connection: Subscriber, conversation_id: int, frame: Typing) -> None:
        if not self._dispatcher.hub.is_in(connection, conversation_id):
            raise not_a_participant()
        who = connection.identity
        typing = UserTyping(who.username, frame.is_typing)
        if len(self._waiting) < WAITING_MOST:
            self._waiting.append((connection, Passing(conversation_id, typing, who.user_id)))
        if self._task is None:
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._pass_on(), context=Context())
        if frame.ref is not None:
            answer(connection, conversation_id, Ack(ref=frame.ref))

    async def _pass_on(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, []
                places = {(one.conversation_id, one.user_id) for _, one in waiting}
                try:
                    blockers = await self._blocks.blockers(places)
                except Unavailable:  # it is worth nothing later
                    continue
                hub = self._dispatcher.hub
                for connection, one in waiting:
                    unseen_by = tuple(blockers.get((one.conversation_id, one.user_id), ()))
                    # Whoever was removed meanwhile does not type here any more.
                    if hub.is_in(connection, one.conversation_id):
                        self._dispatcher.pass_on(replace(one, unseen_by=unseen_by))
        finally:
            self._task = None

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
