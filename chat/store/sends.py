"""New messages that are being stored. A batch is stored in one transaction:

1. The rows of all its conversations are locked, in the order of their ids. So two nodes never
   wait for each other.
2. Under the locks each conversation's `seq` is advanced, and the messages are inserted. So commit
   order is `seq` order, and id order too, on every node.

A message of somebody who is neither a participant nor an agent is not stored. A message whose
`client_id` its sender has used before in the conversation is a retry: it is not stored either, and
is answered with the first one's id.

Nearly every sender is a participant, so this is checked first, and costs nothing extra. Only
somebody who is refused as a participant is checked as an agent. Each engine has its own way to do
all this, in its `sends.py`.
"""

from hashlib import blake2b
from typing import Any

from chat.errors import Forbidden, KeyReused, NotFound, PayamError
from chat.records import Parent, User
from chat.text.mentions import Named

FIRST_WITH_KEY = """
    SELECT id, created_seq, created_at, fingerprint FROM messages
    WHERE conversation_id = ? AND sender_id = ? AND client_id = ?
"""


class Extras:
    """The fields that only few messages have.

    `named` are the names in the text, and `mentions` the participants who are called so. `reply_to`
    is the id of the message that it replies to, or None, and `parent` that message. `metadata` is
    the text of a JSON object. `mentions` and `parent` are looked for just before it is stored.
    """

    __slots__ = ("mentions", "metadata", "named", "parent", "reply_to")

    def __init__(
        self, named: Named = (), reply_to: int | None = None, metadata: str | None = None
    ) -> None:
        self.named = named
        self.metadata = metadata
        self.reply_to = reply_to
        self.mentions: list[User] = []
        self.parent: Parent | None = None

    @property
    def body(self) -> str:
        """What the client has sent besides the text."""
        reply_to = "" if self.reply_to is None else f"\0{self.reply_to}"
        return reply_to if self.metadata is None else f"{reply_to}\0{self.metadata}"


class Send:
    """One message that is being stored, and afterwards the result.

    `created_at` is in microseconds since 1970. `id` and `seq` are 0 until it is stored.
    `is_repeat` says that it is a retry: `id`, `seq` and `created_at` are then those of the first
    message with this `client_id`. `by_agent` says that the sender is staff and no participant.
    `error` is the sender's answer if it was refused. `extras` is None for a plain message.
    """

    __slots__ = (
        "by_agent",
        "client_id",
        "content",
        "conversation_id",
        "created_at",
        "error",
        "extras",
        "id",
        "is_repeat",
        "sender_id",
        "seq",
        "username",
    )

    def __init__(
        self,
        conversation_id: int,
        sender_id: int,
        username: str,
        content: str,
        client_id: str | None,
        created_at: int,
        extras: Extras | None = None,
    ) -> None:
        self.conversation_id = conversation_id
        self.sender_id = sender_id
        self.username = username
        self.content = content
        self.client_id = client_id
        self.created_at = created_at
        self.extras = extras
        self.id = 0
        self.seq = 0
        self.is_repeat = False
        self.by_agent = False
        self.error: PayamError | None = None

    def begin(self) -> None:
        """Forget the result of an earlier try, which was rolled back."""
        self.id, self.seq, self.error = 0, 0, None
        self.is_repeat = self.by_agent = False

    @property
    def fingerprint(self) -> int | None:
        """64 bits of the body, which show whether the same `client_id` has another body. None
        without a `client_id`.
        """
        if self.client_id is None:
            return None
        body = self.content if self.extras is None else f"{self.content}{self.extras.body}"
        digest = blake2b(body.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)

    def settle_as_repeat(self, first: tuple[Any, ...]) -> None:
        """Take the result from the first message with this `client_id`, a row of FIRST_WITH_KEY."""
        id_, seq, created_at, fingerprint = first
        if fingerprint != self.fingerprint:
            self.error = KeyReused("client_id: was used before, for another message.")
            return
        self.id, self.seq, self.created_at, self.is_repeat = id_, seq, created_at, True


def blocked() -> Forbidden:
    return Forbidden("This user has blocked you.", code="blocked")


def not_a_participant() -> NotFound:
    return NotFound("There is no such conversation for you.")
