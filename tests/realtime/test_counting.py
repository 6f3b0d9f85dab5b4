"""Counts over all nodes, with a real Redis."""

import re
from contextlib import suppress
from secrets import token_hex

import pytest
import redis.asyncio as aioredis

from chat.errors import RateLimited
from chat.realtime import counting
from chat.realtime.counting import CHUNK, RedisCounts
from chat.services.limits import Limit, Settling
from tests.support.payam_server import CHECKOUT
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node whose Redis answers late counts alone: here Redis has the time of a slow machine."""
    monkeypatch.setattr(counting, "SECONDS", 60.0)


def node(url: str, deployment: str) -> RedisCounts:
    counts = RedisCounts(url)
    counts.belong(deployment)
    return counts


async def test_two_nodes_count_together(redis_server: RedisServer) -> None:
    """And say when to come back; another deployment, caller or limit counts apart."""
    ours = token_hex(4)
    one, two, other = (node(redis_server.url, name) for name in (ours, ours, token_hex(4)))
    for counts in (one, two, one, two):
        assert await counts.hit("passwords", "ali", 4, 600) is None
    for counts in (one, two):
        wait = await counts.hit("passwords", "ali", 4, 600)
        assert wait is not None
        assert 1 <= wait <= 1200
    assert await other.hit("passwords", "ali", 4, 600) is None
    assert await two.hit("passwords", "sara \ud800", 4, 600) is None
    assert await two.hit("sign-ups", "ali", 4, 600) is None
    for counts in (one, two, other):
        await counts.close()


async def test_a_limit_refuses_by_what_other_nodes_counted(redis_server: RedisServer) -> None:
    """With the numbers for the headers."""
    ours = token_hex(4)
    counts = [node(redis_server.url, ours) for _ in range(2)]
    one, two = (Limit(4 / 600, 4, "passwords", counts=of_node) for of_node in counts)
    for limit in (one, one, two, two):
        await limit.count("2001:db8::1")
    with pytest.raises(RateLimited) as refused:
        await two.count("2001:db8::2")
    assert (refused.value.limit, refused.value.window) == (4, 600)
    assert refused.value.retry_after >= 1
    for of_node in counts:
        await of_node.close()


async def test_while_redis_is_away_each_node_counts_alone() -> None:
    """It is asked again later, and not for each call."""
    counts = node(f"redis://127.0.0.1:{free_port()}", "x")
    limit = Limit(1 / 600, 2, "passwords", counts=counts)
    await limit.count("ali")
    await limit.count("ali")
    with pytest.raises(RateLimited):
        await limit.count("ali")
    await counts.close()


def shared(counts: RedisCounts) -> tuple[Limit, Settling]:
    """A limit of 100 at once, which time hardly fills while a test runs."""
    settling = Settling(counts)
    return Limit(1 / 600, 100, "messages", settling=settling), settling


def allowed(limit: Limit, caller: int, tries: int) -> int:
    count = 0
    for _ in range(tries):
        with suppress(RateLimited):
            limit.take(caller)
            count += 1
    return count


async def test_what_one_node_let_through_is_missing_on_another_one(
    redis_server: RedisServer,
) -> None:
    """Once both have settled; and of somebody else nothing is missing."""
    ours = token_hex(4)
    counts = [node(redis_server.url, ours) for _ in range(2)]
    (one, one_settles), (two, two_settles) = map(shared, counts)
    assert allowed(one, 7, 60) == 60
    await one_settles.settle()
    assert allowed(two, 7, 10) == 10, "a tenth of the burst, before it must ask"
    await two_settles.settle()
    assert allowed(two, 7, 100) == 30
    await two_settles.settle()
    assert allowed(two, 8, 200) == 100
    assert allowed(one, 7, 10) == 10, "a tenth of the burst, before it must ask"
    await one_settles.settle()
    assert allowed(one, 7, 10) == 0
    for of_node in counts:
        await of_node.close()


async def test_a_burst_on_each_node_is_paid_back(redis_server: RedisServer) -> None:
    """Both let it through before they have settled. Then both wait for as long as that takes."""
    ours = token_hex(4)
    counts = [node(redis_server.url, ours) for _ in range(2)]
    (one, one_settles), (two, two_settles) = map(shared, counts)
    assert allowed(one, 7, 200) == allowed(two, 7, 200) == 100
    await one_settles.settle()
    await two_settles.settle()
    with pytest.raises(RateLimited) as refused:
        two.take(7)
    assert 100 * 600 < refused.value.retry_after <= 101 * 600
    for of_node in counts:
        await of_node.close()


async def test_many_callers_are_settled_at_once(redis_server: RedisServer) -> None:
    """Also more than one question to Redis is for."""
    ours = token_hex(4)
    counts = [node(redis_server.url, ours) for _ in range(2)]
    taken = {str(caller): 40 for caller in range(CHUNK + 1)}
    assert await counts[0].settle("messages", 0.001, 100, taken) is not None
    remaining = await counts[1].settle("messages", 0.001, 100, taken)
    assert remaining is not None
    assert remaining.keys() == taken.keys()
    assert all(20 <= left < 21 for left in remaining.values())
    for of_node in counts:
        await of_node.close()


async def test_redis_keeps_no_bucket_that_is_full_again(redis_server: RedisServer) -> None:
    """Of a caller that is quiet nothing is kept."""
    ours = token_hex(4)
    counts = node(redis_server.url, ours)
    assert await counts.settle("messages", 1, 100, {"7": 100}) is not None
    client = aioredis.Redis.from_url(redis_server.url)
    (key,) = [key async for key in client.scan_iter(f"chat_limits{{{ours}:*")]
    assert 0 < await client.ttl(key) <= 101, "it is full after 100 seconds"
    await client.aclose()
    await counts.close()


async def test_who_settles_with_no_redis_counts_alone() -> None:
    """The limit of this node goes on."""
    counts = node(f"redis://127.0.0.1:{free_port()}", "x")
    limit, settling = shared(counts)
    assert allowed(limit, 7, 60) == 60
    await settling.settle()
    assert allowed(limit, 7, 60) == 40
    await counts.close()


async def test_the_rights_that_the_documents_give_are_enough() -> None:
    """Typed as they stand there, both ways of counting work."""
    text = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")
    with RedisServer() as server:
        client = aioredis.Redis.from_url(server.url)
        for line in re.findall("^ACL SETUSER .*", text, re.MULTILINE):
            await client.execute_command(*line.split())  # type: ignore[no-untyped-call]
        await client.aclose()
        counts = node(server.url.replace("redis://", "redis://payam:password@"), token_hex(4))
        assert await counts.hit("passwords", "ali", 1, 600) is None
        assert await counts.hit("passwords", "ali", 1, 600) is not None
        remaining = await counts.settle("messages", 0.001, 100, {"7": 5})
        assert remaining is not None
        assert 94 < remaining["7"] < 96
        await counts.close()
