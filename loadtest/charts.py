"""The plots of a report's page: how long things took, and what happened when."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from loadtest.histogram import Latencies
from loadtest.plots import Axis, Phase, Plot, Series, linear, logarithmic
from loadtest.report import Report, milliseconds, rates, shown
from loadtest.snapshot import Snapshot

COLOURS = 4
BARS = 60
FEW = 4
"""A plot of open sockets is left out if their number changed no more often than this."""
WIDE = 1460
"""Width of a plot that has a whole row. Its letters are then as large as those of the others."""
TALL = 380
MARGIN = 0.25
"""Room behind the last point, in nines, for the text there."""
MIB = 1 << 20


def charts(report: Report) -> list[str]:
    """HTML figures for rows of two. A figure with the class `wide` takes a whole row."""
    shares, *distributions = latency_charts(report) or [""]
    first, *others = time_charts(report, beside=len(distributions)) or [""]
    return [shares, first, *distributions, *others]


def latency_charts(report: Report) -> list[str]:
    """Latencies by percentile, in a whole row, and their distributions."""
    named = list(report.latencies.items())[:COLOURS]
    if not named:
        return []
    low = min(one.curve[0][1] for _, one in named)
    high = max(one.maximum for _, one in named)
    ends = [nines(one.curve[-1][0]) for _, one in named]
    end = max(*ends, 1) + MARGIN
    x = Axis(0, end, range(math.floor(end) + 1), percentile_at, percentile_at)
    curves = [
        Series(
            name,
            [(nines(percent), value) for percent, value in one.curve],
            colour,
            notes_of(one) if len(named) == 1 else (),
        )
        for colour, (name, one) in enumerate(named, start=1)
    ]
    y = logarithmic(low, high, axis_time, milliseconds)
    title = "Latency by percentile"
    shares = chart(
        title,
        "How long all but the slowest took; each step to the right is ten times fewer.",
        curves if len(curves) > 1 else [],
        Plot(title, x, y, WIDE, TALL).lines(curves),
        wide=True,
    )
    pairs = zip(curves, named, strict=True)
    return [shares, *(distribution(series, one) for series, (_, one) in pairs)]


def notes_of(one: Latencies) -> list[tuple[tuple[float, float], str]]:
    """The percentiles for which there are enough values, and the maximum at the curve's end."""
    end = nines(one.curve[-1][0])
    notes = [
        ((nines(percent), value), f"p{percent:g} {milliseconds(value)}")
        for percent, value in one.percentiles
        if nines(percent) < end - MARGIN
    ]
    return [*notes, ((end, one.curve[-1][1]), f"max {milliseconds(one.maximum)}")]


def distribution(series: Series, one: Latencies) -> str:
    """Bars of equal width on a logarithmic axis."""
    low, high = one.bars[0][0], one.bars[-1][0]
    x = logarithmic(low, max(high, low * 1.01), axis_time, milliseconds)
    edges = [x.low * (x.high / x.low) ** (index / BARS) for index in range(BARS + 1)]
    counts = [0] * BARS
    for value, count in one.bars:
        counts[min(int(x.share(value) * BARS), BARS - 1)] += count
    middles = [math.sqrt(left * right) for left, right in pairwise(edges)]
    bars = Series(series.name, list(zip(middles, counts, strict=True)), series.colour)
    title = f"Latency: {series.name}"
    drawn = Plot(title, x, linear(max(*counts, FEW), compact, shown)).bars(bars, edges)
    return chart(title, f"How many of {one.count:,} took how long.", [], drawn)


@dataclass(frozen=True)
class Course:
    """A value over the time of the run."""

    title: str
    series: Sequence[Series]
    is_filled: bool = False
    y: Axis | None = None
    """Without one, the axis begins at 0."""


def time_charts(report: Report, beside: int) -> list[str]:
    """Plots over time. The first takes a whole row if their number, with `beside`, is odd."""
    moments = report.snapshots
    if len(moments) < 3:
        return []
    drawn = []
    end = moments[-1].at
    ticks = [tick for tick in linear(end, shown).ticks if tick <= end]
    x = Axis(0, end, ticks, lambda at: f"{at:g} s", lambda at: f"{shown(at)} s")
    courses = list(courses_of(moments))
    for index, course in enumerate(courses):
        most = max(value for one in course.series for _, value in one.points)
        y = course.y or linear(most, compact, shown)
        wide = index == 0 and (beside + len(courses)) % 2 == 1
        plot = Plot(course.title, x, y, WIDE) if wide else Plot(course.title, x, y)
        lines = plot.lines(course.series, filled=course.is_filled, phases=phases_of(moments))
        legend = course.series if len(course.series) > 1 else []
        drawn.append(chart(course.title, "", legend, lines, wide=wide))
    return drawn


