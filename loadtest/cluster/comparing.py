"""What the model reckons for a load on the cluster, beside what was measured there."""

from collections.abc import Iterator
from dataclasses import dataclass

from loadtest.cluster.measuring import PAYAM, POSTGRES, REDIS, Measured
from loadtest.model.reckoning import Demand, need_with, redis_idle, redis_time
from loadtest.report import shown

ALLOWED = 20
"""Percent that the model may be off."""
MIB = 1024**2


@dataclass(frozen=True)
class Line:
    """One thing, of which the model says `reckoned`. `scale` brings it to the unit of `what`."""

    what: str
    measured: float
    reckoned: float
    scale: float

    @property
    def off(self) -> float:
        """Percent of what was measured."""
        return 100 * (self.reckoned / self.measured - 1)

    @property
    def is_near(self) -> bool:
        return abs(self.off) <= ALLOWED

    def cells(self) -> list[str]:
        values = [shown(self.measured * self.scale), shown(self.reckoned * self.scale)]
        return [self.what, *values, f"{self.off:+.0f} %"]


def compare(measured: Measured, workers: int, redis_servers: int) -> Iterator[Line]:
    """Commits are taken as counted: how long one takes is the machine's own affair. So is how fast
    its cores were meanwhile.
    """
    demand = Demand(
        sockets=measured.sockets,
        messages=measured.messages,
        commits=measured.commits,
        conversations=1,
        returns=0,
        pages=0,
        yardstick=measured.yardstick,
    )
    need = need_with(demand, workers)
    redis = redis_time(demand, workers) + redis_idle(demand, redis_servers)
    each = 1e6 / measured.messages
    payam = need.worker_busy * workers
    yield Line("Payam, µs per message", measured.busy[PAYAM], payam, each)
    yield Line("Redis, µs per message", measured.busy[REDIS], redis, each)
    yield Line("PostgreSQL, µs per message", measured.busy[POSTGRES], need.postgres_busy, each)
    memory = need.node_memory * need.nodes
    yield Line("memory of the workers, MiB", measured.memory, memory, 1 / MIB)
