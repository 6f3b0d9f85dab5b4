"""Plots as SVG text, in colours that the page's style sheet gives them.

A plot scales with the page. It contains its points as JSON too, for the page's script, which
shows the values under the pointer.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

LEFT, RIGHT, TOP, BOTTOM = 72, 16, 24, 36
NICE = (1, 2, 2.5, 5, 10)
LETTER_WIDTH = 8
MOST_TICKS = 8

Point = tuple[float, float]
Phase = tuple[float, str]
"""Where a phase begins on the x axis, and its name."""
Shown = Callable[[float], str]


def style() -> str:
    """The style sheet, which is light or dark as the reader's system is."""
    return Path(__file__).with_suffix(".css").read_text()


@dataclass(frozen=True)
class Series:
    """One line or one set of bars; `colour` is a number of the style sheet, from 1."""

    name: str
    points: Sequence[Point]
    colour: int = 1
    notes: Sequence[tuple[Point, str]] = ()
    """Points of a line that get a dot, each with a text beside it or an empty one."""


@dataclass(frozen=True)
class Axis:
    """Maps values to places. `shown` labels the ticks, `pointed` the value under the pointer."""

    low: float
    high: float
    ticks: Sequence[float]
    shown: Shown
    pointed: Shown
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """Where a value lies between the ends, from 0 to 1. A value beyond an end counts as it."""
        low, high = self.low, self.high
        if self.logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(max(value, self.low))
        return min(max((value - low) / (high - low), 0.0), 1.0)


def linear(high: float, shown: Shown, pointed: Shown | None = None) -> Axis:
    """An axis from 0, with about four ticks at round values. Without a range it ends at 1."""
    span = high or 1.0
    step = 10 ** math.floor(math.log10(span / 4))
    step *= next(factor for factor in NICE if span / (step * factor) <= 5)
    ticks = [step * i for i in range(math.ceil(span / step - 1e-9) + 1)]
    return Axis(0.0, ticks[-1], ticks, shown, pointed or shown)


