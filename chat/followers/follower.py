"""What follows the changes of conversations, and keeps in the database how far it is."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from chat.events import Change
from chat.store.spans import Span


class Durable(ABC):
    """One of the deployment: all processes that have it share its work.

    `name` stands in the database and never changes. `with_past` says where it begins when it is
    new: with all that has happened (as search must), or with what comes from then on.
    """

    name: ClassVar[str]
    with_past: ClassVar[bool]


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

    @abstractmethod
    async def handle(self, conversation_id: int, changes: Sequence[Change]) -> None:
        """Take the next changes of a conversation, in the order of their `seq`.

        Each comes at least once, and again where a process died in between, so handling it
        twice must do no harm. Of one conversation there is one call at a time, on all nodes.
        Whatever this raises puts the conversation off, with the same changes, and no other
        conversation. It is cancelled when its lease could not be renewed.
        """
