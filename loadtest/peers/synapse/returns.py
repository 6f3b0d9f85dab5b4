"""How long a user of Synapse needs to catch up: by sliding sync, and by `/sync`.

The reader is in many rooms, and another user sends messages in some of them. Then the reader asks
for what is new. Its answer must have each message once, and those of a room in their order.
"""

import hmac
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping
from hashlib import sha1
from http.client import HTTPConnection
from itertools import count
from typing import Any
from urllib.parse import quote, urlsplit

from loadtest.measurement import LoadFailed, Measurement

ROOMS = 1000
MISSED = 500
MISSED_IN = 100
TIMES = 5
SLIDING = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync"
CLIENT = "/_matrix/client/v3"
LIMIT = 20
"""Messages of one room in an answer. More than are missed in one."""

Rooms = Mapping[str, list[str]]
"""Ids of messages in their order, by room."""


class User:
    """One account, on one kept connection."""

    def __init__(self, url: str, name: str, secret: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=120)
        self._headers = {"Content-Type": "application/json"}
        self._transactions = count(1)
        nonce = self.ask("GET", "/_synapse/admin/v1/register")["nonce"]
        signed = "\0".join((nonce, name, "password", "notadmin")).encode()
        account = {
            "nonce": nonce,
            "username": name,
            "password": "password",
            "admin": False,
            "mac": hmac.new(secret.encode(), signed, sha1).hexdigest(),
        }
        token = self.ask("POST", "/_synapse/admin/v1/register", account)["access_token"]
        self._headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The answer's JSON. Raises LoadFailed."""
        raw = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, raw, self._headers)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise LoadFailed(f"{method} {path}: {answer.status} {said[:200].decode()}")
        return json.loads(said)

    def say(self, room: str, text: str) -> str:
        """Send a message; returns its id."""
        number = next(self._transactions)
        path = f"{CLIENT}/rooms/{quote(room)}/send/m.room.message/{number}"
        event: str = self.ask("PUT", path, {"msgtype": "m.text", "body": text})["event_id"]
        return event


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


def measure(
    url: str,
    secret: str,
    rooms: int = ROOMS,
    missed: int = MISSED,
    missed_in: int = MISSED_IN,
    times: int = TIMES,
) -> Measurement:
    """Make the rooms, and catch up so often. Raises LoadFailed."""
    reader, sender = User(url, "reader", secret), User(url, "sender", secret)
    ids = []
    for _ in range(rooms):
        made = sender.ask("POST", f"{CLIENT}/createRoom", {"preset": "public_chat"})["room_id"]
        reader.ask("POST", f"{CLIENT}/join/{quote(made)}", {})
        ids.append(made)
    ways: Mapping[str, Sync | SlidingSync]
    ways = {"sync_p50": Sync(reader), "resume_p50": SlidingSync(reader, rooms)}
    for way in ways.values():
        way.ask()
    taken: dict[str, list[float]] = defaultdict(list)
    failures = []
    for _ in range(times):
        sent: dict[str, list[str]] = defaultdict(list)
        for number in range(missed):
            room = ids[number % missed_in]
            sent[room].append(sender.say(room, f"message {number} " + "." * 50))
        for name, way in ways.items():
            began = time.perf_counter()
            found = way.ask()
            taken[name].append(time.perf_counter() - began)
            came = {room: events for room, events in found.items() if events}
            if came != sent:
                failures.append(f"{name}: not every message came, once and in its order")
    return Measurement({name: statistics.median(each) for name, each in taken.items()}, failures)
