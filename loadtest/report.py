"""The result of a run, as a table and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from rich.console import Console
from rich.table import Table

from loadtest.histogram import Latencies
from loadtest.ledger import Count
from loadtest.load import Figure, Load
from loadtest.snapshot import Snapshot

Row = tuple[str, str]


@dataclass(frozen=True)
class Report:
    """Times are in seconds; `arguments` is what the scenario was run with."""

    scenario: str
    url: str
    began: datetime
    seconds: float
    arguments: dict[str, object]
    ledger: Count
    unanswered: int
    refused: dict[str, int]
    closed: dict[str, int]
    figures: list[Figure]
    latencies: dict[str, Latencies]
    snapshots: list[Snapshot]

    @property
    def failures(self) -> list[str]:
        """One phrase for each thing that went wrong; empty if all is well."""
        found = [
            f"{count:,} {what}"
            for count, what in (
                (self.ledger.missing, "missing"),
                (self.ledger.doubled, "doubled"),
                (self.ledger.out_of_order, "out of order"),
                (self.unanswered, "unanswered"),
            )
            if count
        ]
        if not self.ledger.expected:
            found.append("nothing was sent")
        found += [f"{count:,} refused ({why})" for why, count in self.refused.items()]
        found += [f"{count:,} closed by the server ({why})" for why, count in self.closed.items()]
        return found

    @property
    def verdict(self) -> str:
        if self.failures:
            return "; ".join(self.failures)
        return f"all {self.ledger.expected:,} delivered, once and in order"


def report_on(load: Load, scenario: str, began: datetime, arguments: dict[str, object]) -> Report:
    latencies = {name: histogram.latencies() for name, histogram in load.histograms.items()}
    return Report(
        scenario=scenario,
        url=load.traffic.url,
        began=began,
        seconds=load.snapshot().at,
        arguments=arguments,
        ledger=load.traffic.ledger.count(),
        unanswered=load.unanswered,
        refused=dict(load.traffic.refused),
        closed=dict(load.traffic.closed),
        figures=load.figures,
        latencies={name: value for name, value in latencies.items() if value is not None},
        snapshots=load.snapshots,
    )


def as_json(report: Report) -> str:
    """The report as JSON: figures by key, latencies in seconds. `status` is the exit status."""
    whole = {
        "scenario": report.scenario,
        "url": report.url,
        "began": report.began.isoformat(),
        "seconds": report.seconds,
        "arguments": report.arguments,
        "status": 1 if report.failures else 0,
        "failures": report.failures,
        "ledger": {**asdict(report.ledger), "missing": report.ledger.missing},
        "unanswered": report.unanswered,
        "refused": report.refused,
        "closed": report.closed,
        "figures": {figure.key: figure.value for figure in report.figures},
        "latencies": {
            name: {
                "count": one.count,
                "mean": one.mean,
                **{f"p{percent:g}": value for percent, value in one.percentiles},
                "max": one.maximum,
            }
            for name, one in report.latencies.items()
        },
        "snapshots": [asdict(snapshot) for snapshot in report.snapshots],
    }
    return json.dumps(whole, indent=2) + "\n"


def ledger_rows(count: Count) -> list[Row]:
    return [
        ("expected", f"{count.expected:,}"),
        ("delivered", f"{count.delivered:,}"),
        ("missing", f"{count.missing:,}"),
        ("doubled", f"{count.doubled:,}"),
        ("out of order", f"{count.out_of_order:,}"),
    ]


def latency_heads(report: Report) -> list[str]:
    some = next(iter(report.latencies.values()))
    return ["", *(f"p{percent:g}" for percent, _ in some.percentiles), "max", "count"]


def latency_cells(name: str, one: Latencies) -> list[str]:
    values = [value for _, value in one.percentiles]
    return [name, *(milliseconds(value) for value in (*values, one.maximum)), f"{one.count:,}"]


def rates(moments: Sequence[Snapshot], counts: Sequence[float]) -> list[float]:
    """How much per second, between each moment and the next."""
    return [
        max(counts[i] - counts[i - 1], 0) / (moments[i].at - moments[i - 1].at)
        for i in range(1, len(moments))
    ]


def milliseconds(seconds: float) -> str:
    return f"{shown(seconds * 1e3)} ms"


def shown(value: float) -> str:
    """The value with three digits, or with all digits before the point."""
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def with_unit(figure: Figure) -> str:
    if figure.unit in ("%", "/s", ""):
        return f"{shown(figure.value)}{figure.unit}"
    return f"{shown(figure.value)} {figure.unit}"


def print_report(report: Report, console: Console) -> None:
    """Three tables, and the verdict."""
    figures = Table(title=f"{report.scenario} · {report.url}", show_header=False)
    figures.add_column()
    figures.add_column(justify="right")
    for figure in report.figures:
        figures.add_row(figure.title, with_unit(figure))
    console.print(figures)
    if report.latencies:
        latencies = Table(title="latency")
        for head in latency_heads(report):
            latencies.add_column(head, justify="right" if head else "left")
        for name, one in report.latencies.items():
            latencies.add_row(*latency_cells(name, one))
        console.print(latencies)
    ledger = Table(title="ledger", show_header=False)
    ledger.add_column()
    ledger.add_column(justify="right")
    for name, value in ledger_rows(report.ledger):
        ledger.add_row(name, value)
    console.print(ledger)
    mark, style = ("✗", "bold red") if report.failures else ("✓", "bold green")
    console.print(f"{mark} {report.verdict}", style=style, highlight=False, soft_wrap=True)
