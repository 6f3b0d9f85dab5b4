"""What is SQLite's own: pragmas, other processes' locks, a full or read-only disk."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from chat.errors import Unavailable
from chat.store.connect import connect
from chat.store.database import Unfit
from chat.store.patience import Patience
from chat.store.sqlite.database import SqliteStore
from tests.store.world import PATIENT, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "payam.sqlite3"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    """With a table of texts."""
    async with opened(f"sqlite:///{path}", patience=replace(PATIENT, checkpoint=0.02)) as database:
        assert isinstance(database, SqliteStore)
        async with database.transaction() as transaction:
            await transaction.execute("CREATE TABLE kept (text TEXT)")
        yield database


def insert(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO kept VALUES ('x')")


async def pragma(store: SqliteStore, name: str) -> tuple[object, list[object]]:
    """Its value on the connection that writes, and on each that reads."""
    async with store.transaction() as transaction:
        ((value,),) = await transaction.fetch(f"PRAGMA {name}")
    pool = store.peewee.pool_backend
    readers = [await pool.acquire() for _ in range(4)]
    read = [await one.run(lambda db: db.execute(f"PRAGMA {name}").fetchone()[0]) for one in readers]
    for one in readers:
        await pool.release(one)
    return value, read


@pytest.mark.parametrize(
    ("name", "writer", "reader"),
    [
        ("journal_mode", "wal", "wal"),
        ("synchronous", 2, 2),
        ("foreign_keys", 1, 1),
        ("wal_autocheckpoint", 10_000, 10_000),
        ("query_only", 0, 1),
    ],
)
async def test_pragmas_are_in_force(
    store: SqliteStore, name: str, writer: object, reader: object
) -> None:
    """WAL, FULL and foreign keys on every connection; those that read cannot write."""
    assert await pragma(store, name) == (writer, [reader] * 4)


async def test_a_read_cannot_change_anything(store: SqliteStore) -> None:
    """A statement that writes is refused on the connections that read."""
    with pytest.raises(Unavailable):
        await store.fetch("INSERT INTO kept VALUES ('x') RETURNING text")
    assert await store.fetch("SELECT * FROM kept") == []


async def test_more_reads_than_connections_take_turns(store: SqliteStore) -> None:
    """They wait for a free connection, and all are answered."""
    rows = await asyncio.gather(*(store.fetch("SELECT ?", (n,)) for n in range(50)))
    assert rows == [[(n,)] for n in range(50)]


async def test_one_function_is_one_transaction(store: SqliteStore) -> None:
    """Its result comes back; when it raises, nothing of it stays."""

    def fail(db: sqlite3.Connection) -> None:
        insert(db)
        raise ZeroDivisionError

    assert await store.write(lambda db: db.execute("SELECT 7").fetchone()) == (7,)
    with pytest.raises(ZeroDivisionError):
        await store.write(fail)
    assert await store.fetch("SELECT * FROM kept") == []
    await store.write(insert)
    assert await store.fetch("SELECT * FROM kept") == [("x",)]


async def test_a_cancelled_function_does_not_mix_with_the_next_transaction(
    store: SqliteStore,
) -> None:
    """It is carried out whole or not at all, and the next one works."""
    for turns in range(10):
        task = asyncio.create_task(store.write(insert))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        async with store.transaction() as transaction:
            await transaction.execute("DELETE FROM kept")
    assert await store.fetch("SELECT * FROM kept") == []


async def test_another_process_that_writes_is_waited_for(store: SqliteStore, path: Path) -> None:
    """A transaction begins when the other one's is over."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    insert(other)
    asyncio.get_running_loop().call_later(0.1, other.commit)
    async with store.transaction() as transaction:
        assert await transaction.fetch("SELECT count(*) FROM kept") == [(1,)]
    other.close()


