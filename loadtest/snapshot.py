"""The state of a run at one moment, and what happened between two moments."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from loadtest.histogram import Lap
from loadtest.process import Usage


@dataclass(frozen=True)
class Snapshot:
    """The state at one moment. `at` is in seconds since the run began."""

    at: float
    phase: str
    sockets: int
    """How many are open."""
    delivered: int
    acked: int
    requests: int
    loader: Usage
    server: Usage | None
    laps: Mapping[str, Lap] = field(default_factory=dict)
    """Latencies since the snapshot before, by what was timed."""


@dataclass(frozen=True)
class Window:
    """The time from one snapshot to another."""

    first: Snapshot
    last: Snapshot

    @property
    def seconds(self) -> float:
        return self.last.at - self.first.at

    @property
    def delivered(self) -> int:
        return self.last.delivered - self.first.delivered

    @property
    def acked(self) -> int:
        return self.last.acked - self.first.acked

    @property
    def loader_cpu(self) -> float:
        """Seconds."""
        return self.last.loader.cpu - self.first.loader.cpu

    @property
    def server_cpu(self) -> float | None:
        """Seconds."""
        if self.first.server is None or self.last.server is None:
            return None
        return self.last.server.cpu - self.first.server.cpu
