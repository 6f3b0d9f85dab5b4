"""Checks whether what this process publishes comes back to it.

A server may allow listening and refuse publishing, or it may be another server than the one on
which the others publish. If a message on this process's own channel comes back, neither is so.
"""

import asyncio
import secrets
from collections.abc import Callable
from math import inf
from time import monotonic

PULSE_SECONDS = 1.0
"""Seconds between two messages."""
DEADLINE = 5.0
"""If no message came back for so many seconds, the relay counts as not connected."""


class Pulse:
    """Publishes on `channel` with `post`, once that is `subscribed`, until it is `lost`.

    Call `heard` with what arrives there.
    """

    def __init__(self, channel: bytes, post: Callable[[bytes, bytes, None], None]) -> None:
        self.channel = channel
        self._post = post
        self._mark = secrets.token_bytes(8)
        self._heard = -inf
        self._is_subscribed = False

    @property
    def is_fresh(self) -> bool:
        """Whether a message came back within DEADLINE."""
        return monotonic() - self._heard < DEADLINE

    def heard(self, payload: bytes) -> None:
        if payload == self._mark:
            self._heard = monotonic()

    def subscribed(self) -> None:
        self._is_subscribed = True
        self._beat()  # at once, and not only in a second

    def lost(self) -> None:
        """The connection is gone. What came back over it says nothing about the next one."""
        self._heard = -inf
        self._is_subscribed = False

    def _beat(self) -> None:
        self._post(self.channel, self._mark, None)

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            await asyncio.sleep(PULSE_SECONDS)
            if self._is_subscribed:
                self._beat()


def new_channel(prefix: bytes) -> bytes:
    """A name that nobody else has."""
    return prefix + secrets.token_hex(8).encode()
