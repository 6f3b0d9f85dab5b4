"""Messages in pairs, for `loadtest.turns`: fifty conversations, each member with one in flight."""

import asyncio
from collections.abc import Callable

from loadtest.client import Traffic
from loadtest.crowd import Crowd
from loadtest.histogram import Histogram
from loadtest.ledger import Ledger, Marks
from loadtest.load import LOOK_SECONDS, Load
from loadtest.targets.payam import Payam
from loadtest.tokens import Tokens

PAIRS = 50
TEXT_LENGTH = 60
PATIENCE = 5.0


class Pairs:
    """The sockets to one server, and the book of what they sent and received."""

    def __init__(self, url: str, tokens: Tokens, crowd: Crowd) -> None:
        target = Payam()
        traffic = Traffic(url, target, Ledger(Marks(target.mark)), Histogram(), TEXT_LENGTH)
        self._load = Load(traffic, tokens, crowd, 0.0, 0.0, PATIENCE)

    async def begin(self) -> None:
        """Connect everybody. Raises CannotConnect and RequestFailed."""
        crowd = self._load.crowd
        for conversation in range(2, PAIRS + 2):
            for user in crowd.members_of(conversation):
                self._load.member(user, conversation)
        await self._load.start()
        await self.burst(0)  # each has a message to edit

    async def burst(self, seconds: float, *, of_edits: bool = False) -> int:
        """Send for so long, and wait until all has come. Returns how many messages were sent, or
        edits.

        Raises AssertionError where anything was lost, doubled, out of order or refused.
        """
        load = self._load
        until = load.now() + seconds
        before = load.traffic.acked
        for client in load.clients:
            act = client.edit if of_edits else client.say
            client.after_ack = say_until(until, act)
            act()
        await asyncio.sleep(seconds)
        async with asyncio.timeout(PATIENCE):
            while not load.is_settled():
                await asyncio.sleep(LOOK_SECONDS)
        count = load.traffic.ledger.count()
        assert count.is_clean, f"{count}"
        assert not load.traffic.refused, f"{load.traffic.refused}"
        load.traffic.ledger.forget()
        return load.traffic.acked - before

    def end(self) -> None:
        for client in self._load.clients:
            client.drop()


def say_until(until: float, act: Callable[[], None]) -> Callable[[], None]:
    def again() -> None:
        if Load.now() < until:
            act()

    return again
