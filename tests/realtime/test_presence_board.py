"""The board of presence: over a real Redis, a real cluster, and within one process."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
import redis

from chat.errors import Unavailable
from chat.realtime.presence.board import Board, LocalBoard
from chat.realtime.presence.redis_board import PART, RedisBoard
from tests.support.redis_cluster import CALM_MS, RedisCluster
from tests.support.redis_server import RedisServer

ALI, SARA, REZA = 1, 2, 3


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as running:
        yield running


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisCluster]:
    with RedisCluster() as running:
        running.fail_after(CALM_MS)
        yield running


@pytest.fixture(params=["server", "cluster"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param).url)


async def board_on(stack: AsyncExitStack, url: str, deployment: str, *, life: int = 60) -> Board:
    board = RedisBoard(url, life=life)
    stack.push_async_callback(board.close)
    board.belong(deployment)
    await board.beat()
    return board


Play = Callable[[AsyncExitStack], Awaitable[None]]


def play(work: Play) -> None:
    async def whole() -> None:
        async with AsyncExitStack() as stack, asyncio.timeout(60):
            await work(stack)

    asyncio.run(whole())


def test_a_user_is_online_as_long_as_any_node_has_one(url: str) -> None:
    async def story(stack: AsyncExitStack) -> None:
        one, other = [await board_on(stack, url, "shared") for _ in range(2)]
        assert await one.arrive([ALI, SARA]) == {ALI, SARA}
        assert await other.arrive([SARA, REZA]) == {REZA}
        assert await other.online([ALI, SARA, REZA, 4]) == {ALI, SARA, REZA}
        assert await one.depart([SARA, ALI]) == {ALI}
        assert await one.online([ALI, SARA, REZA]) == {SARA, REZA}
        assert await one.depart([SARA]) == set(), "it was not here any more"
        assert await other.depart([SARA, REZA]) == {SARA, REZA}
        assert await one.online([ALI, SARA, REZA]) == set()

    play(story)


def test_deployments_on_one_redis_know_nothing_of_each_other(url: str) -> None:
    async def story(stack: AsyncExitStack) -> None:
        ours, theirs = [await board_on(stack, url, name) for name in ("ours", "theirs")]
        await ours.arrive([ALI])
        assert await ours.others() == set()
        assert await theirs.online([ALI]) == set()
        assert await theirs.arrive([ALI]) == {ALI}

    play(story)


def test_more_users_than_one_script_takes(url: str) -> None:
    async def story(stack: AsyncExitStack) -> None:
        board = await board_on(stack, url, "many")
        everyone = set(range(1, 2 * PART + 2))
        assert await board.arrive(everyone) == everyone
        assert await board.online(everyone) == everyone
        assert await board.depart(everyone) == everyone

    play(story)


def test_users_go_with_a_node_that_is_silent_but_not_those_of_others(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(stack: AsyncExitStack) -> None:
        silent, alive = [await board_on(stack, url, "dead") for _ in range(2)]
        await silent.arrive([ALI, SARA])
        await alive.arrive([SARA])
        assert await silent.others() == {alive.node}
        assert (await alive.beat()).others == 1
        with monkeypatch.context() as patch:
            patch.setattr(silent, "_life", 1)  # only now: until here a machine may take its time
            await silent.beat()
        gone: set[int] = set()
        while not gone:  # Redis counts whole seconds
            gone = (await alive.beat()).gone
            await asyncio.sleep(0.1)
        assert gone == {ALI}
        assert await alive.others() == set()
        assert await alive.online([ALI, SARA]) == {SARA}
        assert await alive.beat() == (True, set(), 0), "each goes once"
        # It was only slow: it finds out that it was given up, and brings its users back.
        assert not (await silent.beat()).is_known
        assert await silent.arrive([ALI, SARA]) == {ALI}
        assert (await silent.beat()).is_known

    play(story)


def test_a_redis_that_begins_anew_does_not_know_the_node() -> None:
    async def story(stack: AsyncExitStack) -> None:
        with RedisServer() as redis_server:
            board = await board_on(stack, redis_server.url, "anew")
            await board.arrive([ALI])
            assert (await board.beat()).is_known
            with redis.Redis(port=redis_server.port) as client:
                client.flushall()
            assert not (await board.beat()).is_known
            assert await board.arrive([ALI]) == {ALI}
            redis_server.stop()
            with pytest.raises(Unavailable):
                await board.online([ALI])
            redis_server.start()
            assert await board.online([ALI]) == set()

    play(story)


RIGHTS = (
    "~chat_presence_* -@all +eval +time +exists +expire +del +sadd +srem +sismember +smembers"
    " +zadd +zrem +zscore +zrangebyscore"
)
"""What `docs/operations.md` asks for."""


def test_a_user_with_few_rights_is_enough(server: RedisServer) -> None:
    """Of a node that dies too. With one right less it is said that nobody can tell."""

    async def story(stack: AsyncExitStack) -> None:
        with redis.Redis(port=server.port) as client:
            client.execute_command("ACL", "SETUSER", "few", "reset", "on", ">pw", *RIGHTS.split())
        url = f"redis://few:pw@127.0.0.1:{server.port}"
        board = await board_on(stack, url, "rights")  # its first beat comes before the other dies
        dying = await board_on(stack, url, "rights", life=1)
        await dying.arrive([ALI])
        while not (await board.beat()).gone:
            await asyncio.sleep(0.1)
        await board.arrive([ALI])
        assert await board.online([ALI]) == {ALI}
        assert await board.depart([ALI]) == {ALI}
        assert await board.others() == set()
        with redis.Redis(port=server.port) as client:
            client.execute_command("ACL", "SETUSER", "few", "-sismember")
        with pytest.raises(Unavailable, match="run this command"):
            await board.online([ALI])

    play(story)


def test_one_process_is_its_only_node() -> None:
    async def story(stack: AsyncExitStack) -> None:
        board = LocalBoard()
        board.belong("alone")
        assert not (await board.beat()).is_known
        assert await board.arrive([ALI, SARA]) == {ALI, SARA}
        assert await board.arrive([SARA]) == set()
        assert await board.online([SARA, REZA]) == {SARA}
        assert await board.depart([SARA, REZA]) == {SARA}
        assert await board.beat() == (True, set(), 0)
        assert await board.others() == set()
        await board.close()

    play(story)
