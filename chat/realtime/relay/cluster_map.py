"""Which primary of a Redis Cluster serves a channel.

The cluster divides names among 16384 slots, and slots among its primaries:
https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
"""

import asyncio
import random
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from itertools import repeat
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import RedisError

from chat.realtime.relay.redis_client import FAILURES, PATIENCE, Patience, connect
from chat.realtime.relay.redis_pulse import new_channel

DEFAULT_PORT = 6379

Address = tuple[str, int]
Owners = list[Address | None]
"""The primary of each slot."""


def is_cluster(url: str) -> bool:
    """Whether this `REDIS_URL` is that of a cluster."""
    return ("cluster", "true") in parse_qsl(urlsplit(url).query)


class ClusterMap:
    """The last answer of the cluster.

    `url` names one of its servers, or several with commas between them. The others are found
    through these. The user, the password and the options are used for all of them.
    """

    def __init__(self, url: str, patience: Patience = PATIENCE) -> None:
        self._patience = patience
        parts = urlsplit(url)
        user, at, hosts = parts.netloc.rpartition("@")
        options = [option for option in parse_qsl(parts.query) if option[0] != "cluster"]
        self._parts = parts._replace(path="", query=urlencode(options))
        self._user = user + at
        self._given = [address_of(host) for host in hosts.split(",")]
        self._found: set[Address] = set()
        self._owners: Owners = [None] * REDIS_CLUSTER_HASH_SLOTS

    @property
    def primaries(self) -> AbstractSet[Address]:
        return {owner for owner in self._owners if owner is not None}

    @property
    def is_whole(self) -> bool:
        """Whether every slot has a primary."""
        return None not in self._owners

    def owner(self, channel: bytes) -> Address | None:
        """The primary that serves this channel, if there is one."""
        return self._owners[key_slot(channel)]

    def name_at(self, address: Address, prefix: bytes) -> bytes:
        """A new name for a channel, with this prefix, which this primary serves."""
        return next(
            name for name in map(new_channel, repeat(prefix)) if self.owner(name) == address
        )

    def url_of(self, address: Address) -> str:
        """The URL of one server."""
        host, port = address
        name = f"[{host}]" if ":" in host else host
        return self._parts._replace(netloc=f"{self._user}{name}:{port}").geturl()

    async def refresh(self, first: Address | None = None) -> None:
        """Ask one server after another until one answers, beginning with `first`.

        Raises one of FAILURES if none answers. What was known then stays.
        """
        failure: Exception = RedisError("no server to ask")
        # The first one changes, because it may be cut off from the rest.
        found = random.sample(sorted(self._found), len(self._found))
        for address in [*([first] if first else []), *found, *self._given]:
            try:
                self._owners, self._found = await self._ask(address)
            except FAILURES as error:
                failure = error
            else:
                return
        raise failure

    async def _ask(self, address: Address) -> tuple[Owners, set[Address]]:
        owners: Owners = [None] * REDIS_CLUSTER_HASH_SLOTS
        found: set[Address] = set()
        client = connect(self.url_of(address), self._patience)
        async with aclosing(client), asyncio.timeout(self._patience.silence):
            rows: list[Any] = await client.execute_command("CLUSTER SLOTS")  # type: ignore[no-untyped-call]
        for first, last, *servers in rows:
            # A server that does not know its own name leaves it empty.
            addresses = [((host or b"").decode() or address[0], port) for host, port, *_ in servers]
            owners[first : last + 1] = [addresses[0]] * (last + 1 - first)
            found.update(addresses)
        return owners, found


def address_of(host: str) -> Address:
    parts = urlsplit(f"//{host}")
    return parts.hostname or "", parts.port or DEFAULT_PORT
