"""What all parts of the relay over Redis share: names, rights, patience, failures.

All channels begin with `chat_`. Only four commands are sent to a server: PUBLISH, SUBSCRIBE,
UNSUBSCRIBE and PING; on a cluster SPUBLISH, SSUBSCRIBE and SUNSUBSCRIBE. An ACL has to allow these.
"""

import asyncio
from collections.abc import Collection, Coroutine, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import redis.asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AskError, ClusterError, RedisError, TryAgainError

from chat.realtime.relay.sentinels import Sentinels, names_sentinels

PREFIX = b"chat_"
EVERYONE = b"chat_everyone"
PULSE = b"chat_pulse_"
"""The prefix of the channel on which a process receives what it published itself."""
CHUNK = 500
"""Most commands in one write."""
PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds between two tries. The last one is used for all later tries."""
FAILURES = (RedisError, OSError, asyncio.TimeoutError)
REDIRECTS = (AskError, ClusterError, TryAgainError)
"""The answers of a cluster's server that is not, or not yet, the right one for a channel."""


@dataclass(frozen=True)
class Patience:
    """How long a relay waits for a server, and how many messages it keeps meanwhile."""

    silence: float = 3.0
    """After so many seconds of silence a ping is sent, and after as many more the connection is
    closed. A connect or a write may take as long."""
    patrol: float = 5.0
    """Seconds between two questions to the Sentinels for the master."""
    outbox: int = 50_000
    """Most messages that may wait to be published."""


PATIENCE = Patience()


def connect(url: str, patience: Patience) -> aioredis.Redis:
    """A client of one server, or of the master that Sentinels name. It connects when it is used.

    After that it has no time limit of its own, so put `asyncio.timeout(patience.silence)` around
    each use.
    """
    options: dict[str, Any] = {
        # With RESP2, pub/sub messages are read twice as fast as with RESP3.
        "protocol": 2,
        # No timeout here: with one, redis-py writes through asyncio.wait_for. On Python 3.11 that
        # loses a cancellation that comes at the end of the write, and the process would not stop.
        "socket_timeout": None,
        "socket_connect_timeout": patience.silence,
        # One more try, at once. If it fails too, the caller gets the error and does not wait.
        "retry": Retry(NoBackoff(), 1),
    }
    if names_sentinels(url):
        return Sentinels(url, options).client()
    client = aioredis.Redis.from_url(url, **options)
    # Redis has no database numbers for channels. SELECT would need a right, and change nothing.
    client.connection_pool.connection_kwargs["db"] = 0
    return client


Wanted = int | bytes
"""A channel that is wanted: that of a conversation by its id, any other by its name."""


class Channels:
    """The channels to which one connection listens.

    A node may listen to a hundred thousand conversations, and has them in its hub anyway. So `ids`
    may be a view of those. Then nothing has to be added here, or discarded.
    """

    def __init__(self) -> None:
        self.names: set[bytes] = set()
        self.ids: Collection[int] = set()

    def __contains__(self, wanted: Wanted) -> bool:
        return wanted in (self.ids if isinstance(wanted, int) else self.names)

    def __len__(self) -> int:
        return len(self.names) + len(self.ids)

    def __iter__(self) -> Iterator[Wanted]:
        return chain(self.names, self.ids)

    def add(self, wanted: Wanted) -> None:
        if not isinstance(wanted, int):
            self.names.add(wanted)
        elif isinstance(self.ids, set):
            self.ids.add(wanted)

    def discard(self, wanted: Wanted) -> None:
        if not isinstance(wanted, int):
            self.names.discard(wanted)
        elif isinstance(self.ids, set):
            self.ids.discard(wanted)


def channel_of(wanted: Wanted) -> bytes:
    return b"%s%d" % (PREFIX, wanted) if isinstance(wanted, int) else wanted


def wanted_of(channel: bytes) -> Wanted:
    return channel if channel == EVERYONE or channel.startswith(PULSE) else conversation_of(channel)


def conversation_of(channel: bytes) -> int:
    return int(channel[len(PREFIX) :])


def pause_after(failures: int) -> float:
    """Seconds to wait before the next try. `failures` is how many came before the last one."""
    return PAUSES[min(failures, len(PAUSES) - 1)]


async def first_to_end(*jobs: Coroutine[Any, Any, None]) -> None:
    """Run the jobs until one ends, and cancel the others. The result is that of the first.

    A TaskGroup is not used, because on Python 3.11 it forgets that it was cancelled if a job fails
    at the same moment.
    """
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        # After one job has failed, errors of the others only repeat it.
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
