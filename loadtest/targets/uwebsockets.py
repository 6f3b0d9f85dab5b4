"""The uWebSockets peer, which numbers what is sent to a conversation and passes it on."""

from msgspec import json

from loadtest.targets.target import Heard, Kind, Target, encode


class UWebSockets(Target):
    scenarios = ("fanout", "pairs", "latency", "idle")
    acks = False
    catches_up = False

    def socket_path(self, conversation: int, since: int | None) -> str:
        return f"/ws/chat/{conversation}/"

    def message(self, text: str, reference: str) -> bytes:
        return encode({"type": "chat_message", "message": text, "client_id": reference})

    def mark(self, seq: int) -> bytes:
        return b'"seq":%d}' % seq

    def hear(self, frame: bytes) -> Heard:
        said = json.decode(frame)
        return Heard(Kind.DELIVERY, said["seq"], said["seq"], said["client_id"])

    def position_path(self, conversation: int) -> str | None:
        return None