def logarithmic(low: float, high: float, shown: Shown, pointed: Shown | None = None) -> Axis:
    """Ticks at 1, 2 and 5 times each power of ten, or only at the powers if those are many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [part * 10.0**power for power in powers for part in (1, 2, 5)]
    begin = max((tick for tick in ticks if tick <= low), default=ticks[0])
    end = min((tick for tick in ticks if tick >= high and tick > begin), default=begin * 2)
    kept = [tick for tick in ticks if begin <= tick <= end]
    if len(kept) > MOST_TICKS:
        kept = [10.0**power for power in powers if begin <= 10.0**power <= end]
    return Axis(begin, end, kept, shown, pointed or shown, logarithmic=True)


@dataclass(frozen=True)
class Plot:
    """`title` is for readers who cannot see the plot. Sizes are in the plot's own units."""

    title: str
    x: Axis
    y: Axis
    width: int = 720
    height: int = 260

    def lines(
        self, series: Sequence[Series], *, filled: bool = False, phases: Sequence[Phase] = ()
    ) -> str:
        """The points of each series, joined in order. `filled` fills down to the x axis."""
        return self._svg(series, self.drawing(series, filled=filled, phases=phases))

    def drawing(
        self, series: Sequence[Series], *, filled: bool = False, phases: Sequence[Phase] = ()
    ) -> str:
        """The same as elements, for the caller's own SVG."""
        drawn = [f'<g class="grid">{self._grid()}{self._phases(phases)}</g>']
        for one in series:
            places = [f"{self._across(a):.1f} {self._up(b):.1f}" for a, b in one.points]
            path = f"M{' L'.join(places)}" if places else ""
            if filled and places:
                begin, end = (self._across(one.points[index][0]) for index in (0, -1))
                area = f"{path} L{end:.1f} {self._ground} L{begin:.1f} {self._ground} Z"
                drawn.append(f'<path class="area c{one.colour}" d="{area}"/>')
            drawn.append(f'<path class="line c{one.colour}" d="{path}"/>')
            drawn += [self._note(point, text, one.colour) for point, text in one.notes]
        return "".join(drawn)

    def bars(self, series: Series, edges: Sequence[float]) -> str:
        """Bars that touch: point n of the series is as wide as from edge n to edge n + 1."""
        bars = [f'<g class="grid">{self._grid()}</g>']
        for index, (_, count) in enumerate(series.points):
            left, right = self._across(edges[index]), self._across(edges[index + 1])
            if count:
                top = min(self._up(count), self._ground - 1.5)  # even one of a million is visible
                bars.append(
                    f'<rect class="bar c{series.colour}" x="{left + 0.5:.1f}" y="{top:.1f}"'
                    f' width="{max(right - left - 1, 1):.1f}" height="{self._ground - top:.1f}"/>'
                )
        return self._svg([series], "".join(bars))

    @property
    def _ground(self) -> int:
        return self.height - BOTTOM

    def _across(self, value: float) -> float:
        return LEFT + self.x.share(value) * (self.width - LEFT - RIGHT)

    def _up(self, value: float) -> float:
        return self._ground - self.y.share(value) * (self._ground - TOP)

    def _note(self, point: Point, text: str, colour: int) -> str:
        x, y = self._across(point[0]), self._up(point[1])
        kind = "note last" if x > self.width - RIGHT - len(text) * LETTER_WIDTH / 2 else "note"
        dot = f'<circle class="c{colour}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
        written = f'<text class="{kind}" x="{x:.1f}" y="{y - 10:.1f}">{escape(text)}</text>'
        return dot + written if text else dot

    def _phases(self, phases: Sequence[Phase]) -> str:
        drawn = []
        for index, (begin, name) in enumerate(phases):
            end = phases[index + 1][0] if index + 1 < len(phases) else self.x.high
            left, right = self._across(begin), self._across(end)
            if index:
                rule = f'x1="{left:.1f}" x2="{left:.1f}" y1="{TOP}" y2="{self._ground}"'
                drawn.append(f'<line class="phase" {rule}/>')
            if right - left > len(name) * LETTER_WIDTH:
                drawn.append(f'<text x="{left + 2:.1f}" y="{TOP - 8}">{escape(name)}</text>')
        return "".join(drawn)

    def _grid(self) -> str:
        drawn = []
        for tick in self.y.ticks:
            y, label = self._up(tick), escape(self.y.shown(tick))
            drawn.append(
                f'<line x1="{LEFT}" x2="{self.width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
                f'<text class="y" x="{LEFT - 8}" y="{y + 4:.1f}">{label}</text>'
            )
        for tick in self.x.ticks:
            # The last label ends where the plot ends.
            kind = "x last" if self.x.share(tick) > 0.97 else "x"
            x, label = self._across(tick), escape(self.x.shown(tick))
            drawn.append(f'<text class="{kind}" x="{x:.1f}" y="{self.height - 12}">{label}</text>')
        ground = f'x1="{LEFT}" x2="{self.width - RIGHT}" y1="{self._ground}" y2="{self._ground}"'
        return "".join(drawn) + f'<line class="ground" {ground}/>'

    def _svg(self, series: Sequence[Series], drawn: str) -> str:
        data = [
            {
                "name": one.name,
                "colour": one.colour,
                "points": [
                    [round(self._across(a), 1), self.x.pointed(a), self.y.pointed(b)]
                    for a, b in one.points
                ],
            }
            for one in series
        ]
        return (
            f'<svg viewBox="0 0 {self.width} {self.height}" role="img"'
            f' aria-label="{escape(self.title)}" data-series="{escape(json.dumps(data))}">'
            f'{drawn}<line class="pointer" y1="{TOP}" y2="{self._ground}"/></svg>'
        )
