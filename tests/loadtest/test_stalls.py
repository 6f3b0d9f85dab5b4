"""The longest stall, from two readings of a server's own histogram."""

from math import inf

import pytest

from loadtest.stalls import Lags, longest

BEFORE: Lags = {0.001: 10, 0.01: 12, 0.1: 13, inf: 14}


@pytest.mark.parametrize(
    ("after", "seconds"),
    [
        ({0.001: 20, 0.01: 22, 0.1: 23, inf: 24}, 0.001),
        ({0.001: 20, 0.01: 23, 0.1: 24, inf: 25}, 0.01),
        ({0.001: 20, 0.01: 23, 0.1: 25, inf: 26}, 0.1),
        ({0.001: 20, 0.01: 23, 0.1: 25, inf: 27}, None),
        (BEFORE, None),
        ({}, None),
    ],
)
def test_only_what_came_between_the_two_counts(after: Lags, seconds: float | None) -> None:
    """Expected: the least bound under which all of it is, and nothing that was before."""
    assert longest(BEFORE, after) == seconds
