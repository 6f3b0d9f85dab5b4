"""SQLite's process killed in the midst of commits: the file is whole, and so is what was acked."""

import asyncio
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.faults.deployment import Seeded
from tests.faults.load import IS_LONG, Outcome, under_load
from tests.faults.report import Proof

KILLS = 5 if IS_LONG else 3
WRITTEN_SECONDS = 30


async def until_it_writes(seeded: Seeded) -> None:
    """Return in the moment in which a transaction is on its way to the disk."""
    log = seeded.sqlite_file.with_name(f"{seeded.sqlite_file.name}-wal")
    before = log.stat().st_mtime_ns
    async with asyncio.timeout(WRITTEN_SECONDS):
        while log.stat().st_mtime_ns == before:
            await asyncio.sleep(0)


def check(database: Path, folder: Path) -> None:
    """Examine a copy: whoever opens the original mends it, and that is for Payam to do."""
    for suffix in ("", "-wal"):
        shutil.copy(f"{database}{suffix}", folder / f"copy{suffix}")
    with closing(sqlite3.connect(folder / "copy")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert copy.execute("PRAGMA foreign_key_check").fetchall() == []


async def test_a_kill_in_the_midst_of_commits_loses_nothing(
    embedded: Seeded, prove: Proof, tmp_path: Path
) -> None:
    """The database is checked before each new start."""

    async def kill() -> None:
        for _ in range(KILLS):
            await asyncio.sleep(random.uniform(0.5, 1.0))  # noqa: S311 - any moment
            await until_it_writes(embedded)
            embedded.payam.kill()
            check(embedded.sqlite_file, tmp_path)
            await asyncio.to_thread(embedded.payam.start)

    async def round_() -> Outcome:
        return await under_load(embedded, kill)

    outcomes = await prove("kill -9 of the SQLite server mid-commit", round_)
    assert all(outcome.reconnects >= KILLS for outcome in outcomes)
