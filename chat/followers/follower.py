"""What follows the changes of conversations, and keeps in the database how far it is."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from chat.events import Change
from chat.store.spans import Span

PARALLEL = 8
"""Most conversations that a process works on at once, per follower."""


class Later(Exception):
    """A follower has the changes up to `seq`, and goes on from there in `pause` seconds.

    `is_failure` says that something failed. The conversation's failures in a row are counted.
    """

    def __init__(self, seq: int, pause: float, *, is_failure: bool) -> None:
        super().__init__(f"up to {seq}, and again in {pause:.0f} s")
        self.seq = seq
        self.pause = pause
        self.is_failure = is_failure


class Durable(ABC):
    """One of the deployment: all processes that have it share its work.

    `name` stands in the database and never changes. `with_past` says where it begins when it is
    new: with all that has happened (as search must), or with what comes from then on. With None
    it does not begin by itself: whoever makes it does that (`store.followers.prepare`).
    """

    name: str
    with_past: bool | None
    yields = True
    """Whether it works less while senders are busy, because they would wait for it."""


class Gatherer(Durable):
    """It takes what happened in many conversations at once, and keeps it in the database."""

    @abstractmethod
    async def gather(self, spans: Sequence[Span]) -> None:
        """Take up what happened in these spans, and settle them in the same transaction.

        Where another process was at work on some of them, those are left out. Whatever this
        raises puts off the conversations that raise it also one by one.
        """


class Follower(Durable):
    """It is handed the changes of one conversation after the other."""

    def room(self, working: int) -> int:
        """The number of conversations in which it may begin work now, besides `working`."""
        return PARALLEL - working

    @abstractmethod
    async def handle(self, conversation_id: int, changes: Sequence[Change]) -> None:
        """Take the next changes of a conversation, in the order of their `seq`.

        Each comes at least once, and again where a process died in between, so handling it
        twice must do no harm. Of one conversation there is one call at a time, on all nodes.
        Whatever this raises puts the conversation off, with the same changes, and no other
        conversation; `Later` says by itself from where and when to go on. It is cancelled when
        its lease could not be renewed.
        """
