"""Stores what must survive a program: unsent messages, and how far the iteration has come."""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol


class Storage(Protocol):
    """Texts by key. After `set` has returned, its text must survive a crash.

    Several users may share one storage, and so may several programs of one user.
    """

    async def get(self, key: str) -> str | None: ...

    async def set(self, key: str, value: str) -> None: ...

    async def delete(self, key: str) -> None:
        """Delete a key. If it is not there, nothing happens."""
        ...

    async def values(self, prefix: str) -> list[str]:
        """The values of the keys that begin with `prefix`."""
        ...


class MemoryStorage:
    """Keeps everything in memory, as long as the program runs."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    async def get(self, key: str) -> str | None:
        return self._kept.get(key)

    async def set(self, key: str, value: str) -> None:
        self._kept[key] = value

    async def delete(self, key: str) -> None:
        self._kept.pop(key, None)

    async def values(self, prefix: str) -> list[str]:
        return [value for key, value in self._kept.items() if key.startswith(prefix)]


class FileStorage:
    """An SQLite file. It is made if it is missing; its folder must exist.

    Each call waits for the disk, in a thread of its own. Call `close` at the end.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="payam-storage")
        self._database: sqlite3.Connection | None = None

    async def get(self, key: str) -> str | None:
        rows = await self._run("SELECT value FROM kept WHERE key = ?", key)
        return rows[0] if rows else None

    async def set(self, key: str, value: str) -> None:
        await self._run("INSERT OR REPLACE INTO kept VALUES (?, ?)", key, value)

    async def delete(self, key: str) -> None:
        await self._run("DELETE FROM kept WHERE key = ?", key)

    async def values(self, prefix: str) -> list[str]:
        # LIKE is not used, because a key may have a % or a _ in it.
        return await self._run(
            "SELECT value FROM kept WHERE substr(key, 1, ?) = ?", len(prefix), prefix
        )

    async def close(self) -> None:
        """Wait for what is being written, and close the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    async def _run(self, sql: str, *parameters: str | int) -> list[str]:
        """Run a statement, and return its first column. Cancelling the caller does not stop it."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._execute, sql, parameters)

    def _execute(self, sql: str, parameters: tuple[str | int, ...]) -> list[str]:
        if self._database is None:
            # Seconds to wait for another program that writes.
            self._database = sqlite3.connect(
                self._path, timeout=30, isolation_level=None, check_same_thread=False
            )
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value TEXT NOT NULL)"
                " WITHOUT ROWID"
            )
        return [row[0] for row in self._database.execute(sql, parameters)]

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
