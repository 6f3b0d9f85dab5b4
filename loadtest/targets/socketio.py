"""The Socket.IO peer: its packets over a plain websocket.

A packet is a digit of Engine.IO's protocol, version 4, then for its messages one of
Socket.IO's, version 5, then JSON.
"""

from msgspec import json

from loadtest.ledger import NEVER
from loadtest.targets.target import Heard, Kind, Target, encode

OPEN, PING, PONG = b"0", b"2", b"3"
CONNECT, EVENT, CONNECT_ERROR = b"40", b"42", b"44"


class SocketIO(Target):
    scenarios = ("fanout", "pairs", "latency", "idle", "storm", "everything")
    greets = True
    shares_numbers = True

    def socket_path(self, conversation: int, since: int | None) -> str:
        path = f"/socket.io/?EIO=4&transport=websocket&conversation={conversation}"
        return path if since is None else f"{path}&since={since}"

    def user_path(self, cursor: str | None) -> str:
        path = "/socket.io/?EIO=4&transport=websocket&everything=1"
        return path if cursor is None else f"{path}&cursor={cursor}"

    def message_in(self, conversation: int, text: str, reference: str) -> bytes:
        said = {"message": text, "client_id": reference, "conversation": conversation}
        return EVENT + encode(["chat_message", said])

    def message(self, text: str, reference: str) -> bytes:
        return EVENT + encode(["chat_message", {"message": text, "client_id": reference}])

    def mark(self, seq: int) -> bytes:
        return NEVER

    def hear(self, frame: bytes) -> Heard:
        if frame.startswith(EVENT):
            name, said = json.decode(frame[len(EVENT) :])
            if name == "ack":
                return Heard(Kind.ACK, said["seq"], said["id"], said["client_id"])
            if name == "hello":
                return Heard(Kind.HELLO, cursor=said["cursor"])
            if name == "resumed":
                return Heard(Kind.CAUGHT_UP, said["seq"])
            conversation = said.get("conversation", 0)
            return Heard(Kind.DELIVERY, said["seq"], said["id"], conversation=conversation)
        if frame.startswith(CONNECT_ERROR):
            return Heard(Kind.REFUSED, text=frame[len(CONNECT_ERROR) :].decode())
        if frame.startswith(CONNECT):
            return Heard(Kind.LET_IN)
        if frame.startswith(OPEN):
            return Heard(Kind.CALL, answer=CONNECT)
        if frame.startswith(PING):
            return Heard(Kind.CALL, answer=PONG)
        return Heard(Kind.OTHER)

    def position_path(self, conversation: int) -> str | None:
        return None
