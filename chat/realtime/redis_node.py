"""One Redis server: one connection listens to it, one pool publishes on it."""

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import Any

from chat.realtime.redis_client import connect
from chat.realtime.redis_outbox import Outbox
from chat.realtime.redis_reader import Reader
from chat.realtime.relay import RelayListener


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
        pool = self._client.connection_pool
        connection: Any = await pool.get_connection()  # type: ignore[no-untyped-call]
        is_whole = False
        try:
            commands = [(self._verb, channel, payload) for channel, payload in messages]
            await connection.send_packed_command(connection.pack_commands(commands))
            for _ in messages:
                await connection.read_response(timeout=math.inf)
            is_whole = True
        finally:
            if not is_whole:  # answers that nobody reads may still come
                await connection.disconnect(nowait=True)
            await pool.release(connection)
