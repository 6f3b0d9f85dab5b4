"""What one user may do is counted over all nodes: two of them here, with a Redis between them.

Time goes on while a test runs, and allows one more per second. So the tests measure it.
"""

import asyncio
from collections.abc import Iterator
from time import monotonic

import pytest

from chat.realtime import counting
from config.settings import Settings
from tests.api.client import Api
from tests.realtime.nodes import Nodes, opened, two_nodes
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer

BURST = 5
"""Five seconds' worth of one per second."""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node whose Redis answers late counts alone: here Redis has the time of a slow machine."""
    monkeypatch.setattr(counting, "SECONDS", 60.0)


@pytest.fixture(scope="module")
def nodes(
    redis_server: RedisServer,
    postgres_server: PostgresServer,
    migrated_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Nodes]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("shared"),
        jwt_secret="a secret that is long enough for everybody",
        database_url=postgres_server.create_database(template=migrated_template),
        redis_url=redis_server.url,
        rate_requests=1,
        rate_messages=1,
    )
    with two_nodes(settings, settings) as both:
        yield both


async def settle(nodes: Nodes) -> None:
    for node in (nodes.here, nodes.there):
        await node.app.ctx.payam.settling.settle()


def most(began: float, ahead: int) -> int:
    """How many may be let through since then: what time allows, and `ahead` of it."""
    return int(monotonic() - began) + 1 + ahead


async def statuses(node: Api, nodes: Nodes, headers: dict[str, str], number: int) -> list[int]:
    found = list[int]()
    for _ in range(number):
        answer = await node.send("GET", "/api/users/me/", headers=headers)
        found.append(answer.status_code)
        await settle(nodes)
    return found


@pytest.mark.parametrize("who", ["user", "address"])
def test_requests_are_counted_together(nodes: Nodes, who: str) -> None:
    """Those of a user, and those from an address that come without a valid token."""
    token = nodes.here.person("ali").access if who == "user" else "made.up.token"
    headers = {"Authorization": f"Bearer {token}"}
    good = 200 if who == "user" else 401

    async def scenario() -> None:
        began = monotonic()
        here = await statuses(nodes.here, nodes, headers, 2 * BURST)
        assert BURST <= here.count(good) <= most(began, BURST)
        there = await statuses(nodes.there, nodes, headers, 2 * BURST)
        both = here.count(good) + there.count(good)
        assert both <= most(began, BURST + 1), "one before it must ask"
        assert here.count(good) + here.count(429) == 2 * BURST

    nodes.run(scenario())


def test_frames_are_counted_together(nodes: Nodes) -> None:
    """On sockets of two nodes. Who goes on and on is closed with 4429."""
    ali, sara = nodes.here.person("ali"), nodes.here.person("sara")
    talk = ali.begin(sara)

    async def scenario() -> None:
        here = await opened(nodes.here, ali, talk)
        there = await opened(nodes.there, ali, talk)
        began = monotonic()
        stored = 0
        for socket in (here, there):
            for number in range(2 * BURST):
                frame = {"type": "chat_message", "message": "Hi", "ref": str(number)}
                await socket.send(frame)
                while (answer := await socket.receive()).get("ref") != str(number):
                    pass
                stored += answer["type"] == "ack"
                assert answer["type"] == "ack" or answer["code"] == "rate_limited"
                await settle(nodes)
            assert stored <= most(began, BURST + 1), "one before it must ask"
        await asyncio.gather(
            *(there.send({"type": "typing", "is_typing": True}) for _ in range(300))
        )
        assert await there.closed() == 4429

    nodes.run(scenario())
