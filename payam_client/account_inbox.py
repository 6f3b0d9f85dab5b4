"""The events of an account that the caller has not taken yet, in order.

It has a limit, as a conversation's inbox has: beyond `backlog` events, later ones are dropped. Once
the events here are taken, a new connection resumes after the last of them.
"""

import asyncio
from collections import deque

from payam_client.account_events import AccountEvent, AccountReset, CaughtUp, ConversationCreated
from payam_client.events import Change, ConversationUpdated
from payam_client.positions import Place


class _Cursor:
    """A cursor. Everything before it has come. Whoever has taken that may return with it."""

    def __init__(self, cursor: str, epoch: str | None) -> None:
        self.cursor = cursor
        self.epoch = epoch


class AccountInbox:
    def __init__(self, backlog: int) -> None:
        self.taken = Place()
        """The position up to which everything was taken."""
        self.here = Place()
        """The position up to which everything is here."""
        self.is_behind = False
        self.is_read = False
        """Whether somebody iterates."""
        self._backlog = backlog
        self._items: deque[AccountEvent | _Cursor] = deque()
        self._is_news = asyncio.Event()
        self._is_over = False

    @property
    def is_starved(self) -> bool:
        """Whether all events here are taken, and later ones were dropped."""
        return self.is_behind and not self._items

    def begin_at(self, place: Place) -> None:
        self.here, self.taken = place.copy(), place.copy()

    def connected(self) -> None:
        """A connection begins. If events were dropped and all others are taken, it begins there."""
        if self.is_starved:
            self.is_behind = False
            self.here = self.taken.copy()

    def know(self, seqs: dict[int, int]) -> None:
        """The list has shown these conversations up to these numbers."""
        for place in (self.here, self.taken):
            for conversation, seq in seqs.items():
                place.seqs.setdefault(conversation, seq)

    def take(self, event: AccountEvent) -> None:
        """Add an event. One that came before is recognised by its `seq`, and dropped."""
        if not is_new(self.here, event):
            return
        if self._has_room():
            _advance(self.here, event)
            self._put(event)

    def mark(self, cursor: str, epoch: str | None) -> None:
        if self._has_room():
            self.here.cursor, self.here.epoch = cursor, epoch
            self._put(_Cursor(cursor, epoch))

    def _has_room(self) -> bool:
        if len(self._items) >= self._backlog:
            self.is_behind = True
        return not self.is_behind

    def _put(self, item: AccountEvent | _Cursor) -> None:
        self._items.append(item)
        self._is_news.set()

    async def next(self) -> AccountEvent | None:
        """Wait for an event. None after `end`, when all have been taken."""
        self.is_read = True
        while True:
            while not self._items:
                if self._is_over:
                    return None
                self._is_news.clear()
                await self._is_news.wait()
            item = self._items.popleft()
            if not isinstance(item, _Cursor):
                _advance(self.taken, item)
                return item
            self.taken.cursor, self.taken.epoch = item.cursor, item.epoch

    def end(self) -> None:
        self._is_over = True
        self._is_news.set()


def is_own(event: Change) -> bool:
    """Whether it says the user's own settings, which take no number."""
    return isinstance(event, ConversationUpdated) and event.is_own


def is_new(place: Place, event: AccountEvent) -> bool:
    """Whether the event is not a change that `place` includes already."""
    if not isinstance(event, Change) or event.conversation is None or is_own(event):
        return True
    return event.seq > place.seqs.get(event.conversation, -1)


def _advance(place: Place, event: AccountEvent) -> None:
    """Make `place` include this event."""
    if isinstance(event, AccountReset):
        if event.conversation is None:
            place.reset(event.cursor, event.epoch)
        elif event.seq is not None:
            place.seqs[event.conversation] = event.seq
    elif isinstance(event, ConversationCreated):
        record = event.conversation
        place.seqs[record.id] = max(record.seq, place.seqs.get(record.id, 0))
    elif isinstance(event, CaughtUp):
        place.cursor, place.epoch = event.cursor, event.epoch
    elif isinstance(event, Change) and event.conversation is not None and not is_own(event):
        place.seqs[event.conversation] = event.seq