def courses_of(moments: Sequence[Snapshot]) -> Iterator[Course]:
    """Latency, throughput, sockets, processor time and memory, as far as they were measured."""
    timed = timed_series(moments)
    if timed:
        values = [value for one in timed for _, value in one.points]
        y = logarithmic(min(values), max(values), axis_time, milliseconds)
        yield Course("Latency over time", timed, y=y)
    for title, counts in (
        ("Deliveries per second", [one.delivered for one in moments]),
        ("Messages stored per second", [one.acked for one in moments]),
        ("Requests per second", [one.requests for one in moments]),
    ):
        if counts[-1] > counts[0]:
            yield Course(title, [Series(title.lower(), speed(moments, counts))], is_filled=True)
    sockets = [(one.at, float(one.sockets)) for one in moments]
    if len({count for _, count in sockets}) > FEW:
        yield Course("Open sockets", [Series("sockets", sockets)], is_filled=True)
    cpu = [Series("loader", speed(moments, [one.loader.cpu * 100 for one in moments]), 2)]
    memory = [Series("loader", [(one.at, one.loader.memory / MIB) for one in moments], 2)]
    seen = [(one, one.server) for one in moments if one.server is not None]
    if len(seen) > 1:
        known = [one for one, _ in seen]
        cpu.insert(0, Series("server", speed(known, [used.cpu * 100 for _, used in seen])))
        memory.insert(0, Series("server", [(one.at, used.memory / MIB) for one, used in seen]))
    yield Course("Processor, % of a core", cpu)
    yield Course("Memory, MiB", memory)


def timed_series(moments: Sequence[Snapshot]) -> list[Series]:
    """If one thing was timed, its median, p99 and maximum; if several, the p99 of each."""
    names = dict.fromkeys(name for one in moments for name in one.laps)
    laps = {
        name: [(one.at, one.laps[name]) for one in moments if name in one.laps] for name in names
    }
    if len(laps) == 1:
        (only,) = laps.values()
        return [
            Series("p50", [(at, lap.p50) for at, lap in only], 1),
            Series("p99", [(at, lap.p99) for at, lap in only], 4),
            Series("max", [(at, lap.maximum) for at, lap in only], 2),
        ]
    return [
        Series(f"{name}, p99", [(at, lap.p99) for at, lap in one], colour)
        for colour, (name, one) in enumerate(list(laps.items())[:COLOURS], start=1)
    ]


def phases_of(moments: Sequence[Snapshot]) -> list[Phase]:
    """The phases of the run, and when each began."""
    begun = [(moments[0].at, moments[0].phase)]
    begun += [(b.at, b.phase) for a, b in pairwise(moments) if a.phase != b.phase]
    return begun


def speed(moments: Sequence[Snapshot], counts: Sequence[float]) -> list[tuple[float, float]]:
    """How much per second, at the end of each interval."""
    ends = (one.at for one in moments[1:])
    return list(zip(ends, rates(moments, counts), strict=True))


def chart(
    title: str, what: str, legend: Sequence[Series], drawn: str, *, wide: bool = False
) -> str:
    names = "".join(
        f'<span><i class="c{one.colour}"></i>{escape(one.name)}</span>' for one in legend
    )
    about = f"<p>{escape(what)}</p>" if what else ""
    key = f'<div class="legend">{names}</div>' if names else ""
    kind = ' class="wide"' if wide else ""
    head = f"<figcaption><h2>{escape(title)}</h2>{about}{key}</figcaption>"
    return f"<figure{kind}>{head}{drawn}</figure>"


def nines(percent: float) -> float:
    """p90 is one nine, p99 two, p99.9 three."""
    return -math.log10(1 - percent / 100)


def percentile_at(nines: float) -> str:
    return f"p{100 * (1 - 10**-nines):.6g}"


def axis_time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:g} s"
    return f"{seconds * 1e3:g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:g} µs"


def compact(value: float) -> str:
    """A short form for an axis: 150k instead of 150,000."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
