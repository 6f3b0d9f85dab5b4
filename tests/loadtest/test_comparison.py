"""A comparison from end to end: a server started, loaded by a process of its own, stopped."""

import os
from dataclasses import replace
from io import StringIO

import httpx
import pytest
from rich.console import Console

from loadtest.compare.command import compare, measure
from loadtest.crowd import Crowd
from loadtest.measurement import LoadFailed, Measurement
from loadtest.measuring import Run, load
from loadtest.peers.backing import Backing
from loadtest.peers.payam import LOOKS, PAYAM_SQLITE, is_still
from loadtest.peers.peer import Running
from tests.support.ports import free_port
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer

FEW = Crowd(users=12, conversations=6, members=2)


def test_a_round_is_measured(postgres_server: PostgresServer, redis_server: RedisServer) -> None:
    """Expected: the figures of the run under its name and the server's, and no failure."""
    runs = {"pairs": Run("pairs", "--pairs 2 --seconds 0.3 --warm-up 0.1", crowd=FEW)}
    stores = Backing(postgres_server, redis_server)
    printed = StringIO()
    results = compare(runs, [PAYAM_SQLITE], 1, stores, Console(file=printed))
    assert results.failures == results.lost == []
    ((name, (figures,)),) = results.figures.items()
    assert name == ("pairs", "payam-sqlite")
    assert figures["messages_per_second"] > 0
    assert figures["server_cpu_per_delivery"] > 0
    assert "messages_per_second" in printed.getvalue()


def test_a_peer_may_measure_itself(
    postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    """Expected: its own figures, from the running server, under its own name."""

    def answers(url: str, secret: str) -> Measurement:
        status = httpx.get(f"{url}/health/ready", trust_env=False).status_code
        return Measurement({"status": status, "secret": len(secret)}, [])

    peer = replace(PAYAM_SQLITE, measures=answers)
    stores = Backing(postgres_server, redis_server)
    measured = measure(Run("resume", "", crowd=FEW), peer, stores)
    assert measured.figures == {"status": 200, "secret": len(stores.secret)}


def test_a_loader_that_breaks_off_says_why() -> None:
    """Expected: its own last line."""
    nobody = Running(f"http://127.0.0.1:{free_port()}", os.getpid())
    with pytest.raises(LoadFailed, match="cannot be reached"):
        load(Run("latency", ""), "payam", nobody, "x" * 32)


@pytest.mark.parametrize(
    ("sizes", "still"),
    [
        ([0] * (2 * LOOKS), False),  # the followers have not begun
        ([0, *[65] * (LOOKS - 1)], False),
        ([65] * LOOKS, True),
        ([64, *[65] * LOOKS], True),
        ([*[65] * LOOKS, 66], False),
    ],
)
def test_memory_is_measured_once_the_followers_have_begun(sizes: list[int], still: bool) -> None:
    """Expected: not before they are there, nor while they grow."""
    assert is_still(sizes) is still
