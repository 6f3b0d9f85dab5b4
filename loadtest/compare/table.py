"""Medians and ratios in one table, as Markdown and as values for JSON."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from loadtest.compare.demands import Bound, Figure
from loadtest.markdown import as_markdown
from loadtest.report import shown

Measured = Mapping[tuple[str, str], Sequence[Mapping[str, float]]]
"""The figures of every round, by run and peer."""

EARNED, FAILED = "✓", "✗"


@dataclass(frozen=True)
class Rival:
    """A rival's median, the subject's median divided by it, and the bound, if there is one."""

    peer: str
    value: float
    ratio: float
    bound: Bound | None

    @property
    def holds(self) -> bool | None:
        return self.bound.holds(self.ratio) if self.bound else None


@dataclass(frozen=True)
class Row:
    """A figure whose subject was measured."""

    figure: Figure
    value: float
    rivals: tuple[Rival, ...]

    @property
    def within_limit(self) -> bool | None:
        return None if self.figure.limit is None else self.value <= self.figure.limit


def rows(figures: Iterable[Figure], measured: Measured) -> list[Row]:
    """One row for each figure whose subject was measured, with the rivals that were measured."""
    found = []
    for figure in figures:
        value = median(figure, figure.subject, measured)
        if value is None:
            continue
        rivals = []
        for peer, bound in figure.rivals.items():
            theirs = median(figure, peer, measured)
            if theirs is not None:
                rivals.append(Rival(peer, theirs, value / theirs if theirs else 0.0, bound))
        found.append(Row(figure, value, tuple(rivals)))
    return found


def median(figure: Figure, peer: str, measured: Measured) -> float | None:
    rounds = measured.get((figure.run, peer), ())
    values = [each[figure.metric] for each in rounds if figure.metric in each]
    return statistics.median(values) if values else None


def markdown(
    table: Sequence[Row], titles: Mapping[str, str], stores: Mapping[str, bool] | None = None
) -> str:
    """One row per figure and one column per server. The goal stands beside each ratio.

    `titles` are the columns, the peers in their order. A peer that no row has is left out. The
    first row says which of them `stores` a message before it answers.
    """
    subjects = {row.figure.subject for row in table}
    peers = [
        peer
        for peer in titles
        if peer not in subjects and any(peer == rival.peer for row in table for rival in row.rivals)
    ]
    heads = ["", "Payam", *(titles[peer] for peer in peers)]
    lines = []
    if stores is not None:
        words = ["yes" if stores[peer] else "no" for peer in peers]
        lines.append(["stores before it answers", "**yes**", *words])
    for row in table:
        by_peer = {rival.peer: rival for rival in row.rivals}
        cells = [rival_cell(row.figure, by_peer[peer]) if peer in by_peer else "" for peer in peers]
        lines.append([row.figure.title, subject_cell(row, subjects), *cells])
    return as_markdown(heads, lines)


def subject_cell(row: Row, subjects: Iterable[str]) -> str:
    """The subject's value and limit, and Payam compared with itself, which has no column."""
    parts = [f"**{shown(row.value / row.figure.unit)}**"]
    if row.figure.limit is not None:
        limit = f"at most {shown(row.figure.limit / row.figure.unit)}"
        parts.append(f"({limit} {EARNED if row.within_limit else FAILED})")
    parts += [f"/ {rival_cell(row.figure, each)}" for each in row.rivals if each.peer in subjects]
    return " ".join(parts)


def rival_cell(figure: Figure, rival: Rival) -> str:
    ratio = f"{shown(rival.value / figure.unit)}: {shown(rival.ratio)}×"
    if rival.bound is None:
        return ratio
    return f"{ratio} ({rival.bound} {EARNED if rival.holds else FAILED})"


def as_json(table: Iterable[Row]) -> list[dict[str, object]]:
    """The rows as plain values. `holds` is null where there is no goal."""
    return [
        {
            "figure": row.figure.title,
            "run": row.figure.run,
            "metric": row.figure.metric,
            "subject": row.figure.subject,
            "value": row.value,
            "limit": row.figure.limit,
            "within_limit": row.within_limit,
            "rivals": [
                {
                    "peer": rival.peer,
                    "value": rival.value,
                    "ratio": rival.ratio,
                    "demanded": str(rival.bound) if rival.bound else None,
                    "holds": rival.holds,
                }
                for rival in row.rivals
            ],
        }
        for row in table
    ]
