"""Whether what this process publishes comes back to it.

A server may let one listen and not publish, or be another than the others publish on. What is
published on a channel of this process's own, and is heard again, shows that neither is so.
"""

import asyncio
import secrets
from collections.abc import Callable
from math import inf
from time import monotonic

PULSE_SECONDS = 1.0
"""Between two messages."""
DEADLINE = 5.0
"""Seconds after the last message that came back until the relay counts as not connected."""


class Pulse:
    """Publishes on `channel` with `post`, once that is `subscribed`, until it is `lost`.

    `heard` is to be called with what is heard there.
    """

    def __init__(self, channel: bytes, post: Callable[[bytes, bytes, None], None]) -> None:
        self.channel = channel
        self._post = post
        self._mark = secrets.token_bytes(8)
        self._heard = -inf
        self._is_subscribed = False

    @property
    def is_fresh(self) -> bool:
        """Whether a message came back lately."""
        return monotonic() - self._heard < DEADLINE

    def heard(self, payload: bytes) -> None:
        if payload == self._mark:
            self._heard = monotonic()

    def subscribed(self) -> None:
        self._is_subscribed = True
        self._beat()  # now, rather than in a second

    def lost(self) -> None:
        """The connection is gone: what came back before says nothing of the next one."""
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
