"""The way to the other processes: a fast path that may lose anything at any time.

A relay carries two kinds of news. What happens in a conversation goes to the processes
that subscribe to it, on the channel `chat_<conversation id>`; what concerns everyone
(revoked tokens) goes to all. Nothing that calls a relay ever waits for it, and whoever
listens finds by `seq` what was lost, so a relay only has to say when that may be:
`subscribed` after each new subscription, `interrupted` after each new connection.
"""

from collections.abc import Sequence
from typing import Protocol


class RelayListener(Protocol):
    """What a relay tells the process that it belongs to."""

    def relayed(self, conversation_id: int, payload: bytes) -> None:
        """Another process published this."""

    def progress(self, seq: int) -> bytes:
        """The payload that says only how far a conversation has come."""
        ...

    def announced(self, payload: bytes) -> None:
        """Another process announced this to all."""

    def subscribed(self, conversation_ids: Sequence[int]) -> None:
        """From now on news of these arrives; what came before may have been missed."""

    def interrupted(self) -> None:
        """Announcements may have been missed."""


class Relay(Protocol):
    has_others: bool
    """Whether there may be other processes at all."""

    @property
    def is_connected(self) -> bool:
        """Whether news comes and goes: what this process published came back to it lately."""
        ...

    @property
    def backlog(self) -> int:
        """How much waits to be published."""
        ...

    @property
    def trouble(self) -> str:
        """What went wrong last, in one line; empty where nothing did."""
        return ""

    def publish(self, conversation_id: int, payload: bytes, seq: int | None) -> None:
        """Tell the other processes; `seq` is the point that a lasting change leads to."""

    def announce(self, payload: bytes) -> None: ...

    async def flush(self) -> None:
        """Wait until what was published is on its way."""
        ...

    def subscribe(self, conversation_id: int) -> None: ...

    def unsubscribe(self, conversation_id: int) -> None: ...

    async def run(self, listener: RelayListener) -> None:
        """Carry news until cancelled."""
