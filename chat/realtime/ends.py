"""Announces to all nodes that sign-ins have ended, and that accounts are others than before."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec

from chat.errors import Unavailable
from chat.events import AccountChanged, FamilyRevoked, UserErased
from chat.realtime import news
from chat.realtime.announcements import Announcements
from chat.realtime.presence.board import Board
from chat.realtime.roll_call import RollCall

ANNOUNCE_SECONDS = 1.0
"""How long the answer to a sign-out waits until the other nodes have read of it. Those that have
not read it by then find it later.
"""
_pack = msgspec.msgpack.Encoder().encode
_unpack_user = msgspec.msgpack.Decoder(int).decode
_unpack_account = msgspec.msgpack.Decoder(tuple[int, bool]).decode


class Ends:
    """`listener` gives who acts on an end in this process. `announce` announces a kind of news and
    its body to all other nodes, and `flush` waits until the relay has it.
    """

    def __init__(
        self,
        board: Board,
        listener: Callable[[], Announcements],
        announce: Callable[[bytes, bytes], None],
        flush: Callable[[], Awaitable[None]],
    ) -> None:
        self._listener = listener
        self._announce = announce
        self._flush = flush
        self._roll_call = RollCall(board, announce)

    def revoked(self, event: FamilyRevoked) -> None:
        self._listener().revoked(event)
        self._announce(news.REVOKED, event.family.encode())

    def erased(self, event: UserErased) -> None:
        self._listener().erased(event)
        self._announce(news.ERASED, _pack(event.user_id))

    def account_changed(self, event: AccountChanged) -> None:
        """A node that does not hear of it finds it in the database."""
        self._listener().account_changed(event)
        self._announce(news.ACCOUNT, _pack((event.user_id, event.is_suspended)))

    async def announced_to_all(self) -> None:
        """Wait until every other node has read what was announced, but not for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ANNOUNCE_SECONDS):
                try:
                    await self._roll_call.complete()
                except Unavailable:  # it is not known which others there are
                    await self._flush()

    def heard(self, kind: bytes, body: bytes) -> None:
        """Another node announced this; what is of another kind is ignored."""
        listener = self._listener()
        if kind == news.REVOKED:
            listener.revoked(FamilyRevoked(body.decode(errors="replace")))
            return
        with suppress(msgspec.DecodeError):  # of another version: tokens are checked in time
            if kind == news.ERASED:
                listener.erased(UserErased(_unpack_user(body)))
            elif kind == news.ACCOUNT:
                user_id, is_suspended = _unpack_account(body)
                listener.account_changed(AccountChanged(user_id, is_suspended=is_suspended))
            elif kind == news.ASKED:
                self._roll_call.asked(body)
            elif kind == news.ANSWERED:
                self._roll_call.answered(body)
