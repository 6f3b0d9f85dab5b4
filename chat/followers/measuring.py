"""Measures how far the followers are behind, by the database alone.

So it is also known while none of them runs.
"""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from time import monotonic

from chat import metrics
from chat.errors import Unavailable
from chat.store import followers
from chat.store.database import Database

MEASURE_SECONDS = 5.0
MEASURED = 20
"""After measuring comes a pause at least so many times as long."""


class Measuring:
    """`places` are the databases that have followers."""

    def __init__(self, places: Collection[Database]) -> None:
        self._places = places
        self._measured: set[str] = set()

    async def run(self) -> None:
        """Note from time to time how far each follower is behind, until cancelled."""
        while True:
            begun = monotonic()
            with suppress(Unavailable):
                await self._measure()
            await asyncio.sleep(max(MEASURE_SECONDS, MEASURED * (monotonic() - begun)))

    def forget(self) -> None:
        """Another process measures from now on."""
        self._note({})

    async def _measure(self) -> None:
        lags: dict[str, followers.Lag] = {}
        for place in self._places:
            lags |= await followers.lags(place, await followers.names(place))
        self._note(lags)

    def _note(self, lags: dict[str, followers.Lag]) -> None:
        for gone in self._measured - lags.keys():
            note(gone, followers.NO_LAG)
        for name, lag in lags.items():
            note(name, lag)
        self._measured = set(lags)


def note(name: str, lag: followers.Lag) -> None:
    metrics.follower_behind_seconds.labels(name).set(lag.seconds)
    metrics.follower_behind_conversations.labels(name).set(lag.conversations)
