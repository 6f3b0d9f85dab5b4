"""Finds variables whose names are almost those of settings: one letter more, two exchanged.

An environment has hundreds of variables of other programs. None of them may be reported.
"""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import NamedTuple

CLOSE = 0.85
"""How alike two names must be, by difflib: one wrong letter of eight, or two exchanged of nine."""
LONG = 6
"""A setting with fewer letters counts only for a name with the same letters. HSOT is a misspelt
HOST, but HOSTS may belong to another program.
"""
SHORT = 0.6
"""How alike those two must be: HSOT is close to HOST, and TSHO is not."""
PREFIX = "PAYAM_"


class Misspelt(NamedTuple):
    name: str
    meant: str

    def __str__(self) -> str:
        return f"{self.name} is set, and is no setting of Payam; {self.meant} may be meant"


def misspelt(environ: Mapping[str, str], known: Collection[str]) -> Iterator[Misspelt]:
    """The variables whose names are close to one of `known`, where that one is not set."""
    unset = [name for name in known if not environ.get(name, "").strip()]
    for name, value in environ.items():
        meant = resembled(name, unset) if name not in known and value.strip() else None
        if meant is not None:
            yield Misspelt(name, meant)


def resembled(name: str, known: Collection[str]) -> str | None:
    upper = name.upper()
    if upper.startswith(PREFIX):
        # For a service that is called payam Kubernetes sets variables like PAYAM_PORT.
        own = upper.removeprefix(PREFIX)
        return own if own in known and "_" in own else None
    if upper in known:
        return upper if "_" in upper else None
    # The letters first: to compare names in all detail took a fifth of a start.
    letters = sorted(upper)
    similar = [meant for meant in known if len(meant) < LONG and sorted(meant) == letters]
    if similar:
        return next(iter(get_close_matches(upper, similar, cutoff=SHORT)), None)
    longer = [meant for meant in known if len(meant) >= LONG]
    close = get_close_matches(upper, longer, cutoff=CLOSE)
    return next((meant for meant in close if not is_longer(upper, meant)), None)


def is_longer(name: str, other: str) -> bool:
    """Whether one name is the other with one more word: TEST_REDIS_URL is no misspelt REDIS_URL."""
    words, others = ({word for word in one.split("_") if word} for one in (name, other))
    return words < others or others < words
