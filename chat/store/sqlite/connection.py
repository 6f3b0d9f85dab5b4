"""A connection to SQLite with a thread of its own."""

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

import aiosqlite

from chat.store.database import unreachable

Result = TypeVar("Result")

LOOK_SECONDS = 0.01
LOG_PAGES = 10_000
"""With more pages than this in the log (40 MB), a commit makes a checkpoint, and its sender
waits.
"""

PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PROTOCOL,
}
"""Primary result codes of problems that an operator can solve. Others are faults of Payam."""


class Connection(aiosqlite.Connection):
    """A connection with a thread of its own, in which it can run a whole function.

    One hop to the thread and back costs about as much as forty small statements. So the writer
    runs all statements of a batch in one hop.
    """

    def __init__(
        self, path: str, *, read_only: bool, patience: float, attached: str | None = None
    ) -> None:
        """`patience`: seconds to wait for another process's write transaction.

        With another database `attached`, of which this one can be made again, that one is only
        read, and a commit does not wait for the disk.
        """

        def open_file() -> sqlite3.Connection:
            connection = sqlite3.connect(path, isolation_level=None, timeout=patience, uri=True)
            use_wal(connection, patience)
            if attached is None:
                connection.execute("PRAGMA synchronous = FULL")
            else:
                uri = f"{Path(attached).absolute().as_uri()}?mode=ro"
                connection.execute("ATTACH ? AS attached", (uri,))
                connection.execute("PRAGMA main.synchronous = NORMAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
            connection.execute("PRAGMA foreign_keys = ON")
            if read_only:
                connection.execute("PRAGMA query_only = ON")
            return connection

        super().__init__(open_file, iter_chunk_size=64)
        self._thread.daemon = True  # it must not keep a worker that has to die alive

    async def ended(self) -> None:
        """Wait for the thread of a connection that could not be opened."""
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)

    def soon(self, function: Callable[[sqlite3.Connection], object]) -> None:
        """Have the function run after what runs or waits in the thread, and do not wait for it."""
        self._tx.put_nowait((None, partial(function, self._conn)))

    async def run(self, function: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run the function in the connection's thread, and return its result.

        Raises Unavailable for problems that may pass: a lock, a full disk, a failing device.
        """
        try:
            call = partial(function, self._conn)
            result: Result = await self._execute(call)  # type: ignore[no-untyped-call]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in PASSING:
                raise unreachable(error) from error
            raise
        return result


def use_wal(db: sqlite3.Connection, patience: float) -> None:
    """Turn the WAL on. Workers that start together all do it, and SQLite makes the later ones fail
    instead of waiting.
    """
    give_up = monotonic() + patience
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > give_up:
                raise
            sleep(LOOK_SECONDS)
        else:
            return
