"""The relay to the other nodes: a fast path that may lose anything at any time.

A relay carries two kinds of messages. Events of a conversation go to the nodes that subscribe to
it, on the channel `chat_<conversation id>`. Announcements (revoked tokens and others) go to all.

Nothing that calls a relay ever waits for it. The nodes find by `seq` what was lost. So a relay only
has to say when something may be lost: `subscribed` after each new subscription, and `interrupted`
after each new connection.
"""

from collections.abc import Collection, Sequence
from typing import Protocol


class RelayListener(Protocol):
    """The methods that a relay calls in its process."""

    def relayed(self, conversation_id: int, payload: bytes) -> None:
        """Another node published this."""

    def progress(self, seq: int) -> bytes:
        """The payload that has only the present `seq` of a conversation."""
        ...

    def announced(self, payload: bytes) -> None:
        """Another node announced this to all."""

    def subscribed(self, conversation_ids: Sequence[int]) -> None:
        """From now on events of these arrive. Earlier ones may have been missed."""

    def interrupted(self) -> None:
        """Announcements may have been missed."""


class Relay(Protocol):
    has_others: bool
    """Whether there can be other nodes at all."""

    @property
    def is_connected(self) -> bool:
        """Whether the relay works: what this process published came back to it lately."""
        ...

    @property
    def backlog(self) -> int:
        """How many messages wait to be published."""
        ...

    @property
    def trouble(self) -> str:
        """The last problem in one line; empty if there is none."""
        return ""

    def publish(self, conversation_id: int, payload: bytes, seq: int | None) -> None:
        """Publish to the other nodes. `seq` is the position to which the payload's changes lead."""

    def announce(self, payload: bytes) -> None: ...

    async def flush(self) -> None:
        """Wait until everything that was published is sent."""
        ...

    def subscribe(self, conversation_id: int) -> None: ...

    def unsubscribe(self, conversation_id: int) -> None: ...

    def follow(self, conversation_ids: Collection[int]) -> None:
        """Subscribe to exactly what this view has, now and later. So the relay needs no copy of its
        own.

        Each change of it is still said by `subscribe` and `unsubscribe`, after it.
        """
        return

    async def run(self, listener: RelayListener) -> None:
        """Work until cancelled."""
