"""A report as one HTML page without other files: figures, plots, and tables."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from loadtest.charts import charts
from loadtest.load import Figure
from loadtest.plots import style
from loadtest.report import (
    Report,
    latency_cells,
    latency_heads,
    ledger_rows,
    shown,
    with_unit,
)
from loadtest.scenarios import SCENARIOS

HERE = Path(__file__).parent
TILES = 6
MOST_TIMED = 4
SIDES = ("server_", "loader_")


def page(report: Report) -> str:
    """The HTML, which is light or dark as the reader's system is."""
    title = f"{report.scenario}, {report.began:%Y-%m-%d %H:%M} UTC"
    about = (SCENARIOS[report.scenario].__doc__ or "").partition("\n")[0]
    settings = " · ".join(
        f"{name.replace('_', ' ')} {argument(value)}"
        for name, value in report.arguments.items()
        if value not in (None, False)
    )
    mark, kind = ("✗", "verdict bad") if report.failures else ("✓", "verdict")
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{style()}{(HERE / "page.css").read_text()}</style>
<header>
<p>{escape(report.url)}, {report.began:%Y-%m-%d %H:%M} UTC, {report.seconds:,.0f} s</p>
<h1>{escape(report.scenario)}</h1>
<p>{escape(about)}</p>
<div class="{kind}">{mark} {escape(report.verdict)}</div>
<p class="settings">{escape(settings)}</p>
</header>
<div class="tiles">{"".join(tiles(report))}</div>
<div class="plots">{"".join(charts(report))}</div>
<details><summary>Every figure</summary>
{table([], [(figure.title, with_unit(figure)) for figure in report.figures])}
{latency_table(report)}
{table([], ledger_rows(report.ledger))}
</details>
<script>
{(HERE / "page.js").read_text()}</script>
</html>
"""


def argument(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return " ".join(value) if isinstance(value, list | tuple) else str(value)


def tiles(report: Report) -> Iterable[str]:
    """The figures that people look for first, in large type: how much, how long, at what cost."""
    asked = [
        figure
        for figure in report.figures
        if not figure.key.startswith(SIDES) or figure.key.endswith("_growth")
    ]
    cost = [figure for figure in report.figures if figure.key in ("server_cpu", "loader_cpu")]
    timed = [
        Figure("", f"{name}, p{percent:g}", value * 1e3, "ms")
        for name, one in report.latencies.items()
        for percent, value in one.percentiles
        if percent in (50, 99)
    ]
    # With many kinds of request, the plots show how long each took.
    timed = timed if len(timed) <= MOST_TIMED else []
    for figure in [*asked, *timed, *cost][:TILES]:
        unit = f" <small>{escape(figure.unit)}</small>" if figure.unit else ""
        yield f"<div><span>{escape(figure.title)}</span>"
        yield f"<strong>{shown(figure.value)}{unit}</strong></div>"


def latency_table(report: Report) -> str:
    if not report.latencies:
        return ""
    rows = [latency_cells(name, one) for name, one in report.latencies.items()]
    return table(latency_heads(report), rows)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table>{f'<tr>{top}</tr>' if top else ''}{body}</table>"
