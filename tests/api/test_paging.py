"""Query parameters, and links to the neighbours of a page."""

from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.api import paging
from chat.errors import InvalidInput

NAMES = ("limit", "before")


def request(query: str) -> Any:
    """As much of a request as is read."""
    return SimpleNamespace(query_string=query, path="/things/", ctx=SimpleNamespace())


def test_whole_numbers_are_read() -> None:
    """Those asked for; others are ignored, however often they come."""
    assert paging.integers(request("limit=5&before=0&x=1&x=2"), NAMES) == {"limit": 5, "before": 0}
    assert paging.integers(request(""), NAMES) == {}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit", "limit"),
        ("limit=1&limit=1", "limit"),
        ("limit=+5", "limit"),
        ("limit=%205", "limit"),
        ("limit=1_0", "limit"),
        ("limit=۵", "limit"),
        ("before=-1", "before"),
        ("before=9223372036854775808", "before"),
        ("before=" + "9" * 5000, "before"),
        ("before=%FF", "before"),
    ],
)
def test_anything_else_is_refused(query: str, field: str) -> None:
    """InvalidInput that names the parameter."""
    with pytest.raises(InvalidInput) as caught:
        paging.integers(request(query), NAMES)
    assert set(caught.value.fields) == {field}


@pytest.mark.parametrize("value", ["%FF", "a%ED%A0%80", "%D8"])
def test_text_is_utf_8(value: str) -> None:
    """What is not is refused, and not looked for as something else."""
    with pytest.raises(InvalidInput, match="UTF-8") as caught:
        paging.parameters(request(f"q={value}"), ("q",))
    assert set(caught.value.fields) == {"q"}
    assert paging.parameters(request("q=%D8%A7"), ("q",)) == {"q": "ا"}


def test_the_largest_numbers_are_allowed() -> None:
    """A limit of 200, and the largest id."""
    query = f"limit=200&before={2**63 - 1}"
    assert paging.integers(request(query), NAMES) == {"limit": 200, "before": 2**63 - 1}


@given(st.text())
def test_any_query_is_read_or_refused(query: str) -> None:
    """Nothing but InvalidInput ever comes out."""
    with suppress(InvalidInput):
        assert set(paging.integers(request(query), NAMES)) <= set(NAMES)


def test_a_link_leads_to_the_same_path() -> None:
    """In the form of RFC 8288, with values encoded."""
    link = paging.link(request(""), "prev", {"limit": 5, "status": "a b"})
    assert link == {"Link": '</things/?limit=5&status=a+b>; rel="prev"'}
