"""The server's memory during a long day of a chat."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from loadtest.charts import compact
from loadtest.growth.answer import Answer, Panel
from loadtest.growth.bench import Bench, Database
from loadtest.measurement import Measurement
from loadtest.measuring import Run
from loadtest.plots import Axis, Point, Series, linear
from loadtest.report import shown
from loadtest.scenarios.soak import MIB, SETTLED


def ask(bench: Bench) -> Answer | None:
    """Measure all databases at the same time, because it takes long and speed does not matter."""
    sizes = bench.sizes
    run = Run("soak", f"--people {sizes.people} --pace {sizes.pace}")

    def soak(database: Database) -> Measurement:
        with bench.serving(database, run.crowd) as server:
            step = f"memory over {sizes.minutes:g} minutes"
            return bench.measure(database, server, run, step, sizes.minutes * 60)

    databases = list(bench.databases.values())
    with ThreadPoolExecutor() as pool:
        measurements = list(pool.map(soak, databases))
    lines, rows = [], []
    for database, measured in zip(databases, measurements, strict=True):
        points = memory_of(measured)
        if points:
            lines.append(Series(database.title, points, database.colour))
            rows.append(row(database, points, measured.figures))
    if not lines:
        return None
    most = max(memory for one in lines for _, memory in one.points)
    return Answer(
        "memory",
        "Memory of the server, MiB, by minutes",
        f"{sizes.people:,} people send, type, edit, read, lose their connection and come back:"
        f" each does something every {sizes.pace:g} s. Flat is good.",
        [Panel(minutes_axis(lines), linear(most, compact), lines)],
        [
            "memory",
            f"after {SETTLED:.0%} of the time, MiB",
            "after all of it, MiB",
            "growth since, MiB/h",
        ],
        rows,
    )


def memory_of(measured: Measurement) -> list[Point]:
    """For each snapshot, the minutes since the measuring began, and MiB."""
    seen = [one for one in measured.snapshots if one["phase"] == "measuring" and one["server"]]
    return [((one["at"] - seen[0]["at"]) / 60, one["server"]["memory"] / MIB) for one in seen]


def minutes_axis(lines: list[Series]) -> Axis:
    end = max(minutes for one in lines for minutes, _ in one.points)
    ticks = [tick for tick in linear(end, compact).ticks if tick <= end]
    return Axis(0, end, ticks, compact, compact)


def row(database: Database, points: list[Point], figures: Mapping[str, float]) -> list[str]:
    settled = points[int(len(points) * SETTLED)][1]
    growth = figures.get("server_growth")
    grown = "" if growth is None else shown(growth)
    return [database.title, shown(settled), shown(points[-1][1]), grown]
