"""A steady load on the cluster, and the processor time of each kind of process meanwhile."""

import argparse
import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from urllib.request import urlopen

from loadtest.cluster.cluster import Cluster
from loadtest.load import Load
from loadtest.options import parser as scenarios
from loadtest.process import NoProcess, family, own_usage
from loadtest.runner import make_load
from loadtest.scenarios import pairs
from loadtest.snapshot import Window
from loadtest.targets import TARGETS
from loadtest.tokens import Minted
from loadtest.yardstick import measured_beside

PAYAM, REDIS, POSTGRES = "Payam", "Redis", "PostgreSQL"
STANDBY, POOLER, PROXY = "PostgreSQL's standby", "PgBouncer", "nginx"
COMMITS = re.compile(rb"^payam_commit_changes_count (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Measured:
    """What the load came to. `busy` is in cores, of each kind of process; `memory` in bytes."""

    sockets: int
    messages: float
    commits: float
    """Both per second."""
    busy: Mapping[str, float]
    memory: int
    """Of Payam's workers."""
    lost: int
    yardstick: float
    """Seconds of processor time for a piece of work, meanwhile."""


@dataclass
class WatchedLoad(Load):
    """It also notes what these processes spend while it measures."""

    watched: Callable[[], Mapping[str, Sequence[int]]] = dict
    nodes: Sequence[str] = ()
    """URLs of those whose commits count."""
    busy: dict[str, float] = field(default_factory=dict)
    commits: float = 0
    """Per second."""
    yardstick: float = 0

    async def measure(self) -> Window:
        await self.pause(self.warm_up)
        before, commits = self._spent(), await asyncio.to_thread(self._committed)
        yardstick = asyncio.create_task(measured_beside(self.seconds))
        with self.window() as window:
            await self.pause(self.seconds)
        after = self._spent()
        commits = await asyncio.to_thread(self._committed) - commits
        self.commits = commits / window().seconds
        for kind, spent in after.items():
            since = sum(cpu - before[kind].get(pid, 0.0) for pid, cpu in spent.items())
            self.busy[kind] = since / window().seconds
        self.yardstick = await yardstick
        return window()

    def _committed(self) -> int:
        """How many commits there were so far, as the servers count them."""
        texts = [urlopen(f"{url}/metrics", timeout=10).read() for url in self.nodes]  # noqa: S310
        return sum(int(float(count)) for text in texts for count in COMMITS.findall(text))

    def _spent(self) -> dict[str, dict[int, float]]:
        """Seconds of each process by now, of each kind."""
        return {kind: spent_by(pids) for kind, pids in self.watched().items()}


def spent_by(pids: Sequence[int]) -> dict[int, float]:
    spent = {}
    for pid in pids:
        with suppress(NoProcess):  # it ended meanwhile
            spent[pid] = own_usage(pid).cpu
    return spent


def measured(cluster: Cluster, seconds: float, in_flight: int) -> Measured:
    """Let the two members of each conversation keep messages in flight."""
    people = cluster.people
    numbers = ["--users", people.users, "--conversations", len(people.conversations)]
    numbers += ["--pairs", len(people.conversations), "--in-flight", in_flight]
    numbers += ["--seconds", seconds, "--url", f"http://{cluster.front.address}"]
    options = scenarios().parse_args(["pairs", *map(str, numbers)])
    return asyncio.run(under(cluster, options))


async def under(cluster: Cluster, options: argparse.Namespace) -> Measured:
    tokens = Minted(cluster.people.payam.settings["JWT_SECRET"], options.users)
    load = WatchedLoad(**vars(make_load(options, tokens, TARGETS["payam"])))
    load.watched = partial(watched, cluster)
    load.nodes = [node.url for node in cluster.nodes]
    await pairs.run(load, options)
    memory = sum(own_usage(pid).memory for pid in workers(cluster))
    await load.finish()
    count = load.traffic.ledger.count()
    for client in load.everyone:
        client.drop()
    rates = {figure.key: figure.value for figure in load.figures}
    lost = count.missing + count.doubled + count.out_of_order
    return Measured(
        sockets=len(load.clients),
        messages=rates["messages_per_second"],
        commits=load.commits,
        busy=load.busy,
        memory=memory,
        lost=lost,
        yardstick=load.yardstick,
    )


def workers(cluster: Cluster) -> list[int]:
    """Without gunicorn's masters. A node of one worker has none, and is that worker."""
    found = []
    for node in cluster.nodes:
        found += [pid for pid in node.pids() if pid != node.process.pid] or [node.process.pid]
    return found


def watched(cluster: Cluster) -> Mapping[str, Sequence[int]]:
    """The processes of each kind."""
    return {
        PAYAM: workers(cluster),
        REDIS: [node.process.pid for node in cluster.redis.nodes],
        POSTGRES: family(cluster.primary.process.pid),
        STANDBY: family(cluster.standby.process.pid),
        POOLER: [pooler.process.pid for pooler in cluster.poolers],
        PROXY: family(cluster.front.process.pid),
    }
