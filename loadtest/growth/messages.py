"""How long reads take with few stored messages, and with many."""

from collections.abc import Mapping, Sequence
from functools import partial

from loadtest.charts import compact
from loadtest.compare.demands import FEW, most
from loadtest.compare.table import EARNED, FAILED
from loadtest.growth.answer import Answer, Panel
from loadtest.growth.bench import Bench, Database
from loadtest.growth.filling import fill
from loadtest.growth.steps import size_axis
from loadtest.measuring import Run
from loadtest.plots import Point, Series, linear
from loadtest.report import shown

CONNECTIONS, PAGE = 2, 50
READS = {
    "read": f"latest page of {PAGE}",
    "since": f"the last {PAGE} changes",
    "list": "conversation list",
    "unread": "unread count",
}
"""The requests of the scenario `rest`, and their names for people."""
WANTED = most(1.5)
"""The goal: how long a read may take with the most messages, beside that with the fewest."""
OPTIONS = f"--connections {CONNECTIONS} --page {PAGE} --requests {' '.join(READS)}"

Times = Mapping[str, Sequence[Point]]
"""By request: pairs of a number of messages and milliseconds."""


def ask(bench: Bench) -> Answer | None:
    found = {each.title: times(bench, each) for each in bench.databases.values()}
    points = [point for one in found.values() for line in one.values() for point in line]
    if not points:
        return None
    sizes = sorted({size for size, _ in points})
    y = linear(max(value for _, value in points), compact)
    panels = [
        Panel(size_axis(sizes), y, [line(*each) for each in enumerate(one.items(), 1)], title)
        for title, one in found.items()
    ]
    rows = [
        row(f"{READS[request]}, {title}", sizes, dict(one[request]))
        for request in READS
        for title, one in found.items()
    ]
    heads = [*(f"{size:,.0f}" for size in sizes), "the last beside the first"]
    return Answer(
        "messages",
        "Median time of a request, ms, by messages stored",
        f"Over {CONNECTIONS} kept connections. The messages are spread over {FEW.conversations + 1}"
        " conversations, of which the reader is in half, and all but the last few are read.",
        panels,
        ["messages stored", *heads],
        rows,
    )


def times(bench: Bench, database: Database) -> dict[str, list[Point]]:
    """Start one server for each number of messages, and measure its reads."""
    found: dict[str, list[Point]] = {request: [] for request in READS}
    for size in bench.sizes.messages:
        with bench.serving(database, FEW, partial(fill, crowd=FEW, messages=size)) as server:
            run = Run("rest", OPTIONS, FEW)
            step, seconds = f"{size:,} messages", bench.sizes.reading
            figures = bench.measure(database, server, run, step, seconds).figures
        for request, points in found.items():
            if f"{request}_p50" in figures:
                points.append((float(size), figures[f"{request}_p50"] * 1e3))
    return found


def line(colour: int, of_request: tuple[str, Sequence[Point]]) -> Series:
    request, points = of_request
    return Series(READS[request], points, colour, [(point, "") for point in points])


def row(title: str, sizes: Sequence[float], values: Mapping[float, float]) -> list[str]:
    """The times, and the last one divided by the first."""
    cells = [shown(values[size]) if size in values else "" for size in sizes]
    first, last = (values.get(size) for size in (sizes[0], sizes[-1]))
    if not first or not last:
        return [title, *cells, ""]
    ratio = last / first
    verdict = EARNED if WANTED.holds(ratio) else FAILED
    return [title, *cells, f"{shown(ratio)}× ({WANTED} {verdict})"]
