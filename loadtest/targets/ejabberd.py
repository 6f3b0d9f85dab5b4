"""The ejabberd peer: rooms (XEP-0045) over XMPP's websockets (RFC 7395).

A room sends a message to everybody in it, its sender too, after it has archived it (XEP-0313). The
archive's id is a time in microseconds, which grows and has gaps.
"""

import re
import secrets
from base64 import b64encode
from collections.abc import Sequence

from loadtest.ledger import NEVER
from loadtest.targets.target import Heard, Kind, Target

FRAMING = "urn:ietf:params:xml:ns:xmpp-framing"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
ROOMS = "http://jabber.org/protocol/muc"
OPEN = f"<open xmlns='{FRAMING}' to='localhost' version='1.0'/>".encode()
ROOM = "c{}@conference.localhost"
MESSAGE = re.compile(rb"<message\b[^>]* id='([^']*)'")
STANZA_ID = re.compile(rb"<stanza-id\b[^>]* id='(\d+)'")


def password_of(user: int) -> str:
    return f"secret-of-{user}"


class Ejabberd(Target):
    scenarios = ("fanout", "pairs", "latency", "idle")
    protocol = "xmpp"
    names_conversations = True
    acks = False
    greets = True
    catches_up = False
    shares_numbers = True

    def socket_path(self, conversation: int, since: int | None) -> str:
        return "/ws"

    def introduction(self, user: int, conversation: int) -> Sequence[bytes]:
        plain = b64encode(f"\0u{user}\0{password_of(user)}".encode()).decode()
        place = f"{user}-{secrets.token_hex(4)}"
        room = f"{ROOM.format(conversation)}/{place}"
        bind = f"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>{place}</resource></bind>"
        signed = f"<auth xmlns='{SASL}' mechanism='PLAIN'>{plain}</auth>"
        named = f"<iq xmlns='jabber:client' type='set' id='bind'>{bind}</iq>"
        entered = f"<presence xmlns='jabber:client' to='{room}'><x xmlns='{ROOMS}'/></presence>"
        return [OPEN, signed.encode(), OPEN, named.encode(), entered.encode()]

    def message_in(self, conversation: int, text: str, reference: str) -> bytes:
        room = ROOM.format(conversation)
        return (
            f"<message xmlns='jabber:client' type='groupchat' to='{room}' id='{reference}'>"
            f"<body>{text}</body></message>"
        ).encode()

    def mark(self, seq: int) -> bytes:
        return NEVER

    def hear(self, frame: bytes) -> Heard:
        said = MESSAGE.match(frame)
        if said:
            archived = STANZA_ID.search(frame)
            if b" type='error'" in frame:
                return Heard(Kind.REFUSED, reference=said[1].decode(), text="an error of XMPP")
            if archived:
                number = int(archived[1])
                return Heard(Kind.DELIVERY, number, number, said[1].decode())
        if b"code='110'" in frame:  # one's own presence: the room is entered
            return Heard(Kind.LET_IN)
        return Heard(Kind.OTHER)

    def position_path(self, conversation: int) -> str | None:
        return None
