"""What to send to a kind of server and how to read its frames: only bytes, no I/O."""

from collections.abc import Collection, Sequence
from enum import Enum, auto

from msgspec import Struct, json


class Kind(Enum):
    DELIVERY = auto()
    """A change of the conversation, with its `seq`."""
    ACK = auto()
    """What was sent with `reference` is done. It has a `seq` if it took one."""
    CAUGHT_UP = auto()
    """Everything up to `seq` was delivered."""
    REFUSED = auto()
    """What was sent with `reference` is refused; `text` says why."""
    CALL = auto()
    """The server wants `answer` to be sent."""
    LET_IN = auto()
    """The socket is ready for use."""
    HELLO = auto()
    """The socket for all conversations is ready. `cursor` stands for this moment."""
    OTHER = auto()


class Heard(Struct, frozen=True):
    """A frame of the server. `message` is the id of the message that changed.

    On a socket for all conversations, `conversation` says which one it belongs to, and `cursor` is
    what to come back with.
    """

    kind: Kind
    seq: int | None = None
    message: int | None = None
    reference: str = ""
    text: str = ""
    answer: bytes = b""
    conversation: int = 0
    cursor: str = ""


class Target:
    """A kind of server. It need only do what its `scenarios` need.

    The client makes `reference`, and it comes back in the ack.
    """

    scenarios: Collection[str]
    """The names of the scenarios that can be run against it."""
    reads: Collection[str] = ()
    """Which of the requests `since` and `unread` of `rest` it answers."""
    acks = True
    """Whether it acknowledges. If not, a message is done when it comes back to its sender."""
    greets = False
    """Whether a socket is ready only after a LET_IN."""
    protocol = ""
    """The websocket's subprotocol, where one must be named."""
    names_conversations = False
    """Whether each message names its conversation, as on a socket for all of them."""
    catches_up = True
    """Whether a socket can ask for what it missed."""
    lists = False
    """Whether it has a list of conversations over HTTP."""
    shares_numbers = False
    """Whether one sequence numbers all conversations, so that each alone has gaps."""

    def socket_path(self, conversation: int, since: int | None) -> str:
        """The path of a conversation's socket. With `since`, the socket catches up first."""
        raise NotImplementedError

    def introduction(self, user: int, conversation: int) -> Sequence[bytes]:
        """What a socket of the conversation sends first, at once."""
        return ()

    def user_path(self, cursor: str | None) -> str:
        """The path of a user's socket for all conversations. With `cursor`, it catches up first."""
        raise NotImplementedError

    def message_in(self, conversation: int, text: str, reference: str) -> bytes:
        """The frame that sends a message on a socket for all conversations."""
        raise NotImplementedError

    def newest_path(self, limit: int) -> str:
        """The path of `GET` for the most recently active conversations, if it `lists` them."""
        raise NotImplementedError

    def message(self, text: str, reference: str) -> bytes:
        """The frame that sends a message."""
        raise NotImplementedError

    def edit(self, message: int, text: str, reference: str) -> bytes:
        """The frame that edits one's own message."""
        raise NotImplementedError

    def mark_read(self, message: int, reference: str) -> bytes:
        """The frame that marks everything up to a message as read."""
        raise NotImplementedError

    def typing(self, is_typing: bool) -> bytes:
        """The frame that shows the others that one types. It is not acknowledged."""
        raise NotImplementedError

    def mark(self, seq: int) -> bytes:
        """The bytes with which the delivery of this number ends, and no other frame.

        With a server that is faster than a decoder only these bytes are compared: a frame that
        ends with them is the one that was due. With NEVER every frame is decoded.
        """
        raise NotImplementedError

    def own_mark(self, seq: int, reference: str) -> bytes:
        """The same of the sender's own delivery, where that ends otherwise; empty where it does
        not.
        """
        return b""

    def hear(self, frame: bytes) -> Heard:
        """Decode a frame."""
        raise NotImplementedError

    def position_path(self, conversation: int) -> str | None:
        """The path of `GET` whose answer `position` reads; None if conversations begin new."""
        raise NotImplementedError

    def position(self, answer: bytes) -> int:
        """The present `seq` of the conversation."""
        raise NotImplementedError

    def conversations_path(self) -> str:
        """The path at which `GET` lists the caller's conversations, and `POST` begins one."""
        raise NotImplementedError

    def beginning(self, members: Sequence[int]) -> bytes:
        """The body that begins a conversation of these users, the caller among them."""
        raise NotImplementedError

    def begun(self, answer: bytes) -> int:
        """The id of the conversation that was begun."""
        raise NotImplementedError

    def messages_path(self, conversation: int) -> str:
        """The path of `GET` with `?limit=`, and of the `POST` whose answer `stored` reads."""
        raise NotImplementedError

    def changes_path(self, conversation: int, since: int) -> str:
        """The path of the `GET` for the messages that changed after `since`."""
        raise NotImplementedError

    def stored(self, answer: bytes) -> tuple[int, int]:
        """The `seq` and the id of a message that was posted."""
        raise NotImplementedError

    def attachments_path(self, conversation: int, message: int) -> str:
        """The path of the `POST` of a form with a `file`."""
        raise NotImplementedError


def encode(frame: object) -> bytes:
    return json.encode(frame)
