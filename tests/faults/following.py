"""What breaks while followers work, and the rounds in which one of them goes through it.

Something is said, the follower begins, something breaks, and then the follower must have all of it.
"""

import asyncio
import os
import signal
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from tests.faults.hasty import HastyServer
from tests.faults.ledger import Findings
from tests.faults.load import IS_LONG, Outcome
from tests.faults.report import Proof
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer

GONE_SECONDS = 10 if IS_LONG else 1
BEHIND = 1_000_000 if IS_LONG else 4_000
PATIENCE = 1800.0 if IS_LONG else 90.0
"""Seconds; only a test that fails waits so long."""
LOOK_SECONDS = 0.05
MEMORY_MAX = 150 * 1024
"""KiB of the followers' process at most, however much waits for it. It begins with half of that."""
AGAIN = 3
"""What was under way when something broke may come once more; each time that it is tried."""


@dataclass(frozen=True)
class Place:
    """What a follower stands on. Who breaks a part mends it."""

    server: HastyServer
    url: str
    postgres: PostgresServer | None = None
    redis: RedisServer | None = None


class Following(ABC):
    """A follower under test. `name` is how the report calls it."""

    name: str
    size: int
    """Changes that are enough to keep it at work while something breaks."""

    @abstractmethod
    async def say(self, changes: int) -> None:
        """Store so many changes, past the server, which may be gone."""

    @abstractmethod
    async def has_begun(self) -> bool:
        """Whether it has taken any of what was said in this round."""

    @abstractmethod
    async def has_all(self) -> bool: ...

    @abstractmethod
    async def outcome(self, findings: Findings) -> tuple[int, int, int]:
        """How many changes there were, how many it has, and how many came more than once.

        What is not as it should be is added to the findings. The next round begins then.
        """


Fault = Callable[[Place, Following], Awaitable[None]]


async def kill_followers(place: Place, _: Following) -> None:
    while not (found := place.server.followers()):
        await asyncio.sleep(LOOK_SECONDS)
    os.kill(found[0], signal.SIGKILL)


async def kill_server(place: Place, _: Following) -> None:
    """With its followers, so that nobody frees what they were at work on."""
    await asyncio.to_thread(place.server.kill)
    await asyncio.to_thread(place.server.start)


async def fall_behind(place: Place, following: Following) -> None:
    """Much is said while no follower runs."""
    await asyncio.to_thread(place.server.kill)
    await following.say(BEHIND)
    await asyncio.to_thread(place.server.start)


async def lose_postgres(place: Place, _: Following) -> None:
    assert place.postgres is not None
    await asyncio.to_thread(place.postgres.kill)
    await asyncio.sleep(GONE_SECONDS)  # nobody is found there
    await asyncio.to_thread(place.postgres.start)


async def lose_redis(place: Place, following: Following) -> None:
    """It comes back only once the follower has everything: no follower needs it."""
    assert place.redis is not None
    await asyncio.to_thread(place.redis.kill)
    try:
        await following.say(following.size)
        await until(following.has_all)
    finally:
        await asyncio.to_thread(place.redis.start)


KILLS: dict[str, Fault] = {"kill -9 of the followers": kill_followers}
if IS_LONG:  # the short form kills it where it falls behind
    KILLS["kill -9 of the server, with its followers"] = kill_server
FALLS: dict[str, Fault] = {
    f"kill -9 of the server, and {BEHIND:,} changes until it is back": fall_behind
}
LOSSES: dict[str, Fault] = {
    f"PostgreSQL gone for {GONE_SECONDS} s": lose_postgres,
    "Redis gone": lose_redis,
}


async def go_through(
    place: Place, following: Following, prove: Proof, faults: dict[str, Fault]
) -> None:
    """Prove a row for each of these faults. The server runs."""

    async def round_(fault: Fault) -> Outcome:
        await following.say(following.size)
        await until(following.has_begun)
        await fault(place, following)
        await until(following.has_all)
        findings = Findings()
        if fault is fall_behind:
            findings.wrong += [
                f"the followers needed {size:,} KiB"
                for size in map(most_memory, place.server.followers())
                if size > MEMORY_MAX
            ]
        said, has, again = await following.outcome(findings)
        place.server.check_log()
        return Outcome(0, said, has, again, findings, Counter(), Counter(), 0)

    for row, fault in faults.items():
        rounds = 1 if fault is fall_behind else None
        await prove(row, following.name, lambda fault=fault: round_(fault), rounds)  # type: ignore[misc]


def most_memory(pid: int) -> int:
    """KiB that the process has had in memory at most."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0])


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Until it holds, or nobody can believe any more that it will."""
    give_up = monotonic() + PATIENCE
    while not await holds():
        if monotonic() > give_up:
            return
        await asyncio.sleep(LOOK_SECONDS)
