"""What came of one question: what is drawn, and the table beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from loadtest.plots import Axis, Series


@dataclass(frozen=True)
class Panel:
    """One plot; `title` says what sets it apart, where there are several."""

    x: Axis
    y: Axis
    series: Sequence[Series]
    title: str = ""


@dataclass(frozen=True)
class Answer:
    """`name` is its file's, `title` what both axes are, `about` a sentence or two on how it
    was measured.
    """

    name: str
    title: str
    about: str
    panels: Sequence[Panel]
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
