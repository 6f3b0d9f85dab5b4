"""Sentinels: servers that know which Redis is the master, and choose another one when it fails.

`redis+sentinel://user:password@host:port,host:port/master`: the hosts are Sentinels, the user
and the password those of Redis itself; `sentinel_username` and `sentinel_password` in the query
sign in to the Sentinels. With `rediss+sentinel://` both speak TLS.
https://redis.io/docs/latest/develop/reference/sentinel-clients/
"""

import asyncio
from contextlib import aclosing
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import redis.asyncio as aioredis
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.sentinel import MasterNotFoundError, Sentinel, SentinelConnectionPool
from redis.exceptions import RedisError

DEFAULT_PORT = 26379
ASK_SECONDS = 1.0
"""If one Sentinel does not answer for so long, the next is asked. All of them must have their turn
before the connection counts as failed."""


def sentinels_of(client: aioredis.Redis) -> "Sentinels | None":
    """The Sentinels that name the master of this client; None without Sentinels."""
    pool = client.connection_pool
    return pool.sentinel_manager if isinstance(pool, SentinelConnectionPool) else None


def names_sentinels(url: str) -> bool:
    """Whether this `REDIS_URL` names Sentinels."""
    return urlsplit(url).scheme.endswith("+sentinel")


class Sentinels(Sentinel):
    """Sentinels that are asked for the master at each new connection."""

    def __init__(self, url: str, options: dict[str, Any]) -> None:
        """`options` are for each connection, and win over the URL."""
        parts = urlsplit(url)
        user, _, hosts = parts.netloc.rpartition("@")
        given = dict(parse_qsl(parts.query))
        sign_in = {
            name: given.pop(f"sentinel_{name}")
            for name in ("username", "password")
            if f"sentinel_{name}" in given
        }
        tls = {name: value for name, value in given.items() if name.startswith("ssl_")}
        self.master = parts.path.split("/")[1]
        super().__init__(  # type: ignore[no-untyped-call]
            [place_of(host) for host in hosts.split(",")],
            sentinel_kwargs=read(parts, "", sign_in | tls) | options,
            **read(parts, user, given) | options | {"db": 0},
        )

    async def have_another_than(self, address: tuple[str, int]) -> bool:
        """Whether another server is the master now. While both can be reached, nothing else shows
        it.
        """
        return await self.discover_master(self.master) != address

    def client(self) -> aioredis.Redis:
        """A client of the present master."""
        client: aioredis.Redis = self.master_for(self.master)
        return client

    async def discover_master(self, service_name: str) -> tuple[str, int]:
        """The address of the master, from the first Sentinel that knows one.

        Raises MasterNotFoundError. Its text has the answer of each Sentinel.
        """
        said = []
        for sentinel in list(self.sentinels):
            try:
                async with asyncio.timeout(ASK_SECONDS), aclosing(sentinel):
                    found = await sentinel.execute_command(  # type: ignore[no-untyped-call]
                        "SENTINEL GET-MASTER-ADDR-BY-NAME", service_name
                    )
            except (RedisError, OSError, TimeoutError) as error:
                said.append(f"{name_of(sentinel)} says {error or 'nothing'}")
                continue
            if found:
                # It is the first from now on, because those before it may be away for long.
                self.sentinels.remove(sentinel)
                self.sentinels.insert(0, sentinel)
                host, port = found
                return text(host), int(text(port))
            said.append(f"{name_of(sentinel)} knows no master of this name")
        raise MasterNotFoundError(f"no master {service_name!r}: {'; '.join(said)}")


def read(parts: SplitResult, user: str, query: dict[str, str]) -> dict[str, Any]:
    """The options of a connection, as redis-py reads them from the URL of one server."""
    scheme = parts.scheme.removesuffix("+sentinel")
    signed = f"{user}@" if user else ""
    options = dict(parse_url(f"{scheme}://{signed}sentinel?{urlencode(query)}"))
    is_tls = options.pop("connection_class", None) is SSLConnection
    del options["host"]
    return options | ({"ssl": True} if is_tls else {})


def place_of(host: str) -> tuple[str, int]:
    parts = urlsplit(f"//{host}")
    return parts.hostname or "", parts.port or DEFAULT_PORT


def name_of(sentinel: aioredis.Redis) -> str:
    place = sentinel.connection_pool.connection_kwargs
    return f"{place.get('host')}:{place.get('port')}"


def text(word: bytes | str) -> str:
    return word.decode() if isinstance(word, bytes) else word
