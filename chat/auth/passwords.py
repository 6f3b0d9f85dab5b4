"""Passwords: argon2id hashes, computed in threads of their own.

A hash takes some 20 ms of one core and 19 MiB, which is the point of it. So it stays off
the event loop, two threads bound what sign-ins may cost the chat, and what waits for
them is bounded too: past that, a sign-in is refused until later.
"""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from chat.errors import InvalidInput, Unavailable

# OWASP's Password Storage Cheat Sheet: argon2id with 19 MiB, two iterations, one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
PASSWORD_MAX_LENGTH = 1024
"""Characters. NFC takes a time that grows with the square of the length: milliseconds for
these, minutes for what fits into one request."""
THREADS = 2
MOST_WAITING = 200
RETRY_AFTER = 5.0

Result = TypeVar("Result")


class Passwords:
    """Hashes passwords and checks them; `close` it at the end.

    `most_waiting` is how many calls may wait for a thread, besides those that have one.
    """

    def __init__(self, *, most_waiting: int = MOST_WAITING) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")
        self._most = THREADS + most_waiting
        self._pending = 0
        self.unmatched = self.hash_sync("")
        """Checked in place of a hash that is missing, and never taken as a match."""

    async def hash(self, password: str) -> str:
        """The text to store, salt and parameters in it.

        Raises InvalidInput above PASSWORD_MAX_LENGTH, Unavailable when overloaded.
        """
        return await self._run(lambda: self.hash_sync(password))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether `stored` is a hash of `password`. Raises what `hash` raises.

        False with None, for an unknown user or one without a password, after as much
        work as a wrong password takes: the answer's time gives no name away.
        """
        return await self._run(lambda: self._verify(password, stored))

    def hash_sync(self, password: str) -> str:
        """`hash` without a thread of its own: blocks."""
        return HASHER.hash(to_bytes(password))

    def close(self) -> None:
        """Drop what waits and end the threads."""
        self._threads.shutdown(cancel_futures=True)

    def _verify(self, password: str, stored: str | None) -> bool:
        try:
            return HASHER.verify(stored or self.unmatched, to_bytes(password)) and bool(stored)
        except VerifyMismatchError:
            return False
        except InvalidHashError:  # some other scheme's: as good as none
            return self._verify(password, None)

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._pending >= self._most:
            raise Unavailable("Too many people are signing in.", retry_after=RETRY_AFTER)
        self._pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._pending -= 1


def to_bytes(password: str) -> bytes:
    """The bytes that are hashed: the same from every keyboard and operating system.

    RFC 8265 section 4.2 asks for NFC; some systems type «آ» or «é» as two code points.
    Raises InvalidInput for a longer one than PASSWORD_MAX_LENGTH.
    """
    if len(password) > PASSWORD_MAX_LENGTH:
        raise InvalidInput({"password": [f"At most {PASSWORD_MAX_LENGTH} characters."]})
    # A lone surrogate, from a command line that is not UTF-8, is a character like any other.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
