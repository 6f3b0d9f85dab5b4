"""Counts over all nodes, with a real Redis."""

from secrets import token_hex

import pytest

from chat.errors import RateLimited
from chat.realtime.counting import RedisCounts
from chat.services.limits import Limit
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer


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
