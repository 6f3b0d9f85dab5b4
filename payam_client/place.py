"""How far a conversation is known, pure: what of the server's frames is news.

What was missed comes in the order of last changes. A message that was sent long ago and
edited just now comes last, so while catching up no `seq` says that everything before it
is known: a connection that is cut meanwhile begins again from the same `since`, and only
what was not told is told.
"""

from payam_client.events import (
    AnyEvent,
    EditedMessage,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    Resumed,
)


class Place:
    """Everything up to `since` is known; it is where to resume."""

    def __init__(self, since: int) -> None:
        self.since = since
        self._upto = since
        self._told: set[int] = set()
        self._is_catching_up = False

    def begin(self) -> None:
        """A connection begins, with `since`."""
        self._is_catching_up = True

    def see(self, event: AnyEvent) -> AnyEvent | None:
        """What the event tells, or None if it is known."""
        if isinstance(event, Resumed):
            self._caught_up(event.seq)
            return event
        seq = getattr(event, "seq", None)
        if seq is None:
            return event
        if not self._is_catching_up:
            self.since = self._upto = seq
            return event
        if seq <= self.since:
            # The server was restored from an older backup; its numbers go on from there.
            self._told.clear()
            self.since = self._upto = seq - 1
        if seq <= self._upto:
            return None
        self._upto = seq
        return self._as_change(event) if isinstance(event, MessageSent) else event

    def _as_change(self, event: MessageSent) -> AnyEvent:
        """Of a message that was told as new before the connection was cut."""
        if event.id not in self._told:
            self._told.add(event.id)
            return event
        if event.is_deleted:
            return MessageDeleted(message_id=event.id, seq=event.seq)
        return MessageEdited(message=EditedMessage(event.id, event.content), seq=event.seq)

    def _caught_up(self, seq: int) -> None:
        self.since = self._upto = seq
        self._told.clear()
        self._is_catching_up = False
