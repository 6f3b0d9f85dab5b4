"""Moves what is in SQLite's log (WAL) into its file while nobody waits for it.

By itself SQLite does this within a commit, every thousand pages, and that commit waits for two more
syncs of the disk. Here a separate connection does it, and no writer waits. Under a load that never
pauses this does not make the log begin anew. So at `LOG_PAGES` a commit still does it, and finds
nearly all of the work done.
"""

import asyncio
import logging
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

log = logging.getLogger("payam.store")


class Checkpoints:
    def __init__(self, path: str, pause: float) -> None:
        """`pause`: seconds from a commit to its checkpoint."""
        self._pause = pause
        self._uri = f"{Path(path).absolute().as_uri()}?mode=rw"  # must not make a lost file anew
        self._written = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop. When this returns, the connection has closed the file."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def wanted(self) -> None:
        """A commit was made, so a checkpoint is wanted."""
        self._written.set()

    async def _run(self) -> None:
        while True:
            await self._written.wait()
            await asyncio.sleep(self._pause)
            self._written.clear()
            work = asyncio.ensure_future(asyncio.to_thread(checkpoint, self._uri))
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                with suppress(sqlite3.Error):
                    await work
                raise
            except sqlite3.Error as error:
                log.warning("the log could not be checkpointed: %s", error)
                self._written.set()


def checkpoint(uri: str) -> None:
    """Make a checkpoint, as far as it goes without waiting for anybody."""
    with closing(sqlite3.connect(uri, uri=True)) as db:
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
