"""Payam's own frames and paths."""

from collections.abc import Collection, Sequence
from urllib.parse import quote

from msgspec import Raw, Struct, json

from loadtest.targets.target import Heard, Kind, Target, encode


class Changed(Struct):
    id: int


class Frame(Struct):
    """The fields that are read of any frame of the server."""

    type: str
    seq: int | None = None
    id: int | None = None
    message_id: int | None = None
    client_id: str | None = None
    ref: str | None = None
    code: str = ""
    detail: str = ""
    message: Changed | None = None
    conversation: Raw = Raw()
    """A number; in one kind of frame a whole conversation."""
    cursor: str = ""

    @property
    def place(self) -> int:
        text = bytes(self.conversation)
        return int(text) if text.isdigit() else 0

    @property
    def reference(self) -> str:
        return self.client_id or self.ref or ""


class Ack(Struct):
    """The same of an ack. Every message has one, so it is worth a decoder of its own."""

    client_id: str | None = None
    id: int | None = None
    seq: int | None = None
    ref: str | None = None


ACK = b'{"type":"ack"'
"""How an ack begins."""


class NewMessage(Struct, tag_field="type", tag="chat_message"):
    message: str
    client_id: str


class NewMessageIn(NewMessage, tag_field="type", tag="chat_message"):
    conversation: int


decode = json.Decoder(Frame).decode
decode_ack = json.Decoder(Ack).decode


class Payam(Target):
    scenarios: Collection[str] = (
        "fanout",
        "pairs",
        "latency",
        "idle",
        "storm",
        "everything",
        "rest",
        "mixed",
        "soak",
    )

    reads: Collection[str] = ("since", "unread")
    lists = True

    def socket_path(self, conversation: int, since: int | None) -> str:
        path = f"/ws/chat/{conversation}/"
        return path if since is None else f"{path}?since={since}"

    def user_path(self, cursor: str | None) -> str:
        return "/ws/" if cursor is None else f"/ws/?cursor={quote(cursor)}"

    def message_in(self, conversation: int, text: str, reference: str) -> bytes:
        return encode(NewMessageIn(text, reference, conversation))

    def newest_path(self, limit: int) -> str:
        return f"{self.conversations_path()}?limit={limit}"

    def message(self, text: str, reference: str) -> bytes:
        return encode(NewMessage(text, reference))

    def edit(self, message: int, text: str, reference: str) -> bytes:
        change = {"type": "edit_message", "message_id": message, "content": text}
        return encode({**change, "ref": reference})

    def mark_read(self, message: int, reference: str) -> bytes:
        return encode({"type": "mark_read", "message_id": message, "ref": reference})

    def typing(self, is_typing: bool) -> bytes:
        return encode({"type": "typing", "is_typing": is_typing})

    def mark(self, seq: int) -> bytes:
        # An ack has its reference after the number, and a JSON text cannot contain these bytes.
        return b'"seq":%d}' % seq

    def own_mark(self, seq: int, reference: str) -> bytes:
        return b'"seq":%d,"client_id":"%b"}' % (seq, reference.encode())

    def hear(self, frame: bytes) -> Heard:
        if frame.startswith(ACK):
            ack = decode_ack(frame)
            return Heard(Kind.ACK, ack.seq, ack.id, ack.client_id or ack.ref or "")
        said = decode(frame)
        if said.type == "error":
            text = f"{said.code}: {said.detail}"
            return Heard(Kind.REFUSED, reference=said.reference, text=text)
        if said.type == "resumed":
            return Heard(Kind.CAUGHT_UP, said.seq, cursor=said.cursor)
        if said.type == "hello":
            return Heard(Kind.HELLO, cursor=said.cursor)
        if said.seq is None:
            return Heard(Kind.OTHER, cursor=said.cursor)
        message = said.message_id if said.id is None else said.id
        if said.message is not None:
            message = said.message.id
        return Heard(Kind.DELIVERY, said.seq, message, conversation=said.place)

    def position_path(self, conversation: int) -> str | None:
        return f"/api/conversations/{conversation}/"

    def position(self, answer: bytes) -> int:
        seq: int = json.decode(answer)["seq"]
        return seq

    def conversations_path(self) -> str:
        return "/api/conversations/"

    def beginning(self, members: Sequence[int]) -> bytes:
        return encode({"participants": list(members)})

    def begun(self, answer: bytes) -> int:
        number: int = json.decode(answer)["id"]
        return number

    def messages_path(self, conversation: int) -> str:
        return f"/api/conversations/{conversation}/messages/"

    def changes_path(self, conversation: int, since: int) -> str:
        return f"{self.messages_path(conversation)}?since={since}"

    def stored(self, answer: bytes) -> tuple[int, int]:
        message = json.decode(answer)
        return message["seq"], message["id"]

    def attachments_path(self, conversation: int, message: int) -> str:
        return f"{self.messages_path(conversation)}{message}/attachments/"
