"""How an account catches up after a reconnect: by its cursor, or by the `seq` of each conversation.

The client sends the cursor. If the server cannot compare it any more, it answers with `positions`,
the `seq` of all conversations. The client then asks for those in which it is behind. Example:

1. The client's positions are 340 in conversation 12 and 7 in conversation 13.
2. `positions` says 345 and 7. So the client asks `since` 340 for conversation 12 alone.
3. After `resumed` its new cursor stands for both.

The socket is live meanwhile, so 346 may come before 341. It waits here until 341 to 345 have come.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from payam_client.account_events import CaughtUp, FromServer, Hello, Positions
from payam_client.account_inbox import is_own
from payam_client.events import Change
from payam_client.positions import Place

MOST = 2000
"""Most conversations that one frame names. A frame may have 64 KiB."""
CHANGES_MOST = 10_000
"""With so many missed changes a frame names no further conversation: all of them wait here."""


class CatchingUp:
    def __init__(self) -> None:
        self.received = Place()
        """The positions that the list and the messages of the account include."""
        self._has_sent_cursor = False
        self._behind: dict[int, tuple[int, int]] = {}
        """What is still to be asked for: from which position, and up to which."""
        self._held: dict[int, dict[int, FromServer]] = {}
        """By `seq`, what came in conversations that are behind."""
        self.is_asking = False
        """The answer to a frame is under way: cursors do not count until it has come."""

    def path(self, place: Place) -> str:
        """The path to connect to, to receive everything after `place`."""
        self.forget()
        self._has_sent_cursor = place.cursor is not None
        return "/ws/" if place.cursor is None else f"/ws/?{urlencode({'cursor': place.cursor})}"

    def hello(self, hello: Hello) -> bool:
        """Whether it is live from here on."""
        if not self._has_sent_cursor:
            self.received.cursor, self.received.epoch = hello.cursor, hello.epoch
        return not self._has_sent_cursor

    def compare(
        self,
        positions: Positions,
        places: Iterable[Place],
        shown: Mapping[int, int],
        listed: Collection[int],
    ) -> list[int]:
        """Find where the client is behind. Returns the conversations that are new to it.

        `shown` is the `seq` that the list shows, for conversations without a position. `listed` are
        those that it showed already before this connection.
        """
        new = list[int]()
        self.forget()
        for id_, seq in positions.positions.items():
            known = [place.seqs[id_] for place in places if id_ in place.seqs]
            if not known and id_ not in listed:
                new.append(id_)
            known = known or ([shown[id_]] if id_ in shown else [])
            if known and min(known) < seq:
                self._behind[id_] = min(known), seq
                self._held[id_] = {}
        return new

    def forget(self) -> None:
        """Ask for nothing, and hold nothing."""
        self._behind, self._held, self.is_asking = {}, {}, False

    def holds(self, event: FromServer) -> bool:
        """Keep a change that comes in a conversation that is behind. Returns whether it is one."""
        if not isinstance(event, Change) or is_own(event) or event.conversation is None:
            return False
        held = self._held.get(event.conversation)
        if held is None:
            return False
        held[event.seq] = event
        return True

    def release(self) -> list[FromServer]:
        """What was held of conversations that have caught up, each once and in order."""
        there = [self._held.pop(id_) for id_ in self._held.keys() - self._behind.keys()]
        return [held[seq] for held in there for seq in sorted(held)]

    def next(self, cursor: str) -> dict[str, Any] | None:
        """A frame that asks for what is missing, or a part of it. None if nothing is missing."""
        since, missed = dict[int, int](), 0
        for id_, (position, seq) in self._behind.items():
            if since and (len(since) == MOST or missed + seq - position > CHANGES_MOST):
                break
            since[id_] = position
            missed += seq - position
        for id_ in since:
            del self._behind[id_]
        self.is_asking = bool(since)
        return {"type": "resume", "cursor": cursor, "since": since} if since else None

    def caught_up(self, event: CaughtUp) -> None:
        self.received.cursor, self.received.epoch = event.cursor, event.epoch
