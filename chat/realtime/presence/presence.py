"""One node's part in presence: it writes down who is online here, and announces what changes.

Announcements go out once per second, so a thousand users who come back at once are a few of them.
A user who is back within GRACE_SECONDS was never offline for others. So neither the restart of a
node nor a phone that changes its network is announced.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from time import monotonic
from typing import Protocol

from msgspec import Struct

from chat.errors import Unavailable
from chat.realtime.presence.board import Beat, Board
from chat.store.database import in_parts
from chat.times import now

log = logging.getLogger("payam.presence")

STEP_SECONDS = 1.0
BEAT_SECONDS = 5.0
GRACE_SECONDS = 5.0
PART = 20
"""Users who are asked for at once."""
FEW = 5
"""Users of one announcement. In a crowd each has thousands who hear of it, which takes the event
loop of each node half a millisecond."""


class Presence(Struct, array_like=True, frozen=True):
    """`user` went online, or offline at `last_seen`; `conversations` are those that hear of it,
    but for the users of `hidden_from`.

    `last_seen` is in microseconds since 1970, and None for a user who is online.
    """

    user_id: int
    user: str
    last_seen: int | None
    conversations: list[int]
    hidden_from: list[int] = []


class OfUsers(Protocol):
    """What the loop asks about the sockets of this process: `Connections` answers it."""

    def is_online(self, user_id: int) -> bool:
        """Whether the user has a socket here."""
        ...

    def take_moved(self) -> set[int]:
        """The users who since the last call got their first socket here, or lost their last."""
        ...


def ignore(_: Beat) -> None:
    """Do nothing: for whoever need not know of other nodes."""


class Loop:
    """`shared` gives each user's name, the conversations that hear of it, and the users who do not
    all the same; `keep` stores when users were last online; `announce` sends the news to all nodes,
    this one among them. `beaten` gets the answer to each beat.
    """

    def __init__(
        self,
        board: Board,
        sockets: OfUsers,
        shared: Callable[
            [Collection[int]], Awaitable[Mapping[int, tuple[str, list[int], list[int]]]]
        ],
        keep: Callable[[Mapping[int, int]], Awaitable[None]],
        announce: Callable[[Sequence[Presence]], None],
        beaten: Callable[[Beat], None] = ignore,
        *,
        grace: float = GRACE_SECONDS,
    ) -> None:
        self._board = board
        self._sockets = sockets
        self._shared = shared
        self._keep = keep
        self._announce = announce
        self._beaten = beaten
        self._grace = grace
        self._here: set[int] = set()
        """Users whom the board has as online on this node."""
        self._arriving: set[int] = set()
        self._leaving: dict[int, float] = {}
        """Users without a socket here, and the moment at which they count as gone."""
        self._news: dict[int, int | None] = {}
        """What is not announced yet: when the user was last seen, or None if the user is online."""
        self._next_beat = 0.0
        self._is_in_trouble = False

    async def run(self) -> None:
        """Step until cancelled. While Redis or the database is away, what is new waits."""
        while True:
            try:
                await self.step()
                self._is_in_trouble = False
            except Unavailable as error:
                if not self._is_in_trouble:
                    log.warning("presence waits: %s", error.detail)
                self._is_in_trouble = True
            await asyncio.sleep(STEP_SECONDS)

    async def step(self) -> None:
        """Raises Unavailable; what could not be done is done by a later step."""
        self._look()
        await self._beat()
        if self._arriving:
            arriving = set(self._arriving)
            new = await self._board.arrive(arriving)
            for user_id in arriving:
                if user_id in new:
                    self._news[user_id] = None
                elif self._news.get(user_id) is not None:
                    del self._news[user_id]  # another node has the user by now, and tells of it
            self._here |= arriving
            self._arriving -= arriving
        moment = monotonic()
        due = {user_id for user_id, at in self._leaving.items() if at <= moment}
        if due:
            for user_id in await self._board.depart(due):
                self._news[user_id] = now()
            self._here -= due
            for user_id in due:
                del self._leaving[user_id]
        await self._tell()

    def _look(self) -> None:
        """Learn which users got their first socket here, or lost their last one."""
        for user_id in self._sockets.take_moved():
            if self._sockets.is_online(user_id):
                self._leaving.pop(user_id, None)
                if user_id not in self._here:
                    self._arriving.add(user_id)
            else:
                self._arriving.discard(user_id)
                if user_id in self._here:
                    self._leaving[user_id] = monotonic() + self._grace

    async def _beat(self) -> None:
        if monotonic() < self._next_beat:
            return
        beat = await self._board.beat()
        self._next_beat = monotonic() + BEAT_SECONDS
        self._beaten(beat)
        if not beat.is_known:
            # Given up by the others, or Redis began anew, empty.
            self._arriving |= self._here
        for user_id in beat.gone - self._here:
            self._news[user_id] = now()

    async def _tell(self) -> None:
        for part in in_parts(list(self._news), PART):  # what is announced is removed
            news = {user_id: self._news[user_id] for user_id in part if self._is_true(user_id)}
            if not news:
                continue
            seen = {user_id: moment for user_id, moment in news.items() if moment is not None}
            if seen:
                await self._keep(seen)
            shared = await self._shared(news)
            changed = [
                Presence(user_id, name, news[user_id], conversations, hidden_from)
                for user_id, (name, conversations, hidden_from) in shared.items()
            ]
            for few in in_parts(changed, FEW):
                self._announce(few)
                await asyncio.sleep(0)
            for user_id in news:
                del self._news[user_id]

    def _is_true(self, user_id: int) -> bool:
        """False for a user who went offline and is back already: this waits for a later step, which
        finds the user online, or gone again. So a crowd that is slow to return is announced once.
        """
        return self._news[user_id] is None or not self._sockets.is_online(user_id)
