"""What all parts of the relay over Redis agree on: names, rights, patience, failures.

All channels begin with `chat_`, and four commands are all that is sent to a server: PUBLISH,
SUBSCRIBE, UNSUBSCRIBE and PING, or SPUBLISH, SSUBSCRIBE and SUNSUBSCRIBE on a cluster. So that
is what an ACL has to allow.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import redis.asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AskError, ClusterError, RedisError, TryAgainError

from chat.realtime.relay.sentinels import Sentinels, names_sentinels

PREFIX = b"chat_"
EVERYONE = b"chat_everyone"
PULSE = b"chat_pulse_"
"""Begins the name of the channel on which a process hears itself."""
CHUNK = 500
"""Commands in one write."""
PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds between tries; the last goes on."""
FAILURES = (RedisError, OSError, asyncio.TimeoutError)
REDIRECTS = (AskError, ClusterError, TryAgainError)
"""What a server of a cluster answers where it is not, or not yet, the one to ask."""


@dataclass(frozen=True)
class Patience:
    """How long a relay waits for a server, and how much it keeps meanwhile."""

    silence: float = 3.0
    """Seconds without a word before a ping, and again before the connection is given up. A
    connect or a write may take as long."""
    patrol: float = 5.0
    """Seconds between two questions to Sentinels who the master is."""
    outbox: int = 50_000
    """Messages that may wait to be published."""


PATIENCE = Patience()


def connect(url: str, patience: Patience) -> aioredis.Redis:
    """A client of one server, or of the master that Sentinels name; it connects when it is used.

    It has no limit of its own after that: whoever uses it puts `asyncio.timeout(patience.silence)`
    around each use.
    """
    options: dict[str, Any] = {
        # RESP2: pub/sub messages are read twice as fast as with RESP3.
        "protocol": 2,
        # With one, redis-py writes through asyncio.wait_for, which on Python 3.11 loses a
        # cancellation that comes as the write ends: the process would not stop.
        "socket_timeout": None,
        "socket_connect_timeout": patience.silence,
        # Once more, at once. Who fails then is told, and not kept waiting.
        "retry": Retry(NoBackoff(), 1),
    }
    if names_sentinels(url):
        return Sentinels(url, options).client()
    client = aioredis.Redis.from_url(url, **options)
    # Channels know no databases: to select one would take a right, and change nothing.
    client.connection_pool.connection_kwargs["db"] = 0
    return client


def channel_of(conversation_id: int) -> bytes:
    return b"%s%d" % (PREFIX, conversation_id)


def conversation_of(channel: bytes) -> int:
    return int(channel[len(PREFIX) :])


def pause_after(failures: int) -> float:
    """Seconds to wait before the next try; `failures` came before the one just now."""
    return PAUSES[min(failures, len(PAUSES) - 1)]


async def first_to_end(*jobs: Coroutine[Any, Any, None]) -> None:
    """Run them side by side until one ends, as it ends; the others end with it.

    A TaskGroup of Python 3.11 forgets that it was cancelled when a job fails just then.
    """
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        # What the others have to say once one has failed is the same, said twice.
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
