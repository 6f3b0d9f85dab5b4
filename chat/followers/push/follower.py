"""The follower of changes that may be worth a push."""

import asyncio
from collections.abc import Sequence

from chat.errors import Unavailable
from chat.followers.follower import Gatherer
from chat.followers.gathering import Gathering
from chat.store import followers, push_news, spans
from chat.store.database import Database
from chat.store.devices import FOLLOWER
from chat.store.push_news import GRACE_SECONDS
from chat.store.spans import Span
from chat.times import now


class PushFollower(Gatherer):
    """Notes which devices must be looked at. It reads no text, and sends nothing."""

    name = FOLLOWER
    with_past = None

    def __init__(
        self,
        database: Database,
        *,
        ttl: float,
        with_content: bool,
        grace: float = GRACE_SECONDS,
    ) -> None:
        """`ttl` and `grace` are in seconds. What is older than `ttl` is not pushed."""
        self._database = database
        self._ttl = ttl
        self._with_content = with_content
        self._grace = grace

    async def gather(self, every: Sequence[Span]) -> None:
        moment = now()
        oldest = moment - int(self._ttl * 1_000_000)
        # Read before the positions are held. What comes meanwhile is behind the spans' ends.
        news = await push_news.find(
            self._database, every, oldest, moment, with_content=self._with_content
        )
        async with self._database.transaction() as transaction:
            held = await spans.hold(self._database, transaction, self.name, every)
            # For those that another process had, this asks a second time, which does no harm.
            await push_news.ask(transaction, news, self._grace)
            await spans.settle(transaction, self.name, held)


class Push(Gathering):
    """Begins with the first device that anybody registers: until then it costs nothing."""

    async def _begin(self) -> None:
        while True:
            try:
                await followers.complete(self._database, self.name)
                if await followers.is_begun(self._database, self.name):
                    return
            except Unavailable:
                pass
            await asyncio.sleep(self._poll)
