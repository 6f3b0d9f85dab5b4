"""Variables whose names are almost those of settings: a letter too many, two changed places.

An environment holds hundreds of variables of others, and none of them is spoken of.
"""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import NamedTuple

CLOSE = 0.85
"""Of two names, by difflib: one wrong letter in eight, two places changed in nine."""
LONG = 6
"""Letters below which a name has to have the same ones: HOSTS may be anybody's, HSOT not."""
PREFIX = "PAYAM_"


class Misspelt(NamedTuple):
    name: str
    meant: str

    def __str__(self) -> str:
        return f"{self.name} is set, and is no setting of Payam; {self.meant} may be meant"


def misspelt(environ: Mapping[str, str], known: Collection[str]) -> Iterator[Misspelt]:
    """Those that are set and close to one of the names `known` that is not set itself."""
    unset = [name for name in known if not environ.get(name, "").strip()]
    for name, value in environ.items():
        meant = resembled(name, unset) if name not in known and value.strip() else None
        if meant is not None:
            yield Misspelt(name, meant)


def resembled(name: str, known: Collection[str]) -> str | None:
    upper = name.upper()
    if upper.startswith(PREFIX):
        # Kubernetes makes variables of a service that is called payam: PAYAM_PORT.
        own = upper.removeprefix(PREFIX)
        return own if own in known and "_" in own else None
    if upper in known:
        return upper if "_" in upper else None
    for meant in get_close_matches(upper, known, n=3, cutoff=0.6):
        if len(meant) < LONG:
            if sorted(upper) == sorted(meant):
                return meant
        elif get_close_matches(upper, [meant], cutoff=CLOSE) and not is_longer(upper, meant):
            return meant
    return None


def is_longer(name: str, other: str) -> bool:
    """Whether one is the other with a word more: TEST_REDIS_URL is another variable."""
    words, others = ({word for word in one.split("_") if word} for one in (name, other))
    return words < others or others < words
