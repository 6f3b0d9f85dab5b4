"""What all parts of the relay over Redis agree on: names, patience, failures."""

import asyncio

import redis.asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

PREFIX = b"chat_"
EVERYONE = b"payam_everyone"
CHUNK = 500
"""Commands in one write."""
PATIENCE = 3.0
"""Seconds of silence before a ping, and again until the connection is given up."""
PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds between tries; the last goes on."""
FAILURES = (RedisError, OSError, asyncio.TimeoutError)


def connect(url: str) -> aioredis.Redis:
    """A client of one server; it connects at the first command.

    It waits for ever: what is done with it needs `asyncio.timeout(PATIENCE)` around it.
    """
    return aioredis.Redis.from_url(
        url,
        # RESP2: pub/sub messages are read twice as fast as with RESP3.
        protocol=2,
        # With one, redis-py writes through asyncio.wait_for, which on Python 3.11 loses a
        # cancellation that comes as the write ends: the process would not stop.
        socket_timeout=None,
        socket_connect_timeout=PATIENCE,
        # Once more, at once. Who fails then is told, and not kept waiting.
        retry=Retry(NoBackoff(), 1),
    )


def channel_of(conversation_id: int) -> bytes:
    return b"%s%d" % (PREFIX, conversation_id)


def conversation_of(channel: bytes) -> int:
    return int(channel[len(PREFIX) :])


def pause_after(failures: int) -> float:
    """Seconds to wait before the next try; `failures` came before the one just now."""
    return PAUSES[min(failures, len(PAUSES) - 1)]
