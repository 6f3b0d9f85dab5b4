"""Accounts of Synapse, each on one kept connection."""

import hmac
import json
from collections.abc import Mapping
from hashlib import sha1
from http.client import HTTPConnection
from itertools import count
from typing import Any
from urllib.parse import quote, urlsplit

from loadtest.measurement import LoadFailed

CLIENT = "/_matrix/client/v3"
REGISTER = "/_synapse/admin/v1/register"


def password_of(name: str) -> str:
    return f"password of {name}"


class User:
    """One account, on one kept connection. Only one thread at a time may ask."""

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=120)
        self._headers = {"Content-Type": "application/json"}
        self._transactions = count(1)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The answer's JSON. Raises LoadFailed."""
        raw = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, raw, self._headers)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise LoadFailed(f"{method} {path}: {answer.status} {said[:200].decode()}")
        return json.loads(said)

    def enter(self, answer: Mapping[str, Any]) -> None:
        """Ask as the account of this answer from now on."""
        self._headers["Authorization"] = f"Bearer {answer['access_token']}"

    def make_room(self) -> str:
        """Make a room that everybody may join; returns its id."""
        room: str = self.ask("POST", f"{CLIENT}/createRoom", {"preset": "public_chat"})["room_id"]
        return room

    def join(self, room: str) -> None:
        self.ask("POST", f"{CLIENT}/join/{quote(room)}", {})

    def rooms(self) -> list[str]:
        """The ids of the rooms that the user has joined, in their order."""
        return sorted(self.ask("GET", f"{CLIENT}/joined_rooms")["joined_rooms"])

    def say(self, room: str, text: str) -> str:
        """Send a message; returns its id."""
        number = next(self._transactions)
        path = f"{CLIENT}/rooms/{quote(room)}/send/m.room.message/{number}"
        event: str = self.ask("PUT", path, {"msgtype": "m.text", "body": text})["event_id"]
        return event


def register(url: str, name: str, secret: str) -> User:
    """Make an account, with the secret of registration. Raises LoadFailed."""
    user = User(url)
    nonce = user.ask("GET", REGISTER)["nonce"]
    signed = "\0".join((nonce, name, password_of(name), "notadmin")).encode()
    account = {
        "nonce": nonce,
        "username": name,
        "password": password_of(name),
        "admin": False,
        "mac": hmac.new(secret.encode(), signed, sha1).hexdigest(),
    }
    user.enter(user.ask("POST", REGISTER, account))
    return user


def sign_in(url: str, name: str) -> User:
    """Enter an account that was made before. Raises LoadFailed."""
    user = User(url)
    who = {"type": "m.id.user", "user": name}
    asked = {"type": "m.login.password", "identifier": who, "password": password_of(name)}
    user.enter(user.ask("POST", f"{CLIENT}/login", asked))
    return user
