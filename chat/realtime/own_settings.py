"""Sends users their own settings of conversations: to all of their sockets of `/ws/`, and no other.

A change only makes these sockets look: what is sent is read from the database, after the change,
by one reading at a time. So the last that a client receives is what is stored, in whatever order
the news of several changes comes.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping

from chat.errors import Unavailable
from chat.realtime.errands import Errands
from chat.realtime.patience import RETRY_SECONDS
from chat.realtime.protocol import frame_of, of_conversation
from chat.realtime.resume import CHUNK, drained
from chat.realtime.subscribers import UserSocket
from chat.services.own_settings import OwnSettings
from chat.store.database import in_parts

PART = 200
"""Conversations that are read at once."""

SocketsOf = Callable[[int], Iterable[UserSocket]]
"""The sockets of a user here."""


class OwnSettingsNews:
    def __init__(self, own_settings: OwnSettings, sockets_of: SocketsOf, errands: Errands) -> None:
        self._own_settings = own_settings
        self._sockets_of = sockets_of
        self._errands = errands
        self._reading = asyncio.Lock()

    def changed(self, conversation_id: int, user_id: int) -> None:
        """The user has changed the settings of this conversation."""
        for connection in self._sockets_of(user_id):
            # A client whose handshake is not answered yet reads its conversations later.
            if connection.is_answered:
                self._errands.start(connection, self._send(connection, [conversation_id]))

    def look(self, connection: UserSocket, positions: Mapping[int, int]) -> None:
        """The same as `send_since`, without waiting for it."""
        self._errands.start(connection, self.send_since(connection, positions))

    async def send_since(self, connection: UserSocket, positions: Mapping[int, int]) -> None:
        """Send what the user has changed in each conversation since its position."""
        while positions and not connection.is_closing:
            try:
                changed = await self._own_settings.changed_since(connection.identity, positions)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            await self._send(connection, changed)
            return

    async def _send(self, connection: UserSocket, conversation_ids: Collection[int]) -> None:
        for part in in_parts(conversation_ids, PART):
            while not connection.is_closing:
                try:
                    async with self._reading:
                        found = await self._own_settings.frames(connection.identity, part)
                        connection.send(
                            b"".join(
                                of_conversation(frame_of(frame), conversation_id)
                                for conversation_id, frame in found.items()
                            )
                        )
                except Unavailable:
                    await asyncio.sleep(RETRY_SECONDS)
                else:
                    await drained(connection, CHUNK)
                    break
