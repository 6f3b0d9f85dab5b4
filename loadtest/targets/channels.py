"""The Channels peer: Payam's frames, but with the message's id as the only number."""

from msgspec import json

from loadtest.ledger import NEVER
from loadtest.targets.payam import Payam


class Channels(Payam):
    scenarios = ("fanout", "pairs", "latency", "idle", "rest")
    reads = ()
    shares_numbers = True

    def mark(self, seq: int) -> bytes:
        return NEVER

    def own_mark(self, seq: int, reference: str) -> bytes:
        return b""

    def position_path(self, conversation: int) -> str | None:
        return None

    def stored(self, answer: bytes) -> tuple[int, int]:
        message: int = json.decode(answer)["id"]
        return message, message
