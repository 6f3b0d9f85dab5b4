"""Where a fault happens, and what the row of a fault consists of."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Literal

import pytest

from tests.faults.aside import aside
from tests.faults.conftest import serve
from tests.faults.deployment import Seeded
from tests.faults.load import IS_LONG, Load, Outcome
from tests.faults.proxy import FaultProxy
from tests.support.postgres_server import PostgresServer
from tests.support.redis_cluster import RedisCluster
from tests.support.redis_server import RedisServer

Place = Literal["pair", "embedded", "on_cluster", "apart", "crowd"]
"""The fixtures of these names, or: `apart` are workers that reach PostgreSQL through a proxy, and
`crowd` are workers with many users."""

WRITE_SECONDS = 2
"""WRITE_TIMEOUT of those who are apart."""
CROWD = 500 if IS_LONG else 100
CROWD_CONVERSATIONS = {"/ws/chat/": CROWD // 2, "/ws/": 5 * CROWD}
"""A socket of one conversation for each user, or a socket of ten."""


@dataclass
class Scene:
    """What may be broken. `load` is that of the round."""

    seeded: Seeded
    postgres: PostgresServer
    redis: RedisServer
    clients: FaultProxy
    """Before the workers."""
    cluster: RedisCluster | None = None
    database: FaultProxy | None = None
    """Before PostgreSQL."""
    load: Load | None = None


@dataclass(frozen=True)
class Fault:
    """A row of the table.

    `breaks` makes the fault once, and returns when all is mended. `shown` says what must have been
    seen, so that a row does not pass because nothing happened; it raises AssertionError.
    """

    row: str
    on: Place
    breaks: Callable[[Scene], Awaitable[None]]
    shown: Callable[[Scene, Sequence[Outcome]], None]
    through_proxy: bool = False
    """Whether clients come through the proxy before the workers."""
    changes: bool = True
    """Whether messages are edited and deleted meanwhile."""


@asynccontextmanager
async def scene_of(
    place: Place,
    socket: str,
    request: pytest.FixtureRequest,
    postgres: PostgresServer,
    redis: RedisServer,
) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        database: FaultProxy | None = None
        if place == "apart":
            database = await stack.enter_async_context(FaultProxy(postgres.port))
            serving = apart(postgres, redis, database)
            seeded = await stack.enter_async_context(aside(serving))
            stack.callback(database.resume)
        elif place == "crowd":
            serving = serve(
                postgres.create_database(),
                redis.url,
                conversations=CROWD_CONVERSATIONS[socket],
                users=CROWD,
            )
            seeded = await stack.enter_async_context(aside(serving))
        else:
            seeded = request.getfixturevalue(place)
        cluster = request.getfixturevalue("cluster") if place == "on_cluster" else None
        clients = await stack.enter_async_context(FaultProxy(seeded.payam.port))
        yield Scene(seeded, postgres, redis, clients, cluster, database)


def apart(
    postgres: PostgresServer, redis: RedisServer, line: FaultProxy
) -> AbstractContextManager[Seeded]:
    url = postgres.create_database()
    return serve(
        url,
        redis.url,
        by=url.replace(f":{postgres.port}/", f":{line.port}/"),
        more={"WRITE_TIMEOUT": str(WRITE_SECONDS)},
    )


def workers(seeded: Seeded) -> list[int]:
    """The ids of the worker processes: all but gunicorn's master."""
    master = seeded.payam.process.pid
    return [pid for pid in seeded.payam.pids() if pid != master]
