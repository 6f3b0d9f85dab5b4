"""Typing. Users who have blocked the one who types do not receive it.

One question to the database says who blocks whom, for all who type at this moment. So frames of one
user stay in their order, and many of them cost little.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context

from msgspec.structs import replace

from chat.auth.identity import Identity
from chat.errors import PayamError, Unavailable
from chat.events import Ephemeral, UserTyping
from chat.realtime.answers import Handlers, answer, refuse
from chat.realtime.client_frames import Typing
from chat.realtime.dispatcher import Dispatcher
from chat.realtime.errands import Errands
from chat.realtime.server_frames import Ack
from chat.realtime.subscribers import Subscriber
from chat.services.blocks import Blocks

WAITING_MOST = 10_000
"""Frames that wait while the database is slow. More are dropped: nobody misses them."""


class TypingFrames:
    """`require` raises NotFound for a user who is neither a participant nor an agent."""

    def __init__(
        self,
        blocks: Blocks,
        dispatcher: Dispatcher,
        require: Callable[[Identity, int], Awaitable[object]],
        errands: Errands,
    ) -> None:
        self._blocks = blocks
        self._dispatcher = dispatcher
        self._require = require
        self._errands = errands
        self._waiting: list[tuple[Subscriber, Ephemeral, bool]] = []
        """Who types, what the others receive, and whether the database has let them do it."""
        self._task: asyncio.Task[None] | None = None
        self.handlers: Handlers = {Typing: self._type}

    def _type(self, connection: Subscriber, conversation_id: int, frame: Typing) -> None:
        if self._dispatcher.hub.is_in(connection, conversation_id):
            self._take(connection, conversation_id, frame, is_let_in=False)
            return
        # On `/ws/` an agent is not among the sockets of the conversation.
        asking = self._ask(connection, conversation_id, frame)
        self._errands.start(connection, asking, conversation_id)

    async def _ask(self, connection: Subscriber, conversation_id: int, frame: Typing) -> None:
        try:
            await self._require(connection.identity, conversation_id)
        except PayamError as error:
            refuse(connection, frame, error)
        else:
            self._take(connection, conversation_id, frame, is_let_in=True)

    def _take(
        self, connection: Subscriber, conversation_id: int, frame: Typing, *, is_let_in: bool
    ) -> None:
        who = connection.identity
        typing = UserTyping(who.username, frame.is_typing)
        if len(self._waiting) < WAITING_MOST:
            event = Ephemeral(conversation_id, typing, who.user_id)
            self._waiting.append((connection, event, is_let_in))
        if self._task is None:
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._pass_on(), context=Context())
        if frame.ref is not None:
            answer(connection, conversation_id, Ack(ref=frame.ref))

    async def _pass_on(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, []
                places = {(one.conversation_id, one.user_id) for _, one, _ in waiting}
                try:
                    blockers = await self._blocks.blockers(places)
                except Unavailable:  # it is worth nothing later
                    continue
                hub = self._dispatcher.hub
                for connection, one, is_let_in in waiting:
                    unseen_by = tuple(blockers.get((one.conversation_id, one.user_id), ()))
                    # Whoever was removed meanwhile does not type here any more.
                    if is_let_in or hub.is_in(connection, one.conversation_id):
                        self._dispatcher.pass_on(replace(one, unseen_by=unseen_by))
        finally:
            self._task = None

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
