"""Frames that say nothing we understand: which field is named, and whose `ref` comes back."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chat.realtime import protocol, server_frames
from chat.realtime.protocol import MalformedFrame, decode

TOO_LARGE = 2**63


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "frame"),
        ("nonsense", "frame"),
        ('{"type":"typing","is_typing":true', "frame"),
        ('{"type":"typing","is_typing":true} x', "frame"),
        ("[]", "frame"),
        ('"typing"', "frame"),
        ("null", "frame"),
        ("{}", "type"),
        ('{"type":"shout"}', "type"),
        ('{"type":"shout"', "type"),
        ('{"type":3}', "type"),
        ('{"type":"a - at `$.message`"}', "type"),
        ('{"type":"chat_message"}', "message"),
        ('{"type":"chat_message","message":1}', "message"),
        ('{"type":"chat_message","message":null}', "message"),
        ('{"type":"chat_message","message":"a","client_id":5}', "client_id"),
        ('{"type":"edit_message","message_id":1}', "content"),
        ('{"type":"edit_message","message_id":"1","content":"a"}', "message_id"),
        ('{"type":"delete_message","message_id":1.5}', "message_id"),
        ('{"type":"delete_message","message_id":true}', "message_id"),
        ('{"type":"delete_message","message_id":0}', "message_id"),
        (f'{{"type":"delete_message","message_id":{TOO_LARGE}}}', "message_id"),
        (f'{{"type":"mark_read","message_id":{"9" * 5000}}}', "message_id"),
        ('{"type":"typing","is_typing":1}', "is_typing"),
        ('{"type":"resume","since":"5"}', "since"),
        ('{"type":"auth"}', "token"),
        ('{"type":"typing","is_typing":true,"ref":7}', "ref"),
        (json.dumps({"type": "typing", "is_typing": True, "ref": "x" * 65}), "ref"),
        ('{"type":"chat_message","message":' + "[" * 100_000, "message"),
        ('{"more":' + "[" * 100_000, "more"),
        ('{"type":"typing","is_typing":true,"mesage":1}', "mesage"),
        ('{"type":"chat_message","message":"a","colour":"red"}', "colour"),
        ('{"type":"chat_message","mesage":"a"}', "mesage"),
        ('{"type":"delete_message","message_id":1,"content":"a"}', "content"),
        ('{"type":"resume","since":1,"snce":2}', "snce"),
        ('{"type":"typing","is_typing":true,"":1}', '""'),
        ('{"type":"chat_message","message":"\\ud83d"}', "message"),
        ('{"type":"edit_message","message_id":1,"content":"\\ude00!"}', "content"),
        ('{"type":"edit_message","message_id":{"a":"\\ud83d"},"content":"a"}', "message_id"),
        ('{"type":"chat_message","message":"a","metadata":{"b":{"c":"\\ud83d"}}}', "metadata.b.c"),
        ('{"type":"chat_message","message":"a","metadata":{"\\ud83d":1}}', "metadata"),
        ('{"type":"resume","since":{"1":5,"12":"x","13":[]}}', "since.12"),
        ('{"type":"resume","since":{"1":5,"12":2.5,"13":7}}', "since.12"),
        ('{"type":"resume","since":{"12":"x"},"since":5}', "since"),
        ('{"type":"resume","since":{"12":"x"}} x', "since"),
        ('{"type":"resume","since":[1]}', "since"),
    ],
)
def test_a_malformed_frame_names_the_field(text: str, field: str) -> None:
    """Or the frame itself, where none is at fault; the sentence is ours to show."""
    with pytest.raises(MalformedFrame) as caught:
        decode(text)
    assert list(caught.value.fields) == [field]
    assert caught.value.code == "malformed_frame"


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ('{"type":"shout","ref":"r"}', "r"),
        ('{"type":"chat_message","message":1,"ref":"r"}', "r"),
        ('{"ref":"r"}', "r"),
        ('{"type":"shout","ref":5}', None),
        (json.dumps({"type": "shout", "ref": "x" * 65}), None),
        ('{"type":"shout","ref":"r"', "r"),
        ('{"type":"shout"}', None),
        ('["r"]', None),
        ('{"type":"shout","more":' + "[" * 100_000, None),
    ],
)
def test_a_malformed_frame_keeps_its_ref_where_it_has_one(text: str, ref: str | None) -> None:
    """So that a client knows which of its frames it was."""
    with pytest.raises(MalformedFrame) as caught:
        decode(text)
    assert caught.value.ref == ref


def test_an_absurd_name_is_cut_short() -> None:
    """What comes back is no longer than it has to be."""
    with pytest.raises(MalformedFrame) as caught:
        decode(json.dumps({"type": "typing", "x" * 60_000: 1}))
    assert len(caught.value.detail) < 300


FIELDS = ["type", "message", "message_id", "content", "is_typing", "since", "token", "ref"]
TYPES = ["chat_message", "edit_message", "delete_message", "typing", "mark_read", "resume", "auth"]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
nearly = st.dictionaries(
    st.sampled_from([*FIELDS, "client_id"]), values | st.sampled_from(TYPES), max_size=6
)


@settings(max_examples=200)
@given(nearly | values)
@example({"type": "chat_message", "message": "\ud800"})
@example({"type": "typing", "is_typing": True, "ref": "\udc00"})
def test_any_json_is_a_frame_or_malformed(value: Any) -> None:
    """Nothing else comes out, and what comes out can be sent to a client."""
    check(json.dumps(value))


@settings(max_examples=200)
@given(st.text(), st.integers(0, 100))
def test_any_text_is_a_frame_or_malformed(text: str, cut: int) -> None:
    """Also a frame that was cut short, or had something put into it."""
    check(text)
    whole = '{"type":"chat_message","message":"hello","client_id":"key","ref":"r"}'
    check(whole[:cut])
    check(whole[:cut] + text + whole[cut:])


def check(text: str) -> None:
    try:
        frame = decode(text)
    except MalformedFrame as error:
        heard = protocol.error_frame(error, ref=error.ref)
        assert b'"code":"malformed_frame"' in heard
    else:
        heard = protocol.frame_of(server_frames.Ack(ref=frame.ref or "none"))
        assert b'"type":"ack"' in heard
