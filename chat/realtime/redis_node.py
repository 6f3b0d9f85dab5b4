"""One Redis server: one connection listens to it, one pool publishes on it."""

import asyncio
from collections.abc import Callable, Sequence

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
        self._sharded = sharded
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
        pipeline = self._client.pipeline(transaction=False)
        publish = pipeline.spublish if self._sharded else pipeline.publish
        for channel, payload in messages:
            publish(channel, payload)
        await pipeline.execute()
