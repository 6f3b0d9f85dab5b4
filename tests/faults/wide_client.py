"""A client of `/ws/`: one socket for all conversations of a user.

It comes back with the last cursor, or, every third time, with the `seq` of each conversation. What
comes before `resumed` waits, since the server may answer a cursor with `positions`, and then the
client has to ask by `seq` where it was before.

1. After a cursor, one connection sends each change of a conversation once and in order. What the
   client knew already is passed over, since it has received more than the cursor stands for.
2. After it asked by `seq`, later changes may have come first. It takes them all in the order of
   `seq`, each once.
"""

from typing import Any
from urllib.parse import urlencode

from tests.faults.clients import Client

BY_NUMBERS = 3
"""One return of so many is by the `seq` of each conversation."""
CHANGES = {"chat.message", "message.edited", "message.deleted"}
PASSED_OVER = {"typing", "message.read", "presence", "conversation.updated"}
EVERYBODYS = 1
"""The conversation of everybody, in which the load says nothing."""


class InAllConversations(Client):
    """On `/ws/`. `cursor` stands for no more than what has come."""

    cursor: str | None = None
    epoch: str | None = None

    def url(self) -> str:
        self._reached: dict[int, int] = {}
        """How far this connection has brought each conversation."""
        is_first = self.cursor is None
        self._is_by_numbers = not is_first and self.connections % BY_NUMBERS == BY_NUMBERS - 1
        self._waiting: list[dict[str, Any]] | None = None if is_first else []
        """What came before `resumed`."""
        if is_first or self._is_by_numbers:
            return "/ws/"
        return f"/ws/?{urlencode({'cursor': self.cursor})}"

    def began(self) -> list[dict[str, Any]]:
        return [self._so_far()] if self._is_by_numbers else []

    def addressed(self, conversation: int, frame: dict[str, Any]) -> dict[str, Any]:
        return {**frame, "conversation": conversation}

    def came(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if frame.get("conversation") == EVERYBODYS:
            return
        if kind in CHANGES:
            if self._waiting is not None:
                self._waiting.append(frame)
            else:
                self._take(frame)
        elif kind == "positions":  # the database cannot compare the cursor any more
            self.anew += 1
            self._is_by_numbers = True
            self.ask({**self._so_far(), "cursor": frame["cursor"]})
        elif kind == "resumed":
            self._resumed()
            self._keep(frame)
        elif kind in ("hello", "cursor"):
            if self._waiting is None:
                self._keep(frame)
        elif kind not in PASSED_OVER:
            self._ledger.failed(f"{self.name} got {frame}")

    def _so_far(self) -> dict[str, Any]:
        since = {str(one): view.seq for one, view in self.views.items()}
        return {"type": "resume", "since": {**since, str(EVERYBODYS): 0}, "epoch": self.epoch}

    def _keep(self, frame: dict[str, Any]) -> None:
        self.cursor = frame["cursor"]
        self.epoch = frame.get("epoch", self.epoch)

    def _resumed(self) -> None:
        frames, self._waiting = self._waiting or [], None
        if self._is_by_numbers:
            by_place = {(one["conversation"], one["seq"]): one for one in frames}
            frames = [by_place[place] for place in sorted(by_place)]
        for frame in frames:
            self._take(frame)

    def _take(self, frame: dict[str, Any]) -> None:
        conversation, seq = frame["conversation"], frame["seq"]
        reached = self._reached.get(conversation, 0)
        if seq <= reached:
            self._ledger.failed(f"{self.name} got {frame} after seq {reached}")
        self._reached[conversation] = seq
        view = self.views[conversation]
        if seq > view.seq:
            self._ledger.saw(view, frame)
