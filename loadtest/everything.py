"""Users with many conversations on one socket each, and what is said in some of those."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from loadtest.histogram import Histogram
from loadtest.load import OPENING, Load, together
from loadtest.user_client import TooBusy, UserClient

LOOK_SECONDS = 0.005
ATTEMPTS = 60
BUSY_SECONDS = 1.0
"""What the server asks for, in `Retry-After`."""
EVERYBODY = 1
"""The conversation that has all users."""


class Everything:
    """The sockets of a run. `users` are connected by `connect`, and again with their cursors."""

    def __init__(self, load: Load, sockets: int) -> None:
        self.load = load
        self.users = [load.user(place) for place in range(sockets)]
        self._by_user: defaultdict[int, list[UserClient]] = defaultdict(list)
        for client in self.users:
            self._by_user[client.user].append(client)
        self._begun: set[int] = set()
        self.postponed = 0
        """How many attempts a busy server has put off; each was made again a second later."""

    async def connect(
        self,
        users: Iterable[UserClient],
        *,
        again: bool = False,
        at_once: int = OPENING,
        times: Histogram | None = None,
    ) -> None:
        """Connect them, some at once. Raises CannotConnect."""
        remaining = iter(list(users))

        async def connect_some() -> None:
            for client in remaining:
                await self.timed(client, times, again=again)

        await together(connect_some() for _ in range(at_once))

    async def timed(
        self, client: UserClient, times: Histogram | None, *, again: bool = False
    ) -> None:
        began = self.load.now()
        for attempt in range(ATTEMPTS):
            try:
                await client.connect(self.load.tokens(client.user), again=again)
                break
            except TooBusy:
                self.postponed += 1
                if attempt == ATTEMPTS - 1:
                    raise
                await asyncio.sleep(BUSY_SECONDS)
        if times is not None:
            times.record(self.load.now() - began)

    def small_ones(self, user: int, most: int) -> list[int]:
        """At most so many conversations of the user with somebody else who has a socket.

        The one that has everybody is not among them.
        """
        crowd = self.load.crowd
        numbers = range(2, crowd.conversations + 2)
        found = (n for n in numbers if user in crowd.members_of(n) and self._has_others(n, user))
        return list(islice(found, most))

    def _has_others(self, conversation: int, user: int) -> bool:
        return any(client.user != user for client in self.sockets_in(conversation))

    def sockets_in(self, conversation: int) -> Sequence[UserClient]:
        """The sockets of the conversation's members."""
        if conversation == EVERYBODY:
            return self.users
        members = self.load.crowd.members_of(conversation)
        return [client for user in members for client in self._by_user.get(user, ())]

    async def begin_books(self, conversations: Iterable[int]) -> None:
        """From now on each of their members must receive what is said in these."""
        new = [one for one in conversations if one not in self._begun]
        numbers = {one: self.load.crowd.number(one) for one in new}
        positions: dict[int, int] = {}
        for one, number in numbers.items():
            self._begun.add(one)
            sockets = self.sockets_in(one)
            positions[number] = await self.load.position(number, sockets[0].user)
            for client in sockets:
                client.books[number] = self.load.traffic.ledger.open_book(number)
        self.load.traffic.ledger.begin(positions)

    async def say(self, messages: Mapping[int, int], away: Sequence[UserClient]) -> None:
        """So many messages in each conversation, by members who are not away; wait for the acks."""
        gone = set(map(id, away))
        await self.begin_books(messages)
        talkers = []
        for conversation, count in messages.items():
            here = [one for one in self.sockets_in(conversation) if id(one) not in gone]
            if not here:
                continue
            talkers.append(here[0])
            for _ in range(count):
                here[0].say(self.load.crowd.number(conversation))
        while any(one.waiting and one.is_connected for one in talkers):
            await asyncio.sleep(LOOK_SECONDS)


def spread(count: int, conversations: Sequence[int]) -> dict[int, int]:
    """`count` messages over the conversations, as evenly as possible."""
    each, rest = divmod(count, len(conversations))
    shares = {one: each + (place < rest) for place, one in enumerate(conversations)}
    return {one: share for one, share in shares.items() if share}
