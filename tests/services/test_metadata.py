"""Which JSON is metadata."""

import json

import pytest
from msgspec import UNSET, Raw

from chat.errors import InvalidInput
from chat.services.metadata import DEPTH_MAX, METADATA_MAX_SIZE, text_of


def nested(depth: int) -> str:
    """Objects within each other, as many as `depth`."""
    return '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)


LONG = json.dumps({"a": "x" * (METADATA_MAX_SIZE - 9)})


@pytest.mark.parametrize(
    "text",
    [
        '{"b":1,"a":2}',
        '{ "a" : [1.0, 1e5, -0, 12345678901234567890123, null, true] }',
        '{"سلام":"علی\u200cجان","\U0001f600":"\\u0000"}',
        '{"":{}}',
        '{"a":"\\ud83d\\ude00"}',
        nested(DEPTH_MAX),
        LONG,
    ],
)
def test_it_is_kept_as_it_is(text: str) -> None:
    """The order of keys, the spelling of numbers and texts, and the spaces."""
    assert text_of(Raw(text.encode())) == text


def test_none_and_an_empty_object_are_the_same() -> None:
    assert text_of(UNSET) is None
    assert text_of(Raw(b" { } ")) is None


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("null", ""),
        ("[]", ""),
        ('"a"', ""),
        ("1", ""),
        ('{"a":1,"a":2}', ".a"),
        ('{"b":{"a":1,"a":1}}', ".b.a"),
        ('{"b":[{"c":{"a":1,"a":1}}]}', ".b.c.a"),
        ('{"a":NaN}', ""),
        ('{"a":Infinity}', ""),
        ('{"a":1e999}', ".a"),
        ('{"colour":{"red":-1e999}}', ".colour.red"),
        ('{"a":"\\ud800"}', ".a"),
        ('{"\\udc00":1}', ""),
        ('{"a":{"\\udc00":1}}', ".a"),
        ('{"b":["\\ud800"]}', ".b"),
        ('{"a":1', ""),
        (nested(DEPTH_MAX + 1), ""),
        ('{"a":' + "[" * 2_000 + "]" * 2_000 + "}", ""),
        (LONG.replace("x", "xx", 1), ""),
    ],
)
def test_what_some_clients_could_not_read_is_refused(text: str, where: str) -> None:
    """With the name of the field, and of what in it is wrong."""
    with pytest.raises(InvalidInput) as refused:
        text_of(Raw(text.encode()))
    assert list(refused.value.fields) == [f"metadata{where}"]


def test_only_utf8_is_text() -> None:
    with pytest.raises(InvalidInput):
        text_of(Raw(b'{"a":"\xff"}'))
