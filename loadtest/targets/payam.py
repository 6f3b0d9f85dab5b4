"""Payam's own frames and paths."""

from collections.abc import Collection, Sequence

from msgspec import json

from loadtest.targets.target import Heard, Kind, Target, encode


class Payam(Target):
    scenarios: Collection[str] = (
        "fanout",
        "pairs",
        "latency",
        "idle",
        "storm",
        "rest",
        "mixed",
        "soak",
    )

    reads: Collection[str] = ("since", "unread")

    def socket_path(self, conversation: int, since: int | None) -> str:
        path = f"/ws/chat/{conversation}/"
        return path if since is None else f"{path}?since={since}"

    def message(self, text: str, reference: str) -> bytes:
        return encode({"type": "chat_message", "message": text, "client_id": reference})

    def edit(self, message: int, text: str, reference: str) -> bytes:
        change = {"type": "edit_message", "message_id": message, "content": text}
        return encode({**change, "ref": reference})

    def mark_read(self, message: int, reference: str) -> bytes:
        return encode({"type": "mark_read", "message_id": message, "ref": reference})

    def typing(self, is_typing: bool) -> bytes:
        return encode({"type": "typing", "is_typing": is_typing})

    def mark(self, seq: int) -> bytes:
        # An ack has its reference after the number, and text in quotes cannot hold these.
        return b'"seq":%d}' % seq

    def hear(self, frame: bytes) -> Heard:
        said = json.decode(frame)
        kind = said["type"]
        seq = said.get("seq")
        reference = said.get("client_id") or said.get("ref") or ""
        if kind == "ack":
            return Heard(Kind.ACK, seq, said.get("id"), reference)
        if kind == "error":
            return Heard(
                Kind.REFUSED, reference=reference, text=f"{said['code']}: {said['detail']}"
            )
        if kind == "resumed":
            return Heard(Kind.CAUGHT_UP, seq)
        if seq is None:
            return Heard(Kind.OTHER)
        changed = said.get("message")
        message = changed["id"] if changed else said.get("id", said.get("message_id"))
        return Heard(Kind.DELIVERY, seq, message)

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
