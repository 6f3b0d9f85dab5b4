"""Lets only one server use an SQLite database, unless a relay connects several.

The lock is a file beside the database, which the kernel locks. It is released when the last process
that has it open ends, in whatever way. Forked processes have the lock too, so gunicorn's master
holds it for all its workers.
"""

import fcntl
import logging
import os
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

from config.errors import SettingsError

log = logging.getLogger("payam")

SUFFIX = ".lock"
PATIENCE = 1.0
"""Seconds to wait for another process that is just ending."""
LOOK_SECONDS = 0.05


class Held(SettingsError):
    """Another process has the lock."""


def attempt(database: str, *, has_relay: bool) -> None:
    """Raises SettingsError if `hold` would. It holds nothing, and makes no file."""
    if Path(os.path.realpath(database) + SUFFIX).exists():
        os.close(take(database, has_relay=has_relay))


def hold(database: str, *, has_relay: bool) -> None:
    """Keep other servers from the database at this path until this process ends.

    Servers that have a relay may share it. Raises SettingsError, whose text is one line.
    """
    give_up = monotonic() + PATIENCE
    while True:
        try:
            descriptor = take(database, has_relay=has_relay)
            break
        except Held:
            if monotonic() > give_up:
                raise
            sleep(LOOK_SECONDS)
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    # The file stays open, because closing it releases the lock.


def take(database: str, *, has_relay: bool) -> int:
    """Take the lock. Returns the descriptor that has it. Raises SettingsError."""
    if Path(database).is_dir():
        raise SettingsError(f"{where(database)} is a folder")
    path = Path(os.path.realpath(database) + SUFFIX)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SettingsError(
            f"{where(database)} cannot be used: {path} cannot be written ({error.strerror})"
        ) from None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if has_relay else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = read_holder(descriptor)
        os.close(descriptor)
        raise Held(
            f"{where(database)} is served by another process{holder} already, whose clients would"
            " not hear of what happens here: stop that one, or give both the same REDIS_URL"
        ) from None
    except OSError as error:  # the file system has no locks
        log.warning("nothing keeps a second server from %s: %s", database, error.strerror)
    return descriptor


def where(database: str) -> str:
    return f"the SQLite database {database}"


def read_holder(descriptor: int) -> str:
    number = os.pread(descriptor, 20, 0).strip()
    return f" ({number.decode()})" if number.isdigit() else ""
