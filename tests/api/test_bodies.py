"""JSON bodies, decoded."""

from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sanic.compat import Header

from chat.api import bodies
from chat.api.schemas import NewConversation, NewDevice, NewMessage, TicketChanges
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
    ["image/png", "json", "application/octet-stream", "multipart/mixed; boundary=B"],
)
def test_other_types_are_refused(content_type: str) -> None:
    """UnsupportedMedia, whatever the body."""
    with pytest.raises(UnsupportedMedia):
        bodies.decode(request(b'{"content": "x"}', content_type), NewMessage)


def test_unknown_fields_are_refused() -> None:
    """By name, with the names that there are; an absurd one is cut short."""
    there_are = (
        "There is no such field; there are: content, client_id, reply_to, metadata, internal."
    )
    assert refusal(b'{"content": "x", "contnet": [1]}', NewMessage) == {"contnet": [there_are]}
    assert refusal(b'{"colour": {}, "content": "x"}', NewMessage) == {"colour": [there_are]}
    assert refusal(b'{"": 1}', NewMessage) == {'""': [there_are]}
    (long,) = refusal(b'{"' + b"x" * 500_000 + b'": 1}', NewMessage)
    assert len(long) == 101


def form(content_type: str, body: bytes) -> NewConversation:
    return bodies.decode(request(body, content_type), NewConversation)


URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=B"


def parts(*fields: tuple[str, str]) -> bytes:
    written = [
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in fields
    ]
    return "".join([*written, "--B--\r\n"]).encode()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (URLENCODED, b"participants=1&participants=2&title=%D8%B3%D9%84%D8%A7%D9%85+1"),
        (f"{URLENCODED}; charset=UTF-8", "title=سلام 1&participants=1&participants=2".encode()),
        (MULTIPART, parts(("participants", "1"), ("title", "سلام 1"), ("participants", "2"))),
        ("Multipart/Form-Data; boundary=\"B\"",
         parts(("participants", "1"), ("participants", "2"), ("title", "سلام 1"))),
    ],
)  # fmt: skip
def test_a_form_is_a_body_too(content_type: str, body: bytes) -> None:
    """Numbers are read from their texts, and a list from its field's repetitions."""
    assert form(content_type, body) == NewConversation([1, 2], "سلام 1")


@pytest.mark.parametrize(
    ("content_type", "body", "field"),
    [
        (URLENCODED, b"", "participants"),
        (URLENCODED, b"participants=x", "participants"),
        (URLENCODED, b"participants=", "participants"),
        (URLENCODED, b"participants=0", "participants"),
        (URLENCODED, b"participants=1&title=a&title=b", "title"),
        (URLENCODED, b"participants=1&titel=a", "titel"),
        (URLENCODED, b"title=%FF", "body"),
        (URLENCODED, b"title=\xff", "body"),
        (URLENCODED, b"participants=1&" * 2000, "body"),
        (URLENCODED, b'{"participants": [1]}', '{"participants": [1]}'),
        (MULTIPART, parts(("participants", "1"), ("titel", "a")), "titel"),
        (MULTIPART, parts(*[("participants", "1")] * 2000), "body"),
        (MULTIPART, parts(("participants", "1"))[:-8], "body"),
        (MULTIPART, b"", "body"),
        (MULTIPART, parts(("title\"; filename=\"f", "x")), "title"),
        (MULTIPART, parts(("title", "x")).replace(b"x", b"\xff"), "body"),
        ("multipart/form-data", b"", "body"),
        (f"multipart/form-data; boundary={'b' * 100}", b"", "body"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_form_is_named(content_type: str, body: bytes, field: str) -> None:
    """As in JSON."""
    with pytest.raises(InvalidInput) as caught:
        form(content_type, body)
    assert set(caught.value.fields) == {field}


@given(st.binary(), st.sampled_from([URLENCODED, MULTIPART]))
def test_any_bytes_are_a_form_or_refused(body: bytes, content_type: str) -> None:
    """Nothing but InvalidInput ever comes out."""
    for written in (body, b"--B\r\n" + body, b"title=" + body):
        with suppress(InvalidInput):
            form(content_type, written)


def test_null_is_not_the_same_as_nothing() -> None:
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
        b'{"content": "x"} {}',
    ],
    ids=["cut off", "binary", "not UTF-8", "two"],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """Named as the body."""
    assert set(refusal(body, NewMessage)) == {"body"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"content": "x", "deep": ' + b"[" * 500_000 + b"]" * 500_000 + b"}", "deep"),
        (b'{"client_id": "x", "metadata": ' + b'{"a":' * 2_000, "metadata"),
        (b"[" * 500_000, "body"),
    ],
    ids=["a field", "cut off", "all of it"],
)
def test_what_is_too_deep_is_named(body: bytes, field: str) -> None:
    """Rather than the end of the stack."""
    assert set(refusal(body, NewMessage)) == {field}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (rb'{"content": "\ud83d"}', "content"),
        (rb'{"content": "a \uDC00 b"}', "content"),
        (rb'{"content": "\ud83d\ud83d\ude00"}', "content"),
        (rb'{"content": "x", "client_id": "\ud83dx"}', "client_id"),
        (rb'{"content": "x", "\ud83d": 1}', "body"),
    ],
)
def test_half_of_a_surrogate_pair_is_named(body: bytes, field: str) -> None:
    """It is no cut: the text says what is wrong, under the field. A name of a field that has one
    cannot be shown.
    """
    assert refusal(body, NewMessage) == {field: ["May not contain half of a surrogate pair."]}


@pytest.mark.parametrize(
    ("body", "schema", "field"),
    [
        (rb'{"content": "x", "content": "x"}', NewMessage, "content"),
        (rb'{"content": "x", "cont\u0065nt": "y"}', NewMessage, "content"),
        (rb'{"content": "x", "reply_to": null, "reply_to": 1}', NewMessage, "reply_to"),
        (rb'{"content": "x", "metadata": {}, "metadata": {}}', NewMessage, "metadata"),
        (rb'{"content": "x", "metadata": {"a": [{"b": 1, "b": 2}]}}', NewMessage, "metadata.a.b"),
        (rb'{"platform": "webpush", "endpoint": "x", "keys": {"p256dh": "x", "auth": "x",'
         rb' "auth": "y"}}', NewDevice, "keys.auth"),
    ],
)  # fmt: skip
def test_a_field_that_is_there_twice_is_refused(body: bytes, schema: type[Any], field: str) -> None:
    """At any depth, however its name is written, so that no value is dropped in silence."""
    assert refusal(body, schema) == {field: ["May be there only once."]}


def test_a_name_that_is_a_value_too_is_no_repetition() -> None:
    """Neither are equal names in objects of their own."""
    body = rb'{"content": "\"content\":1", "metadata": {"content": [{"a": 1}, {"a": 1}]}}'
    assert bodies.decode(request(body), NewMessage).content == '"content":1'


@given(st.binary())
def test_any_bytes_are_decoded_or_refused(body: bytes) -> None:
    """Nothing but InvalidInput ever comes out."""
    with suppress(InvalidInput):
        assert isinstance(bodies.decode(request(body), TicketChanges), TicketChanges)
