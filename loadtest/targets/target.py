"""How a server is spoken to: pure bytes, no I/O."""

from collections.abc import Collection, Sequence
from enum import Enum, auto

from msgspec import Struct, json


class Kind(Enum):
    DELIVERY = auto()
    """A change of the conversation, with its `seq`."""
    ACK = auto()
    """What `reference` asked for is done; with `seq` where it took one."""
    CAUGHT_UP = auto()
    """Everything up to `seq` has been told."""
    REFUSED = auto()
    """What `reference` asked for is not done; `text` says why."""
    CALL = auto()
    """The server wants `answer` to be sent."""
    LET_IN = auto()
    """The socket is ready for use."""
    OTHER = auto()


class Heard(Struct, frozen=True):
    """A frame of the server. `message` is the id of the message that changed."""

    kind: Kind
    seq: int | None = None
    message: int | None = None
    reference: str = ""
    text: str = ""
    answer: bytes = b""


class Target:
    """A kind of server. It need only do what its `scenarios` ask for.

    `reference` is made up by the client and comes back in the ack.
    """

    scenarios: Collection[str]
    """The names of those that can be run against it."""
    reads: Collection[str] = ()
    """Of the requests `since` and `unread` of `rest`, those that it can be asked."""
    acks = True
    """If not, a message is done when it comes back to its sender."""
    greets = False
    """Whether a socket is ready only after a LET_IN."""
    catches_up = True
    """Whether a socket can ask for what it missed."""
    shares_numbers = False
    """Whether one sequence numbers all conversations, so that each alone has gaps."""

    def socket_path(self, conversation: int, since: int | None) -> str:
        """Where one conversation's socket is; with `since`, one that first catches up."""
        raise NotImplementedError

    def message(self, text: str, reference: str) -> bytes:
        """The frame that sends a message."""
        raise NotImplementedError

    def edit(self, message: int, text: str, reference: str) -> bytes:
        """The frame that changes one's own message."""
        raise NotImplementedError

    def mark_read(self, message: int, reference: str) -> bytes:
        """The frame that reads everything up to a message."""
        raise NotImplementedError

    def typing(self, is_typing: bool) -> bytes:
        """The frame that tells the others; it is not acknowledged."""
        raise NotImplementedError

    def mark(self, seq: int) -> bytes:
        """How a delivery of this number ends, and nothing else does.

        It is all that is looked at where a server is faster than a decoder: a frame that
        ends so is the one that was due. NEVER has every frame looked at.
        """
        raise NotImplementedError

    def hear(self, frame: bytes) -> Heard:
        """What a frame says, taken apart in full."""
        raise NotImplementedError

    def position_path(self, conversation: int) -> str | None:
        """Of `GET`, whose answer `position` reads; None where every conversation is new."""
        raise NotImplementedError

    def position(self, answer: bytes) -> int:
        """The `seq` that the conversation has come to."""
        raise NotImplementedError

    def conversations_path(self) -> str:
        """Of `GET`: all of the caller's conversations. Of `POST`: begins one."""
        raise NotImplementedError

    def beginning(self, members: Sequence[int]) -> bytes:
        """What is posted to begin one with these users, the caller among them."""
        raise NotImplementedError

    def begun(self, answer: bytes) -> int:
        """The id of the conversation that was begun."""
        raise NotImplementedError

    def messages_path(self, conversation: int) -> str:
        """Of `GET` with `?limit=`, and of `POST`, whose answer `stored` reads."""
        raise NotImplementedError

    def changes_path(self, conversation: int, since: int) -> str:
        """Of `GET`: the messages that changed after `since`."""
        raise NotImplementedError

    def stored(self, answer: bytes) -> tuple[int, int]:
        """The `seq` and the id of a message that was posted."""
        raise NotImplementedError

    def attachments_path(self, conversation: int, message: int) -> str:
        """Of `POST`, a form with a `file`."""
        raise NotImplementedError


def encode(frame: object) -> bytes:
    return json.encode(frame)
