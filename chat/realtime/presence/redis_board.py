"""The board in Redis: a set of users per node, and when each node counts as dead.

    chat_presence_{<deployment>}          a sorted set: node, and the second at which it is dead
    chat_presence_{<deployment>}:<node>   a set: the users who are online there

Each call is one script, so it sees the other nodes as they are at one moment. The seconds are
those of Redis' clock. The braces put all keys of a deployment into one slot of a cluster.
"""

import asyncio
import secrets
from collections.abc import Collection, Sequence
from typing import Any

import redis.asyncio as aioredis
from redis.exceptions import RedisError

from chat.errors import Unavailable
from chat.realtime.presence.board import Beat, Board
from chat.realtime.relay.cluster_map import ClusterMap, is_cluster
from chat.realtime.relay.redis_client import FAILURES, PATIENCE, connect
from chat.store.database import in_parts

LIFE_SECONDS = 15
KEPT_SECONDS = 3600
"""How long what the nodes wrote stays after the last beat of any of them."""
PART = 500
"""Users that one script looks at: Redis does nothing else meanwhile."""

# `is_online(user)` looks at the nodes that live, without the one named `but`.
LIVING = """
local nodes, me = KEYS[1], ARGV[1]
local own = nodes .. ':' .. me
local now = tonumber(redis.call('TIME')[1])
local living = redis.call('ZRANGEBYSCORE', nodes, '(' .. now, '+inf')
local function is_online(user, but)
    for _, node in ipairs(living) do
        if node ~= but and redis.call('SISMEMBER', nodes .. ':' .. node, user) == 1 then
            return true
        end
    end
    return false
end
local found = {}
"""
ARRIVE = f"""{LIVING}
for place = 3, #ARGV do
    if not is_online(ARGV[place]) then found[#found + 1] = ARGV[place] end
    redis.call('SADD', own, ARGV[place])
end
redis.call('EXPIRE', own, {KEPT_SECONDS})
return found
"""
DEPART = f"""{LIVING}
for place = 3, #ARGV do
    local was_here = redis.call('SREM', own, ARGV[place]) == 1
    if was_here and not is_online(ARGV[place], me) then found[#found + 1] = ARGV[place] end
end
return found
"""
ONLINE = f"""{LIVING}
for place = 3, #ARGV do
    if is_online(ARGV[place]) then found[#found + 1] = ARGV[place] end
end
return found
"""
OTHERS = f"""{LIVING}
for _, node in ipairs(living) do
    if node ~= me then found[#found + 1] = node end
end
return found
"""
# Who was online on a node that has died is offline, unless another node has that user as well.
BEAT = f"""{LIVING}
local is_known = redis.call('EXISTS', own) == 1 and redis.call('ZSCORE', nodes, me)
redis.call('ZADD', nodes, now + ARGV[2], me)
redis.call('EXPIRE', nodes, {KEPT_SECONDS})
redis.call('SADD', own, 0)
redis.call('EXPIRE', own, {KEPT_SECONDS})
for _, node in ipairs(redis.call('ZRANGEBYSCORE', nodes, '-inf', now)) do
    for _, user in ipairs(redis.call('SMEMBERS', nodes .. ':' .. node)) do
        if user ~= '0' and not is_online(user) then found[#found + 1] = user end
    end
    redis.call('ZREM', nodes, node)
    redis.call('DEL', nodes .. ':' .. node)
end
local others = 0
for _, node in ipairs(living) do
    if node ~= me then others = others + 1 end
end
return {{is_known and 1 or 0, found, others}}
"""


class RedisBoard(Board):
    """The board of nodes that share a Redis server, its Sentinels, or a cluster."""

    def __init__(self, url: str, *, life: int = LIFE_SECONDS) -> None:
        """`life` is how many seconds a node counts as alive after its last beat."""
        self._url = url
        self._life = life
        self._map = ClusterMap(url) if is_cluster(url) else None
        self.node = secrets.token_hex(8)
        self._key = b""
        self._client: aioredis.Redis | None = None

    def belong(self, deployment: str) -> None:
        self._key = b"chat_presence_{%s}" % deployment.encode()

    async def arrive(self, user_ids: Collection[int]) -> set[int]:
        return await self._in_parts(ARRIVE, user_ids)

    async def depart(self, user_ids: Collection[int]) -> set[int]:
        return await self._in_parts(DEPART, user_ids)

    async def online(self, user_ids: Collection[int]) -> set[int]:
        return await self._in_parts(ONLINE, user_ids)

    async def others(self) -> set[str]:
        if not self._key:  # nobody knows this node either: a command that does not listen
            return set()
        return {node.decode() for node in await self._run(OTHERS, ())}

    async def beat(self) -> Beat:
        is_known, gone, others = await self._run(BEAT, ())
        return Beat(bool(is_known), {int(user) for user in gone}, others)

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _in_parts(self, script: str, user_ids: Collection[int]) -> set[int]:
        found: set[int] = set()
        for part in in_parts(user_ids, PART):
            found.update(map(int, await self._run(script, part)))
        return found

    async def _run(self, script: str, user_ids: Sequence[int]) -> Any:
        try:
            async with asyncio.timeout(PATIENCE.silence):
                client = self._client or await self._connect()
                return await client.eval(script, 1, self._key, self.node, self._life, *user_ids)
        except FAILURES as error:
            # On a cluster the key may belong to another server by now.
            await self.close()
            raise Unavailable(
                f"Redis does not say who is online: {error or type(error).__name__}.",
                retry_after=1.0,
            ) from error

    async def _connect(self) -> aioredis.Redis:
        url = self._url
        if self._map is not None:
            await self._map.refresh()
            address = self._map.owner(self._key)
            if address is None:
                raise RedisError("the slot has no primary")
            url = self._map.url_of(address)
        self._client = connect(url, PATIENCE)
        return self._client
