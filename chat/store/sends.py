"""New messages on their way to the disk: a batch is stored in one transaction.

For each conversation of the batch, its row's lock is taken first (in id order, so that
two nodes never wait for each other in a circle), then its `seq` is advanced and the
rows inserted under that lock: commit order is `seq` order, and id order too, on every
node. Who is neither a participant any more nor an agent stores nothing. A message whose
sender has used its `client_id` before stores nothing either, and is answered with the
first one's id.

Nearly every sender is a participant, so that is asked first, and costs nothing extra; only
who is refused as one is looked at as an agent. How it is done is in `sends.py` of each engine.
"""

from hashlib import blake2b
from typing import Any

from chat.errors import KeyReused, NotFound, PayamError

FIRST_WITH_KEY = """
    SELECT id, conversation_id, created_seq, created_at, fingerprint FROM messages
    WHERE sender_id = ? AND client_id = ?
"""


class Send:
    """One message on its way to the disk, and then what became of it.

    `created_at` is in microseconds since the epoch. `id` and `seq` are 0 until it is
    stored; `is_repeat` says that they, and `created_at`, are those of the first message
    with this `client_id`. `by_agent` says that the sender is staff and no participant.
    `error` is what the sender is told instead.
    """

    __slots__ = (
        "by_agent",
        "client_id",
        "content",
        "conversation_id",
        "created_at",
        "error",
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
    ) -> None:
        self.conversation_id = conversation_id
        self.sender_id = sender_id
        self.username = username
        self.content = content
        self.client_id = client_id
        self.created_at = created_at
        self.id = 0
        self.seq = 0
        self.is_repeat = False
        self.by_agent = False
        self.error: PayamError | None = None

    def begin(self) -> None:
        """Forget what became of an earlier try, which was rolled back."""
        self.id, self.seq, self.error = 0, 0, None
        self.is_repeat = self.by_agent = False

    @property
    def fingerprint(self) -> int | None:
        """64 bits of the body, kept to tell a retry from another message; None without a key."""
        if self.client_id is None:
            return None
        digest = blake2b(self.content.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)

    def settle_as_repeat(self, first: tuple[Any, ...]) -> None:
        """`first` is what FIRST_WITH_KEY found."""
        id_, conversation_id, seq, created_at, fingerprint = first
        if conversation_id != self.conversation_id or fingerprint != self.fingerprint:
            self.error = KeyReused("client_id: was used before, for another message.")
            return
        self.id, self.seq, self.created_at, self.is_repeat = id_, seq, created_at, True


def not_a_participant() -> NotFound:
    return NotFound("There is no such conversation for you.")
