"""Relays that run in the test, and what stands behind them: a Redis, Sentinels, a cluster."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from chat.realtime.relay.cluster_map import is_cluster
from chat.realtime.relay.cluster_relay import ClusterRelay
from chat.realtime.relay.redis_client import PATIENCE, Patience
from chat.realtime.relay.redis_relay import RedisRelay
from chat.realtime.relay.relay import RelayListener
from tests.support.redis_server import RedisServer

WAIT_SECONDS = 60
LOOK_SECONDS = 0.005
EVERYONE = "chat_everyone"
HASTY = Patience(silence=1.0)
"""Finds out sooner that a server hangs. A busy machine may keep a server from answering for some
tenths of a second.
"""

AnyRelay = RedisRelay | ClusterRelay


class Heard(RelayListener):
    """Keeps all that a relay delivers."""

    def __init__(self) -> None:
        self.news: defaultdict[int, list[bytes]] = defaultdict(list)
        self.announcements: list[bytes] = []
        self.subscriptions: list[int] = []
        self.interruptions = 0

    def relayed(self, conversation_id: int, payload: bytes) -> None:
        self.news[conversation_id].append(payload)

    def progress(self, seq: int) -> bytes:
        return b"as far as %d" % seq

    def announced(self, payload: bytes) -> None:
        self.announcements.append(payload)

    def subscribed(self, conversation_ids: Sequence[int]) -> None:
        self.subscriptions += conversation_ids

    def interrupted(self) -> None:
        self.interruptions += 1


@dataclass(frozen=True)
class Backend:
    """One kind of deployment of Redis.

    `home` is the server on which a channel of this name lives.
    """

    url: str
    home: Callable[[str], RedisServer]

    @property
    def is_cluster(self) -> bool:
        return is_cluster(self.url)

    def listeners(self, conversation: int) -> int:
        """How many processes listen to the conversation, as its server counts them."""
        count = "SHARDNUMSUB" if self.is_cluster else "NUMSUB"
        name = channel(conversation)
        return int(self.home(name).ask("PUBSUB", count, name)[1])


def relay_over(url: str, patience: Patience = PATIENCE) -> AnyRelay:
    return ClusterRelay(url, patience) if is_cluster(url) else RedisRelay(url, patience)


@asynccontextmanager
async def carried(relay: AnyRelay, heard: RelayListener) -> AsyncIterator[None]:
    """The relay runs inside the block. Afterwards it has stopped, and for no other reason."""
    task = asyncio.create_task(relay.run(heard))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=WAIT_SECONDS)
        assert task.cancelled(), task.exception() if task.done() else "it does not stop"


@asynccontextmanager
async def running(url: str, patience: Patience = PATIENCE) -> AsyncIterator[tuple[AnyRelay, Heard]]:
    relay, heard = relay_over(url, patience), Heard()
    async with carried(relay, heard):
        yield relay, heard


@asynccontextmanager
async def two_nodes(
    url: str, conversations: Iterable[int] = (1, 2), patience: Patience = PATIENCE
) -> AsyncIterator[tuple[AnyRelay, AnyRelay, Heard]]:
    """One that publishes, one that listens to these conversations, and what that one hears."""
    wanted = sorted(conversations)
    async with running(url, patience) as (here, _), running(url, patience) as (there, heard):
        for conversation in wanted:
            there.subscribe(conversation)
        await until(lambda: sorted(heard.subscriptions) == wanted)
        await until(lambda: here.is_connected and there.is_connected)
        yield here, there, heard


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not is_so():
            await asyncio.sleep(LOOK_SECONDS)


async def flushed(relay: AnyRelay) -> None:
    """Wait until all that was published is with Redis."""
    async with asyncio.timeout(WAIT_SECONDS):
        await relay.flush()


async def heard_of(relay: AnyRelay, heard: Heard, word: bytes) -> None:
    """Everything published before is there: what goes through one server has one order."""
    relay.announce(word)
    await until(lambda: word in heard.announcements)


def channel(conversation: int) -> str:
    return f"chat_{conversation}"
