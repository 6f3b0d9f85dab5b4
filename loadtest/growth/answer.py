"""The answer to one question: plots, and the table beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

from loadtest.plots import Axis, Series


@dataclass(frozen=True)
class Panel:
    """One plot. Where there are several, `title` says which one this is."""

    x: Axis
    y: Axis
    series: Sequence[Series]
    title: str = ""


@dataclass(frozen=True)
class Answer:
    """`name` is that of the file, `title` says what both axes are, and `about` says in a sentence
    or two how it was measured.
    """

    name: str
    title: str
    about: str
    panels: Sequence[Panel]
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
