"""A cost at several sizes, with one line per database. Two of the questions are answered so."""

from collections.abc import Callable, Mapping, Sequence

from loadtest.charts import compact
from loadtest.growth.answer import Answer, Panel
from loadtest.growth.bench import Bench, Database
from loadtest.measurement import Measurement
from loadtest.measuring import Run
from loadtest.plots import Axis, Point, Series, logarithmic
from loadtest.report import shown

Cost = Callable[[Measurement], float | None]
"""The value of one step; None if it was not measured."""


def cost_by_size(
    bench: Bench, runs: Mapping[int, Run], cost: Cost, unit: str
) -> dict[str, list[Point]]:
    """The costs by the database's title. Each database has one server, with the largest crowd."""
    crowd = runs[max(runs)].crowd
    found: dict[str, list[Point]] = {}
    for database in bench.databases.values():
        with bench.serving(database, crowd) as server:
            points = []
            for size, run in runs.items():
                step = f"{size:,} {unit}"
                measured = bench.measure(database, server, run, step)
                value = cost(measured)
                if value is not None:
                    points.append((float(size), value))
                elif not measured.failures:
                    bench.failures.append(f"{database.title}, {step}: nothing came in the time")
            found[database.title] = points
    return found


def answer_by_size(
    bench: Bench,
    found: Mapping[str, Sequence[Point]],
    y: Callable[[Sequence[float]], Axis],
    *,
    name: str,
    title: str,
    about: str,
    unit: str,
) -> Answer | None:
    """The answer; None if nothing was measured. `y` makes the axis for these costs."""
    sizes = sorted({size for points in found.values() for size, _ in points})
    if not sizes:
        return None
    costs = [cost for points in found.values() for _, cost in points]
    lines = [line(database, found[database.title]) for database in bench.databases.values()]
    rows = [
        [database, *(shown(dict(points)[size]) if size in dict(points) else "" for size in sizes)]
        for database, points in found.items()
    ]
    return Answer(
        name,
        title,
        about,
        [Panel(size_axis(sizes), y(costs), lines)],
        [unit, *(f"{size:,.0f}" for size in sizes)],
        rows,
    )


def size_axis(sizes: Sequence[float]) -> Axis:
    return logarithmic(min(sizes), max(sizes), compact)


def line(database: Database, points: Sequence[Point]) -> Series:
    """The line of a database, with a dot at each size."""
    return Series(database.title, points, database.colour, [(point, "") for point in points])
