"""The nchan peer, which passes on whatever is sent and does not know what it is.

So the sender gives the numbers, and there may be only one sender.
"""

from msgspec import json

from loadtest.targets.target import Heard, Kind, Target, encode


class Nchan(Target):
    scenarios = ("fanout", "latency", "idle")
    acks = False
    catches_up = False

    def socket_path(self, conversation: int, since: int | None) -> str:
        return f"/ws/chat/{conversation}/"

    def message(self, text: str, reference: str) -> bytes:
        return encode({"type": "chat_message", "message": text, "client_id": reference})

    def mark(self, seq: int) -> bytes:
        # A reference ends with the number of messages that its client has sent.
        return b'-%d"}' % seq

    def hear(self, frame: bytes) -> Heard:
        reference: str = json.decode(frame)["client_id"]
        number = int(reference.rpartition("-")[2])
        return Heard(Kind.DELIVERY, number, number, reference)

    def position_path(self, conversation: int) -> str | None:
        return None
