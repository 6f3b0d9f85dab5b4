"""Passwords: argon2id hashes, computed in threads of their own.

A hash takes some 20 ms of one core and 19 MiB of memory, on purpose. So it does not run on the
event loop. There are only two threads, so that sign-ins cannot take all of the processor from
the chat. The number of calls that wait for a thread is limited too: beyond it a sign-in is
refused until later.

Users who were imported have hashes of another kind until they sign in. Those take more work, so
every password that is refused takes as much as the slowest of them. Otherwise the time of a
refusal would show which names exist.
"""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from chat.auth import django_hashes
from chat.errors import InvalidInput, Unavailable

# OWASP's Password Storage Cheat Sheet: argon2id with 19 MiB, two iterations, one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
UNMATCHED = (
    f"$argon2id$v=19$m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}"
    f"${'A' * 22}${'A' * 43}"
)
"""Checked where a user has no hash, and never counts as a match: a salt and a hash of zeros. It
takes as much work as a hash that Payam makes. To make one at each start took 50 ms of it."""
PASSWORD_MAX_LENGTH = 1024
"""Most characters. The time of NFC grows with the square of the length: milliseconds for this
many characters, and minutes for as many as fit into one request."""
THREADS = 2
MOST_WAITING = 200
RETRY_AFTER = 5.0

Result = TypeVar("Result")


class Passwords:
    """Hashes passwords and checks them. Call `close` at the end.

    `most_waiting` is the most calls that may wait for a thread.
    """

    def __init__(self, *, most_waiting: int = MOST_WAITING) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")
        self._most = THREADS + most_waiting
        self._pending = 0

    async def hash(self, password: str) -> str:
        """The text to store, which contains the salt and the parameters.

        Raises InvalidInput above PASSWORD_MAX_LENGTH, and Unavailable when too many calls wait.
        """
        return await self._run(lambda: self.hash_sync(password))

    async def verify(self, password: str, stored: str | None, rounds: int = 0) -> bool:
        """Whether `stored` is a hash of `password`. Raises the same errors as `hash`.

        `stored` is None for an unknown user and for one without a password. The answer is then
        False, after as much work as for a wrong password. So the time of the answer does not
        show which names exist. `rounds` is the work of the slowest imported hash there is.
        """
        return await self._run(lambda: self._verify(password, stored, rounds))

    def hash_sync(self, password: str) -> str:
        """The same as `hash` without a thread, so it blocks."""
        return HASHER.hash(to_bytes(password))

    def close(self) -> None:
        """Drop the calls that wait, and end the threads."""
        self._threads.shutdown(cancel_futures=True)

    def _verify(self, password: str, stored: str | None, rounds: int) -> bool:
        own = to_bytes(password)
        imported = None if is_own(stored) else django_hashes.read(stored or "")
        if imported is None:
            is_right = self._verify_own(own, stored if is_own(stored) else None)
            spent = 0
        else:
            # Django hashes what was typed as it is.
            is_right = imported.check(password.encode("utf-8", "surrogatepass"))
            spent = imported.rounds
        if is_right:
            return True
        if imported is not None:
            self._verify_own(own, None)
        django_hashes.burn(rounds - spent)
        return False

    def _verify_own(self, password: bytes, stored: str | None) -> bool:
        try:
            return HASHER.verify(stored or UNMATCHED, password) and bool(stored)
        except VerifyMismatchError:
            return False
        except (InvalidHashError, UnicodeEncodeError):  # a hash that is damaged counts as none
            return self._verify_own(password, None)

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._pending >= self._most:
            raise Unavailable("Too many people are signing in.", retry_after=RETRY_AFTER)
        self._pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._pending -= 1


def is_own(stored: str | None) -> bool:
    """Whether it is a hash that Payam made, and not an imported one."""
    return stored is not None and stored.startswith("$")


def to_bytes(password: str) -> bytes:
    """The bytes that are hashed. They are the same for every keyboard and operating system.

    RFC 8265, section 4.2, asks for NFC: some systems type «آ» or «é» as two code points. Raises
    InvalidInput above PASSWORD_MAX_LENGTH.
    """
    if len(password) > PASSWORD_MAX_LENGTH:
        raise InvalidInput({"password": [f"At most {PASSWORD_MAX_LENGTH} characters."]})
    # A command line that is not UTF-8 gives lone surrogates. They count as any other character.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