async def test_a_process_that_writes_for_too_long_makes_it_unavailable(
    path: Path, store: SqliteStore
) -> None:
    """It is an error that passes: when the other is done, the next try works."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with opened(f"sqlite:///{path}", patience=Patience(lock=0.05)) as impatient:
        assert isinstance(impatient, SqliteStore)
        with pytest.raises(Unavailable):
            async with impatient.transaction():
                pass
        with pytest.raises(Unavailable):
            await impatient.write(insert)
        other.rollback()
        await impatient.write(insert)
    other.close()


async def kept_without_the_log(path: Path) -> list[tuple[str]]:
    """What a copy of the file alone holds, once that is anything."""
    alone = path.with_name("alone.sqlite3")
    while True:
        shutil.copyfile(path, alone)
        with closing(sqlite3.connect(alone)) as db:
            try:
                if kept := db.execute("SELECT text FROM kept").fetchall():
                    return kept
            except sqlite3.Error:  # the table is not there yet, or was copied half
                pass
        alone.unlink()
        await asyncio.sleep(0.02)


async def test_what_is_committed_goes_from_the_log_into_the_file(
    path: Path, store: SqliteStore
) -> None:
    """Soon, and with nobody else at work."""
    await store.write(insert)
    async with asyncio.timeout(60):
        assert await kept_without_the_log(path) == [("x",)]
    log = path.with_name(f"{path.name}-wal")
    async with asyncio.timeout(60):
        while not await begins_anew(store, log):  # the checkpoint may be at its end still
            await asyncio.sleep(0.02)


async def begins_anew(store: SqliteStore, log: Path) -> bool:
    """Whether a commit is written over what is in the log, and not behind it."""
    before = size(log)
    await store.write(insert)
    return size(log) == before


def size(file: Path) -> int:
    return file.stat().st_size


async def test_a_checkpoint_that_fails_is_made_later(
    path: Path, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Here the file is away for a moment; nothing is put in its place."""
    elsewhere = path.with_name("elsewhere.sqlite3")
    os.rename(path, elsewhere)
    await store.write(insert)
    async with asyncio.timeout(60):
        while "could not be checkpointed" not in caplog.text:
            await asyncio.sleep(0.02)
    assert path.name not in os.listdir(path.parent)
    os.rename(elsewhere, path)
    async with asyncio.timeout(60):
        assert await kept_without_the_log(path) == [("x",)]


async def test_a_new_file_that_another_process_prepares_is_waited_for(path: Path) -> None:
    """SQLite itself refuses at once to change the journal of a file that is being written."""
    path.parent.mkdir()
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    asyncio.get_running_loop().call_later(0.1, other.rollback)
    async with opened(f"sqlite:///{path}") as database:
        assert await database.fetch("PRAGMA journal_mode") == [("wal",)]
    other.close()


@pytest.mark.parametrize(
    ("trouble", "mended"),
    [
        ("PRAGMA max_page_count = 3", "PRAGMA max_page_count = 1000000"),
        ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
    ],
    ids=["full", "read-only"],
)
async def test_a_disk_that_takes_nothing_is_unavailable_until_it_is_mended(
    store: SqliteStore, trouble: str, mended: str
) -> None:
    """What was stored stays, what was refused left nothing, and then it goes on."""
    long = "x" * 20_000
    await store.write(insert)
    async with store.transaction() as transaction:
        await transaction.execute(trouble)
    with pytest.raises(Unavailable):
        async with store.transaction() as transaction:
            await transaction.execute("INSERT INTO kept VALUES (?)", (long,))
    with pytest.raises(Unavailable):
        await store.write(lambda db: db.execute("INSERT INTO kept VALUES (?)", (long,)))
    assert await store.fetch("SELECT * FROM kept") == [("x",)]
    await store._writer.run(lambda db: db.execute(mended))
    await store.write(insert)
    assert await store.fetch("SELECT * FROM kept") == [("x",), ("x",)]


@pytest.fixture
def letters(path: Path) -> Path:
    """A file that is there, but no database."""
    path.parent.mkdir()
    path.write_text("letters, not a database" * 100)
    return path


async def test_a_file_that_is_no_database_is_an_error_at_open(letters: Path) -> None:
    """It is left as it was."""
    database = connect(f"sqlite:///{letters}", 2)
    with pytest.raises(Unfit, match="not a database"):
        await database.open()
    await database.close()
    with letters.open() as file:
        assert file.read(7) == "letters"
