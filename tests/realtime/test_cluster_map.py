"""The addresses of a cluster's servers, out of REDIS_URL."""

import pytest
from redis.exceptions import RedisError

from chat.realtime.relay.cluster_map import ClusterMap, is_cluster
from tests.support.ports import free_port


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://one:7000?cluster=true", True),
        ("redis://one:7000,two:7001/0?health_check_interval=5&cluster=true", True),
        ("redis://one:7000/0", False),
        ("redis://cluster=true:7000/0", False),
        ("unix:///run/redis.sock?db=1", False),
    ],
)
def test_an_option_says_that_it_is_a_cluster(url: str, expected: bool) -> None:
    """`cluster=true`, and nothing else."""
    assert is_cluster(url) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://one?cluster=true", "redis://node:7005"),
        ("redis://one:7000/0?cluster=true", "redis://node:7005"),
        ("rediss://me:p%40ss@one:7000,two?cluster=true", "rediss://me:p%40ss@node:7005"),
        (
            "rediss://one?ssl_cert_reqs=none&cluster=true&client_name=a+b",
            "rediss://node:7005?ssl_cert_reqs=none&client_name=a+b",
        ),
    ],
)
def test_the_credentials_and_options_hold_for_every_server(url: str, expected: str) -> None:
    """Only the address is another; `cluster` itself, which no server knows, is left out."""
    assert ClusterMap(url).url_of(("node", 7005)) == expected


def test_an_ipv6_address_stands_in_brackets() -> None:
    """As a URL needs it."""
    assert (
        ClusterMap("redis://[::1]:7000?cluster=true").url_of(("::1", 7001)) == "redis://[::1]:7001"
    )


async def test_before_the_cluster_has_answered_no_channel_has_an_owner() -> None:
    """Nor after a try that failed, which says so."""
    cluster = ClusterMap(f"redis://127.0.0.1:{free_port()}?cluster=true")
    with pytest.raises(RedisError):
        await cluster.refresh()
    assert cluster.owner(b"chat_1") is None
    assert not cluster.is_whole
    assert cluster.primaries == set()
