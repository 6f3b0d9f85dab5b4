"""How long a user of Synapse needs to catch up: by sliding sync, and by `/sync`.

The reader is in many rooms, and another user sends messages in some of them. Then the reader asks
for what is new. Its answer must have each message once, and those of a room in their order.
"""

import json
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from loadtest.measurement import Measurement
from loadtest.peers.synapse.accounts import CLIENT, User, sign_in
from loadtest.peers.synapse.rooms import LAST, READER, SENDER, name_of

MISSED = 500
TIMES = 5
SLIDING = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync"
LIMIT = 20
"""Messages of one room in an answer. More than are missed in one."""

Rooms = Mapping[str, list[str]]
"""Ids of messages in their order, by room."""


class Sync:
    """`/sync`, from where the last one ended."""

    def __init__(self, user: User) -> None:
        self._user = user
        self._since = ""
        wanted = {"room": {"timeline": {"limit": LIMIT}}, "presence": {"not_types": ["*"]}}
        self._filter = quote(json.dumps(wanted))

    def ask(self) -> Rooms:
        since = f"&since={quote(self._since)}" if self._since else ""
        path = f"{CLIENT}/sync?timeout=0&filter={self._filter}{since}"
        answer = self._user.ask("GET", path)
        self._since = answer["next_batch"]
        rooms = answer.get("rooms", {}).get("join", {})
        return {room: messages(one["timeline"]["events"]) for room, one in rooms.items()}


class SlidingSync:
    """Sliding sync over all rooms, from where the last one ended."""

    def __init__(self, user: User, rooms: int) -> None:
        self._user = user
        self._position = ""
        every = {"ranges": [[0, rooms - 1]], "timeline_limit": LIMIT, "required_state": []}
        self._body = {"lists": {"all": every}, "conn_id": "load"}

    def ask(self) -> Rooms:
        path = f"{SLIDING}?timeout=0" + (f"&pos={quote(self._position)}" if self._position else "")
        answer = self._user.ask("POST", path, self._body)
        self._position = answer["pos"]
        rooms = answer.get("rooms", {})
        return {room: messages(one.get("timeline", ())) for room, one in rooms.items()}


def messages(events: Any) -> list[str]:
    return [event["event_id"] for event in events if event["type"] == "m.room.message"]


def measure(url: str, secret: str, missed: int = MISSED, times: int = TIMES) -> Measurement:
    """Catch up so often, in the rooms that were made before. Raises LoadFailed."""
    del secret  # the accounts are there, and have passwords
    reader, sender = (sign_in(url, name_of(number)) for number in (READER, SENDER))
    lively = sign_in(url, name_of(LAST)).rooms()
    ways: Mapping[str, Sync | SlidingSync]
    ways = {"sync_p50": Sync(reader), "resume_p50": SlidingSync(reader, len(reader.rooms()))}
    for way in ways.values():
        way.ask()
    taken: dict[str, list[float]] = defaultdict(list)
    failures = []
    for _ in range(times):
        sent: dict[str, list[str]] = defaultdict(list)
        for number in range(missed):
            room = lively[number % len(lively)]
            sent[room].append(sender.say(room, f"message {number} " + "." * 50))
        for name, way in ways.items():
            began = time.perf_counter()
            found = way.ask()
            taken[name].append(time.perf_counter() - began)
            came = {room: events for room, events in found.items() if events}
            if came != sent:
                failures.append(f"{name}: not every message came, once and in its order")
    return Measurement({name: statistics.median(each) for name, each in taken.items()}, failures)
