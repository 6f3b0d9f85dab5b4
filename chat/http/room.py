"""How many bytes of answers may wait for slow readers.

An answer that its client does not read stays in memory. So there is a limit per user, and
one per worker. An answer that would go beyond a limit is refused before its first byte.
Answers up to SMALL are not counted.
"""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from chat import metrics
from chat.errors import RateLimited, Unavailable

SMALL = 64 * 1024
"""In bytes. A connection costs about as much in any case."""
OF_A_STREAM = 256 * 1024
"""Bytes that a streamed answer counts as: one page of it, and what is under way."""
RETRY_SECONDS = 2.0


class Room:
    def __init__(self, per_user: int, per_worker: int) -> None:
        self._per_user = per_user
        self._per_worker = per_worker
        self._held: dict[Hashable, int] = {}
        self.total = 0
        """Bytes for which room is held now."""

    @contextmanager
    def hold(self, who: Hashable, size: int, *, is_refusable: bool = True) -> Iterator[None]:
        """Hold room for `size` bytes of this user within a `with` block.

        Raises RateLimited or Unavailable where there is no room. One answer, however
        large, always has room when nothing else waits. The answer to a request that was
        carried out already (`is_refusable` is False) is counted and never refused.
        """
        held = self._held.get(who, 0)
        if is_refusable:
            self._admit(held, size)
        self._held[who] = held + size
        self.total += size
        try:
            yield
        finally:
            self.total -= size
            left = self._held[who] - size
            if left:
                self._held[who] = left
            else:
                del self._held[who]

    def _admit(self, held: int, size: int) -> None:
        if held and held + size > self._per_user:
            metrics.answers_refused.labels("user").inc()
            raise RateLimited(
                "Too many of your answers wait to be read; read them, or close them.",
                retry_after=RETRY_SECONDS,
                code="too_many_unread",
                limit=self._per_user,
                unit="content-bytes",
            )
        if self.total and self.total + size > self._per_worker:
            metrics.answers_refused.labels("worker").inc()
            raise Unavailable(
                "Too many answers wait to be read by others.", retry_after=RETRY_SECONDS
            )
