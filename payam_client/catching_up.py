"""How an account catches up after a reconnect: by its cursor, or by the `seq` of each conversation.

The cursor is what is sent. Where the server cannot compare it any more, it answers with the
`positions` of all conversations, and the client asks for those in which it is behind. Example:

1. The client has 340 of conversation 12 and 7 of conversation 13.
2. `positions` says 345 and 7. So the client asks `since` 340 for conversation 12 alone.
3. After `resumed` its new cursor stands for both.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from payam_client.account_events import CaughtUp, Hello, Positions
from payam_client.positions import Place

MOST = 2000
"""Conversations that are named in one frame, which may have 64 KiB."""


class CatchingUp:
    def __init__(self) -> None:
        self.received = Place()
        """What the list and the messages of the account have."""
        self._has_sent_cursor = False
        self._behind: dict[int, int] = {}

    def path(self, place: Place) -> str:
        """Where to connect, to get all that came after `place`."""
        self._behind = {}
        self._has_sent_cursor = place.cursor is not None
        return "/ws/" if place.cursor is None else f"/ws/?{urlencode({'cursor': place.cursor})}"

    @property
    def is_asking(self) -> bool:
        """A part of what was missed is still to be asked for: cursors do not count."""
        return bool(self._behind)

    def hello(self, hello: Hello) -> bool:
        """Whether it is live from here on."""
        if not self._has_sent_cursor:
            self.received.cursor, self.received.epoch = hello.cursor, hello.epoch
        return not self._has_sent_cursor

    def compare(
        self, positions: Positions, places: Iterable[Place], shown: Mapping[int, int]
    ) -> list[int]:
        """See where to ask; the conversations that nothing is known of.

        `shown` is the `seq` of what the list shows, where no place has one.
        """
        unknown, self._behind = [], {}
        for id_, seq in positions.positions.items():
            known = [place.seqs[id_] for place in places if id_ in place.seqs]
            known = known or ([shown[id_]] if id_ in shown else [])
            if not known:
                unknown.append(id_)
            elif min(known) < seq:
                self._behind[id_] = min(known)
        return unknown

    def next(self, cursor: str) -> dict[str, Any] | None:
        """A frame that asks for what is still missing, or for a part of it; None if nothing is."""
        since = dict(islice(self._behind.items(), MOST))
        for id_ in since:
            del self._behind[id_]
        if not since:
            return None
        return {
            "type": "resume",
            "cursor": cursor,
            "since": {str(id_): s for id_, s in since.items()},
        }

    def caught_up(self, event: CaughtUp) -> None:
        self.received.cursor, self.received.epoch = event.cursor, event.epoch
