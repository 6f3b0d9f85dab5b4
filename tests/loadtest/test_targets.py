"""How the load tester tells the frames of each server apart."""

import json

import pytest

from loadtest.ledger import NEVER
from loadtest.targets import TARGETS
from loadtest.targets.target import Heard, Kind

PAYAM, CHANNELS, SOCKETIO, NCHAN, UWEBSOCKETS, EJABBERD = (
    TARGETS[name] for name in ("payam", "channels", "socketio", "nchan", "uwebsockets", "ejabberd")
)
ROOM_SAYS = (
    b"<message xmlns='jabber:client' to='u2@localhost/2-a' from='c1@conference.localhost/1-b'"
    b" type='groupchat' id='a-0-7'><archived by='c1@conference.localhost' id='1795'"
    b" xmlns='urn:xmpp:mam:tmp'/><stanza-id by='c1@conference.localhost' id='1796'"
    b" xmlns='urn:xmpp:sid:0'/><body>hi</body></message>"
)


@pytest.mark.parametrize(
    ("name", "frame", "heard"),
    [
        (
            "payam",
            b'{"type":"ack","client_id":"a-1","id":5,"seq":9,"timestamp":"t"}',
            Heard(Kind.ACK, 9, 5, "a-1"),
        ),
        ("payam", b'{"type":"ack","ref":"a-2"}', Heard(Kind.ACK, reference="a-2")),
        (
            "payam",
            b'{"type":"chat.message","id":5,"sender":"ali","content":"hi","seq":9}',
            Heard(Kind.DELIVERY, 9, 5),
        ),
        (
            "payam",
            b'{"type":"message.edited","message":{"id":5,"content":"ho"},"seq":10}',
            Heard(Kind.DELIVERY, 10, 5),
        ),
        (
            "payam",
            b'{"type":"message.deleted","message_id":5,"seq":11}',
            Heard(Kind.DELIVERY, 11, 5),
        ),
        ("payam", b'{"type":"user.typing","user":"ali","is_typing":true}', Heard(Kind.OTHER)),
        ("payam", b'{"type":"resumed","seq":11}', Heard(Kind.CAUGHT_UP, 11)),
        (
            "payam",
            b'{"type":"error","code":"invalid","detail":"No.","ref":"a-3"}',
            Heard(Kind.REFUSED, reference="a-3", text="invalid: No."),
        ),
        ("socketio", b'0{"sid":"x"}', Heard(Kind.CALL, answer=b"40")),
        ("socketio", b"2", Heard(Kind.CALL, answer=b"3")),
        ("socketio", b'40{"sid":"x"}', Heard(Kind.LET_IN)),
        (
            "socketio",
            b'44{"message":"not_found"}',
            Heard(Kind.REFUSED, text='{"message":"not_found"}'),
        ),
        (
            "socketio",
            b'42["ack",{"client_id":"a-1","id":5,"seq":5}]',
            Heard(Kind.ACK, 5, 5, "a-1"),
        ),
        ("socketio", b'42["chat.message",{"id":5,"seq":5}]', Heard(Kind.DELIVERY, 5, 5)),
        ("socketio", b'42["resumed",{"seq":5}]', Heard(Kind.CAUGHT_UP, 5)),
        (
            "nchan",
            b'{"type":"chat_message","message":"hi","client_id":"a-0-7"}',
            Heard(Kind.DELIVERY, 7, 7, "a-0-7"),
        ),
        (
            "uwebsockets",
            b'{"type":"chat_message","message":"hi","client_id":"a-0-7","seq":9}',
            Heard(Kind.DELIVERY, 9, 9, "a-0-7"),
        ),
        ("ejabberd", ROOM_SAYS, Heard(Kind.DELIVERY, 1796, 1796, "a-0-7")),
        (
            "ejabberd",
            b"<presence to='u1@localhost/a'><x><status code='110'/></x></presence>",
            Heard(Kind.LET_IN),
        ),
        (
            "ejabberd",
            b"<message xmlns='jabber:client' type='error' id='a-0-7'><error/></message>",
            Heard(Kind.REFUSED, reference="a-0-7", text="an error of XMPP"),
        ),
        (
            "ejabberd",
            b"<message to='u1@localhost/a' type='groupchat'><subject/></message>",
            Heard(Kind.OTHER),
        ),
    ],
)
def test_a_frame_says_the_same_in_every_wording(name: str, frame: bytes, heard: Heard) -> None:
    """Expected: each server's own wording of the same few things."""
    assert TARGETS[name].hear(frame) == heard


