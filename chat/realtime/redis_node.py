"""One Redis server: one connection listens to it, one pool publishes on it."""

import asyncio
import math
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from chat.realtime.redis_client import connect
from chat.realtime.redis_outbox import Outbox
from chat.realtime.redis_reader import Reader
from chat.realtime.relay import RelayListener

FRESH = 1.0
"""Seconds after its last use for which a connection is taken to be alive."""


def ignore(*_: object) -> None:
    pass


class RedisNode:
    """`sharded`, `failed` and `lost` are as for `Reader`; `failed` is told of publishing too."""

    def __init__(
        self,
        url: str,
        *,
        sharded: bool = False,
        failed: Callable[[], None] = ignore,
        lost: Callable[[bytes], None] = ignore,
    ) -> None:
        self._client = connect(url)
        self._verb = b"SPUBLISH" if sharded else b"PUBLISH"
        self._failed = failed
        self._kept: Any = None
        self._published = 0.0
        self.outbox = Outbox()
        self.reader = Reader(self._client, sharded=sharded, failed=failed, lost=lost)

    async def run(self, listener: RelayListener) -> None:
        """Listen and publish until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.reader.run(listener))
                tasks.create_task(self.outbox.run(self._publish, listener.progress, self._failed))
        finally:
            await self._client.aclose()

    async def _publish(self, messages: Sequence[tuple[bytes, bytes]]) -> None:
        # By hand: the client's pipeline takes twice as long for the same.
        connection = await self._connection()
        is_whole = False
        try:
            commands = [command(self._verb, channel, payload) for channel, payload in messages]
            await connection.send_packed_command([b"".join(commands)])
            for _ in messages:
                await connection.read_response(timeout=math.inf)
            is_whole = True
        finally:
            if is_whole:
                self._kept, self._published = connection, monotonic()
            else:  # answers that nobody reads may still come
                await connection.disconnect(nowait=True)
                await self._client.connection_pool.release(connection)

    async def _connection(self) -> Any:
        """One that lives: the pool asks it, which takes as long as to publish."""
        pool = self._client.connection_pool
        connection, self._kept = self._kept, None
        if connection is not None:
            if monotonic() - self._published <= FRESH:
                return connection
            await pool.release(connection)
        return await pool.get_connection()  # type: ignore[no-untyped-call]


def command(verb: bytes, channel: bytes, payload: bytes) -> bytes:
    """As Redis reads it: the client's own packing takes seven times as long.

    https://redis.io/docs/latest/develop/reference/protocol-spec/
    """
    return b"*3\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (
        len(verb),
        verb,
        len(channel),
        channel,
        len(payload),
        payload,
    )
