"""What every question works with: servers of its own, a loader, and sizes."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console

from loadtest.crowd import Crowd
from loadtest.measurement import LoadFailed, Measurement
from loadtest.measuring import LOADER_SECONDS, Run, load
from loadtest.peers.backing import Backing
from loadtest.peers.payam import PAYAM, Prepare, leave, on_postgres, on_sqlite
from loadtest.peers.peer import Running


class Start(Protocol):
    """Serves this crowd from a store of its own, until the `with` block ends."""

    def __call__(
        self, backing: Backing, crowd: Crowd, *, prepare: Prepare
    ) -> AbstractContextManager[Running]: ...


@dataclass(frozen=True)
class Database:
    """A database that Payam runs on. `colour` is that of its line."""

    title: str
    colour: int
    start: Start


DATABASES: Mapping[str, Database] = {
    "postgresql": Database("PostgreSQL and Redis", 1, on_postgres),
    "sqlite": Database("SQLite", 2, on_sqlite),
}


@dataclass(frozen=True)
class Sizes:
    """The sizes of each question. A step is measured for `seconds`, after `warm_up`. Each kind of
    read is measured for `reading` seconds. Of `searched` messages each search is made `searches`
    times.
    """

    receivers: tuple[int, ...] = (10, 50, 200, 1000, 5000)
    conversations: tuple[int, ...] = (10, 100, 1000, 10_000)
    messages: tuple[int, ...] = (10_000, 200_000, 5_000_000)
    searched: int = 5_000_000
    searches: int = 40
    minutes: float = 60
    people: int = 200
    pace: float = 1
    seconds: float = 5
    reading: float = 5
    warm_up: float = 3


QUICK = Sizes(
    receivers=(2, 6),
    conversations=(2, 4),
    messages=(500, 2000),
    searched=1000,
    searches=1,
    minutes=0.015,
    people=8,
    pace=0.1,
    seconds=0.6,
    reading=0.2,
    warm_up=0.1,
)


@dataclass
class Bench:
    """`failures` are sentences. What a failure left without a figure is missing in the answers."""

    stores: Backing
    databases: Mapping[str, Database]
    sizes: Sizes
    console: Console
    failures: list[str] = field(default_factory=list)

    @contextmanager
    def serving(
        self, database: Database, crowd: Crowd, prepare: Prepare = leave
    ) -> Iterator[Running]:
        """Serve Payam on this database. Raises AssertionError if it does not start or stop."""
        with (
            self.console.status(f"{database.title}: filling, and starting Payam") as status,
            database.start(self.stores, crowd, prepare=prepare) as server,
        ):
            status.stop()
            yield server

    def measure(
        self, database: Database, server: Running, run: Run, step: str, seconds: float | None = None
    ) -> Measurement:
        """Load the server. Returns a Measurement without figures if that failed."""
        what = f"{database.title}, {step}"
        seconds = self.sizes.seconds if seconds is None else seconds
        times = f"--seconds {seconds} --warm-up {self.sizes.warm_up}"
        timed = Run(run.scenario, f"{run.options} {times}", run.crowd)
        with self.console.status(what):
            try:
                measured = load(
                    timed, PAYAM.target, server, self.stores.secret, seconds + LOADER_SECONDS
                )
            except LoadFailed as error:
                measured = Measurement({}, [str(error)])
        self.failures += [f"{what}: {failure}" for failure in measured.failures]
        self.console.print(what, style="dim", highlight=False)
        return measured
