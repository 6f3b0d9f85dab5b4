"""Says at once that the process of this machine which had the followers has ended.

It keeps a file locked, which has its name in it, and so does the followers' process. The kernel
releases the lock when both have ended, in whatever way. Nobody waits for this lock, and it lets
nobody in: who has the duty stands in the database alone. Whoever gets the lock knows that what the
file names is gone, and need not wait until its duty ends.

Where the file system has no locks, and between machines, one waits for that.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

LENGTH = 64
"""Bytes of a name, at most."""


class Lock:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.descriptor: int | None = None
        """Of the locked file, for the followers' process; None where it is not locked here."""

    def take(self) -> str | None:
        """Lock the file where nobody has it. Returns who had it and has ended, if one did."""
        if self.descriptor is not None:
            return None
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            name = os.pread(descriptor, LENGTH, 0).decode(errors="replace")
        except OSError:  # somebody lives, or there are no locks
            os.close(descriptor)
            return None
        self.descriptor = descriptor
        return name or None

    def name(self, holder: str) -> None:
        """Say whose the lock is, if it is locked here."""
        if self.descriptor is not None:
            with suppress(OSError):  # a disk that is full: then others wait until the duty ends
                os.ftruncate(self.descriptor, 0)
                os.pwrite(self.descriptor, holder.encode(), 0)

    def release(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None
