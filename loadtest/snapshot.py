"""Where a run stood at a moment, and what happened between two."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from loadtest.histogram import Lap
from loadtest.process import Usage


@dataclass(frozen=True)
class Snapshot:
    """Where everything stood at a moment: `at` in seconds since the run began."""

    at: float
    phase: str
    sockets: int
    """Open ones."""
    delivered: int
    acked: int
    requests: int
    loader: Usage
    server: Usage | None
    laps: Mapping[str, Lap] = field(default_factory=dict)
    """Latencies since the snapshot before, by what was timed."""


@dataclass(frozen=True)
class Window:
    """From one moment to another."""

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
