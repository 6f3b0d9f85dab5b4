"""Frames in and out, without a socket."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import records
from chat.changes.attachments import AttachmentAdded
from chat.changes.conversations import ConversationUpdated
from chat.changes.messages import EditedMessage, MessageDeleted, MessageEdited
from chat.changes.participants import ParticipantJoined, ParticipantLeft
from chat.changes.support_tickets import TicketUpdated
from chat.errors import KeyReused, RateLimited
from chat.events import MessageRead, MessageSent, ServerFrame, UserTyping
from chat.realtime import client_frames, protocol
from chat.realtime.framing import TEXT

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
ALI = records.User(1, "ali")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=10,
)


def payload(frame: bytes) -> dict[str, Any]:
    """The JSON of a short server frame."""
    assert frame[0] == 0x80 | TEXT
    skip = 2 if frame[1] < 126 else 4
    decoded: dict[str, Any] = json.loads(frame[skip:])
    return decoded


def wrong_fields(text: str) -> list[str] | None:
    """The names of what is wrong; None for a frame that is in order."""
    try:
        protocol.decode(text)
    except protocol.MalformedFrame as error:
        return list(error.fields)
    return None


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        (
            '{"type":"chat_message","message":"سلام"}',
            client_frames.ChatMessage("سلام"),
        ),
        (
            '{"type":"chat_message","message":"x","client_id":"c","ref":"r"}',
            client_frames.ChatMessage("x", "c", "r"),
        ),
        (
            '{"type":"edit_message","message_id":123,"content":"y"}',
            client_frames.EditMessage(123, "y"),
        ),
        ('{"type":"delete_message","message_id":123}', client_frames.DeleteMessage(123)),
        ('{"type":"typing","is_typing":true}', client_frames.Typing(True)),
        ('{"message_id":5,"type":"mark_read"}', client_frames.MarkRead(5)),
        ('{"type":"resume","since":0,"ref":"r"}', client_frames.Resume(0, "r")),
        ('{"type":"auth","token":"t"}', client_frames.Auth("t")),
    ],
)
def test_every_frame_is_understood(text: str, frame: client_frames.AnyClientFrame) -> None:
    """In any order of fields."""
    assert protocol.decode(text) == frame


@given(st.text(st.characters(codec="utf-8"), max_size=50) | JSON.map(json.dumps))
def test_whatever_comes_is_a_frame_or_malformed(text: str) -> None:
    """Nothing else is ever raised, and the error names a field."""
    assert wrong_fields(text) != []


@given(JSON)
def test_a_frame_with_anything_in_it_is_a_frame_or_malformed(value: Any) -> None:
    """Of each kind, with any value in each of its fields."""
    for kind in ("chat_message", "edit_message", "typing", "resume", "auth"):
        fields = ("message", "message_id", "content", "is_typing", "since", "token", "ref")
        for field in fields:
            assert wrong_fields(json.dumps({"type": kind, field: value})) != []


def test_a_malformed_frame_keeps_its_ref() -> None:
    """So that a client knows which of its frames it was; a ref too long is not kept."""
    with pytest.raises(protocol.MalformedFrame) as error:
        protocol.decode('{"type":"chat_message","ref":"mine"}')
    assert (error.value.ref, list(error.value.fields)) == ("mine", ["message"])
    with pytest.raises(protocol.MalformedFrame) as error:
        protocol.decode(json.dumps({"type": "typing", "is_typing": True, "ref": "r" * 65}))
    assert (error.value.ref, list(error.value.fields)) == (None, ["ref"])


DEEP = "[" * 1100 + "]" * 1100
HALF = '"\\ud83d"'


@pytest.mark.parametrize(
    ("text", "ref", "field"),
    [
        (f'{{"type":"chat_message","metadata":{DEEP},"ref":"R\\u0031"}}', "R1", "metadata"),
        (f'{{"ref":"R1","x":[{{"ref":"no"}}],"type":{DEEP}}}', "R1", "type"),
        (f'{{"type":"typing","is_typing":{HALF},"ref":"R1"}}', "R1", "is_typing"),
        (f'{{"x":{{"ref":"no"}},"type":{HALF}}}', None, "type"),
        (f'{{"x":"\\"ref\\":","type":{HALF},"y":["ref","no"]}}', None, "type"),
        (f'{{"type":{DEEP},"ref":{HALF}}}', None, "type"),
        (f'{{"type":{DEEP},"ref":"{"r" * 65}"}}', None, "type"),
        (f'{{"type":{DEEP},"ref":7}}', None, "type"),
        ("[" * 30_000, None, "frame"),
        ('{"type":"typing","is_typing":true,"x":' + "[" * 30_000, None, "x"),
    ],
)
def test_what_cannot_be_decoded_is_named_and_keeps_its_ref(
    text: str, ref: str | None, field: str
) -> None:
    """However deep it is, and whatever stands within it."""
    with pytest.raises(protocol.MalformedFrame) as error:
        protocol.decode(text)
    assert (error.value.ref, list(error.value.fields)) == (ref, [field])


CUSTOMER = records.Profile(1, "ali")
TICKET = records.SupportTicket(3, 7, "help", "open", "normal", CUSTOMER, None, "then", "then")
FILE = records.Attachment(4, 9, "a.txt", 1, "text/plain", "/api/…", "then")


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (
            MessageSent(456, "ali", "سلام", "2023-10-27T10:00:00Z", seq=5),
            {
                "type": "chat.message",
                "id": 456,
                "sender": "ali",
                "content": "سلام",
                "timestamp": "2023-10-27T10:00:00Z",
                "seq": 5,
            },
        ),
        (
            MessageEdited(EditedMessage(123, "جدید"), seq=6),
            {"type": "message.edited", "message": {"id": 123, "content": "جدید"}, "seq": 6},
        ),
        (
            MessageDeleted(123, seq=7),
            {"type": "message.deleted", "message_id": 123, "seq": 7},
        ),
        (
            UserTyping("ali", True),
            {"type": "user.typing", "user": "ali", "is_typing": True},
        ),
        (
            MessageRead("ali", 123),
            {"type": "message.read", "user": "ali", "message_id": 123},
        ),
        (
            ParticipantJoined(ALI, seq=8),
            {
                "type": "participant.joined",
                "participant": {"id": 1, "username": "ali"},
                "seq": 8,
            },
        ),
        (
            ParticipantLeft(ALI, seq=9),
            {"type": "participant.left", "participant": {"id": 1, "username": "ali"}, "seq": 9},
        ),
        (
            ConversationUpdated("", seq=10),
            {"type": "conversation.updated", "title": "", "seq": 10},
        ),
    ],
)
def test_every_frame_has_exactly_its_fields(frame: ServerFrame, expected: dict[str, Any]) -> None:
    """In JSON, with nothing that is not set."""
    assert payload(protocol.frame_of(frame)) == expected


def test_tickets_and_attachments_are_sent_whole() -> None:
    """As HTTP shows them."""
    ticket = payload(protocol.frame_of(TicketUpdated(TICKET, seq=1)))
    assert ticket["support_ticket"]["created_by"] == {"id": 1, "username": "ali"}
    assert ticket["support_ticket"]["assigned_to"] is None
    attachment = payload(protocol.frame_of(AttachmentAdded(9, FILE, seq=2)))
    assert (attachment["message_id"], attachment["attachment"]["name"]) == (9, "a.txt")


def test_flags_are_sent_only_when_they_are_set() -> None:
    """To who learns of a message late."""
    late = MessageSent(1, "ali", "", "then", is_edited=True, is_deleted=True, seq=5)
    frame = payload(protocol.frame_of(late))
    assert (frame["is_edited"], frame["is_deleted"]) == (True, True)


def test_errors_say_what_a_client_needs() -> None:
    """A code, a sentence, and what belongs to them; nothing that is not set."""
    limited = payload(protocol.error_frame(RateLimited("Slowly.", retry_after=0.25), ref="r"))
    assert limited == {
        "type": "error",
        "code": "rate_limited",
        "detail": "Slowly.",
        "retry_after": 0.25,
        "ref": "r",
    }
    reused = payload(protocol.error_frame(KeyReused("Used."), client_id="k"))
    assert reused == {
        "type": "error",
        "code": "key_reused",
        "detail": "Used.",
        "client_id": "k",
    }
