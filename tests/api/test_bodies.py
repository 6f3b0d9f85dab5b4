"""JSON bodies, decoded."""

from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sanic.compat import Header

from chat.api import bodies
from chat.api.schemas import NewConversation, NewMessage, TicketChanges
from chat.errors import InvalidInput, UnsupportedMedia


def request(body: bytes, content_type: str | None = None) -> Any:
    """As much of a request as is read."""
    headers = {} if content_type is None else {"content-type": content_type}
    return SimpleNamespace(body=body, headers=Header(headers))


def refusal(body: bytes, schema: type[Any]) -> dict[str, list[str]]:
    with pytest.raises(InvalidInput) as caught:
        bodies.decode(request(body), schema)
    return caught.value.fields


@pytest.mark.parametrize(
    "content_type",
    [None, "", "application/json", "application/json; charset=utf-8", "text/plain", "TEXT/HTML",
     "application/vnd.api+json"],
)  # fmt: skip
def test_json_is_taken_under_many_names(content_type: str | None) -> None:
    """Also where the client says nothing, or that it is text."""
    body = bodies.decode(request(b'{"content": "x"}', content_type), NewMessage)
    assert body.content == "x"


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data; boundary=B", "application/x-www-form-urlencoded", "image/png", "json"],
)
def test_other_types_are_refused(content_type: str) -> None:
    """UnsupportedMedia, whatever the body."""
    with pytest.raises(UnsupportedMedia):
        bodies.decode(request(b'{"content": "x"}', content_type), NewMessage)


def test_unknown_fields_are_ignored() -> None:
    """A client may send more than we read."""
    body = bodies.decode(request(b'{"content": "x", "more": [1]}'), NewMessage)
    assert body == NewMessage("x")


def test_null_is_told_apart_from_nothing() -> None:
    """Where null means something."""
    assert bodies.decode(request(b'{"assigned_to": null}'), TicketChanges).assigned_to is None
    assert bodies.decode(request(b""), TicketChanges) == TicketChanges()


@pytest.mark.parametrize(
    ("body", "schema", "field", "text"),
    [
        (b"", NewMessage, "content", "This field is required."),
        (b" ", NewMessage, "content", "This field is required."),
        (b"{}", NewMessage, "content", "This field is required."),
        (b'{"content": 1}', NewMessage, "content", "Expected `str`, got `int`."),
        (b"[]", NewMessage, "body", "Expected `object`, got `array`."),
        (b"null", NewMessage, "body", "Expected `object`, got `null`."),
        (b'{"participants": [1, "a"]}', NewConversation, "participants",
         "Expected `int`, got `str`."),
        (b'{"participants": [0]}', NewConversation, "participants", "Expected `int` >= 1."),
    ],
)  # fmt: skip
def test_the_wrong_field_is_named(body: bytes, schema: type[Any], field: str, text: str) -> None:
    """With what is wrong with it."""
    assert refusal(body, schema) == {field: [text]}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b'{"content": "\xff"}',
        b'{"content": "\\ud800"}',
        b'{"content": "x", "deep": ' + b"[" * 500_000 + b"]" * 500_000 + b"}",
        b'{"content": "x"} {}',
    ],
    ids=["cut off", "binary", "not UTF-8", "half a surrogate pair", "deep", "two"],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """Named as the body."""
    assert set(refusal(body, NewMessage)) == {"body"}


@given(st.binary())
def test_any_bytes_are_decoded_or_refused(body: bytes) -> None:
    """Nothing but InvalidInput ever comes out."""
    with suppress(InvalidInput):
        assert isinstance(bodies.decode(request(body), TicketChanges), TicketChanges)