def test_a_mark_ends_the_delivery_of_its_number_and_nothing_else() -> None:
    """Expected: neither another number, nor an ack, nor a text that imitates it."""
    mark = PAYAM.mark(12)
    assert b'{"type":"chat.message","content":"hi","seq":12}'.endswith(mark)
    imitation = json.dumps({"type": "user.typing", "user": '"seq":12}'}).encode()
    for other in (b'{"seq":112}', b'{"type":"ack","id":5,"seq":12,"client_id":"a"}', imitation):
        assert not other.endswith(mark)


def test_the_own_mark_ends_the_senders_own_delivery_and_nothing_else() -> None:
    """Expected: neither that of another number or reference, nor an ack, nor a text like it."""
    mark = PAYAM.own_mark(12, "a-1")
    assert b'{"type":"chat.message","content":"hi","seq":12,"client_id":"a-1"}'.endswith(mark)
    imitation = json.dumps({"content": '"seq":12,"client_id":"a-1"}'}).encode()
    for other in (
        b'{"type":"chat.message","seq":112,"client_id":"a-1"}',
        b'{"type":"chat.message","seq":12,"client_id":"b-a-1"}',
        b'{"type":"chat.message","seq":12}',
        b'{"type":"ack","client_id":"a-1","id":5,"seq":12,"timestamp":"t"}',
        imitation,
    ):
        assert not other.endswith(mark)
    assert not CHANNELS.own_mark(12, "a-1")


def test_the_mark_of_a_server_without_numbers_is_the_senders() -> None:
    """Expected: the frame that was sent, which comes back as it is, ends so."""
    assert UWEBSOCKETS.mark(12) == PAYAM.mark(12)
    assert NCHAN.message("hi", "a-0-12").endswith(NCHAN.mark(12))
    assert not NCHAN.message("hi", "a-0-112").endswith(NCHAN.mark(12))


def test_every_frame_of_shared_numbers_is_looked_at() -> None:
    """Expected: no mark, since the next number may belong to another conversation."""
    assert CHANNELS.mark(1) == SOCKETIO.mark(1) == EJABBERD.mark(1) == NEVER
    assert CHANNELS.shares_numbers
    assert SOCKETIO.shares_numbers


def test_a_socketio_message_is_an_event_packet() -> None:
    """Expected: packet type 42, then the event's name and its one argument."""
    frame = SOCKETIO.message("سلام", "abc-7")
    assert frame.startswith(b"42")
    assert json.loads(frame[2:]) == ["chat_message", {"message": "سلام", "client_id": "abc-7"}]


def test_since_is_asked_only_of_those_who_catch_up() -> None:
    """Expected: each wording's own place for it, and none at nchan."""
    assert PAYAM.socket_path(3, 5) == CHANNELS.socket_path(3, 5) == "/ws/chat/3/?since=5"
    assert SOCKETIO.socket_path(3, 5).endswith("conversation=3&since=5")
    assert not NCHAN.catches_up


def test_a_socket_of_xmpp_signs_in_and_enters_its_room() -> None:
    """Expected: one frame each, and a message that names the room again."""
    frames = [frame.decode() for frame in EJABBERD.introduction(7, 3)]
    assert [frame.split(maxsplit=1)[0] for frame in frames] == [
        "<open",
        "<auth",
        "<open",
        "<iq",
        "<presence",
    ]
    assert "to='c3@conference.localhost/7-" in frames[-1]
    assert b" to='c3@conference.localhost' " in EJABBERD.message_in(3, "hi", "a-0-7")
    assert PAYAM.introduction(7, 3) == ()
