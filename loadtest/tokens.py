"""The tokens of the loader's users: signed with the server's secret, or read from a file."""

import secrets
import time
from collections.abc import Sequence
from pathlib import Path

import jwt

from loadtest.crowd import Crowd

LIFETIME = 24 * 3600
"""In seconds. It is longer than any run, so that no socket is closed because of its token."""


class NoToken(Exception):
    """There is no token for this user. The text is one line."""


class Tokens:
    """Gives the access token of a user by id. `users` are all users who have one."""

    users: Sequence[int]

    def __call__(self, user: int) -> str:
        """Raises NoToken."""
        raise NotImplementedError


def users_csv(crowd: Crowd, tokens: Tokens) -> str:
    """One line per user: an access token, and the id of a conversation of this user.

    It is a small conversation if the user is in one, or else the one with everybody.
    """
    lines = {user: f"{tokens(user)},1\n" for user in range(1, crowd.users + 1)}
    for conversation in range(crowd.conversations + 1, 1, -1):
        for user in crowd.members_of(conversation):
            lines[user] = f"{tokens(user)},{conversation}\n"
    return "".join(["token,conversation\n", *lines.values()])


class Minted(Tokens):
    """HS256 tokens, signed with the server's `JWT_SECRET`. Each user's token is made once."""

    def __init__(self, secret: str, users: int) -> None:
        self.users = range(1, users + 1)
        self._secret = secret
        self._kept: dict[int, str] = {}

    def __call__(self, user: int) -> str:
        if user not in self._kept:
            now = int(time.time())
            claims = {"sub": str(user), "username": f"user{user}", "typ": "access"}
            times = {"iat": now, "exp": now + LIFETIME, "jti": secrets.token_hex(8)}
            self._kept[user] = jwt.encode({**claims, **times}, self._secret, algorithm="HS256")
        return self._kept[user]


class Listed(Tokens):
    """Tokens from a file, one per line. The `sub` of each says whose it is.

    For servers whose secret is not known. Raises NoToken if a line is no token.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tokens: dict[int, str] = {}
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            token = line.strip()
            if token:
                self._tokens[self._owner(token, number)] = token
        self.users = list(self._tokens)

    def _owner(self, token: str, number: int) -> int:
        try:
            # The server checks the token. Here only its owner matters.
            return int(jwt.decode(token, options={"verify_signature": False})["sub"])
        except (jwt.InvalidTokenError, KeyError, ValueError) as error:
            complaint = f"{self._path}: line {number} is not a user's token: {error}"
            raise NoToken(complaint) from None

    def __call__(self, user: int) -> str:
        if user not in self._tokens:
            raise NoToken(f"{self._path} has no token of user {user}")
        return self._tokens[user]
