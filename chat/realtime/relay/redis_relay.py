"""The relay over Redis pub/sub, through redis.asyncio (what aioredis became)."""

import asyncio
from collections.abc import Collection

from chat.realtime.relay.redis_client import EVERYONE, PATIENCE, PULSE, Patience, channel_of
from chat.realtime.relay.redis_node import RedisNode
from chat.realtime.relay.redis_pulse import new_channel
from chat.realtime.relay.relay import Relay, RelayListener

LOOK_SECONDS = 0.01


class RedisRelay(Relay):
    has_others = True

    def __init__(self, url: str, patience: Patience = PATIENCE) -> None:
        self._node = RedisNode(url, new_channel(PULSE), patience)
        self._node.reader.subscribe(EVERYONE)

    @property
    def is_connected(self) -> bool:
        return self._node.reader.is_connected

    @property
    def trouble(self) -> str:
        return self._node.trouble.last

    @property
    def backlog(self) -> int:
        return self._node.outbox.backlog

    def publish(self, conversation_id: int, payload: bytes, seq: int | None) -> None:
        self._node.outbox.post(channel_of(conversation_id), payload, seq)

    def announce(self, payload: bytes) -> None:
        self._node.outbox.post(EVERYONE, payload, None)

    async def flush(self) -> None:
        while not self._node.outbox.is_empty:
            await asyncio.sleep(LOOK_SECONDS)

    def subscribe(self, conversation_id: int) -> None:
        self._node.reader.subscribe(conversation_id)

    def unsubscribe(self, conversation_id: int) -> None:
        self._node.reader.unsubscribe(conversation_id)

    def follow(self, conversation_ids: Collection[int]) -> None:
        self._node.reader.wanted.ids = conversation_ids

    async def run(self, listener: RelayListener) -> None:
        await self._node.run(listener)
