"""A change that waits for somebody else's lock until its time is over."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from chat.errors import OutcomeUnknown, Unavailable
from chat.store.database import Database
from chat.store.sqlite.database import SqliteStore
from tests.store.world import draft, editing, opened, pair, sent, writing

HOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another process writes all the while."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "held\n"
        yield
        other.stdin.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "payam.sqlite3"


def expect_nothing_stored(task: "asyncio.Task[Any]") -> None:
    error = task.exception()
    assert isinstance(error, Unavailable)
    assert not isinstance(error, OutcomeUnknown)


async def test_what_another_process_kept_waiting_is_not_stored(path: Path) -> None:
    """Neither a message nor another change, with a key or without; not afterwards either. The
    same `client_id` then stores it, once.
    """
    doubts: list[Any] = []
    async with opened(f"sqlite:///{path}", migrated=True) as database:
        talk, ali, _ = await pair(database)
        first = await sent(database, talk, ali, "first")
        async with writing(database, doubt=doubts.append, timeout=0.3) as writer:
            with held(path):
                for work in (
                    writer.store(draft(talk, ali, "bare")),
                    writer.change(talk, editing(talk, first.id, "x")),
                    writer.store(draft(talk, ali, "keyed", "key")),
                ):
                    task = asyncio.ensure_future(work)
                    await asyncio.wait([task])
                    expect_nothing_stored(task)
        async with writing(database, doubt=doubts.append) as writer:
            for _ in range(2):
                await writer.store(draft(talk, ali, "keyed", "key"))
        rows = await database.fetch("SELECT content, seq FROM messages ORDER BY id")
        assert rows == [("first", 1), ("keyed", 2)]
        assert doubts == []


async def test_what_a_transaction_kept_waiting_is_not_stored(database: Database) -> None:
    """Another change that holds the conversation, in this process or on another node."""
    doubts: list[Any] = []
    talk, ali, _ = await pair(database)
    first = await sent(database, talk, ali, "first")
    async with (
        writing(database, doubt=doubts.append, timeout=0.3) as writer,
        database.transaction() as transaction,
    ):
        await transaction.lock_conversations([talk])
        await transaction.fetch("SELECT 1")
        task = asyncio.ensure_future(writer.change(talk, editing(talk, first.id, "x")))
        await asyncio.wait([task])
        expect_nothing_stored(task)
    assert await database.fetch("SELECT content FROM messages") == [("first",)]
    assert doubts == []


async def test_what_is_under_way_when_its_time_is_over_may_be_stored(path: Path) -> None:
    """Whoever gave up hears that nobody knows."""
    begun, go_on = Event(), Event()

    def slow(db: sqlite3.Connection) -> None:
        begun.set()
        go_on.wait()
        db.execute("CREATE TABLE kept (text TEXT)")

    async with opened(f"sqlite:///{path}") as database:
        assert isinstance(database, SqliteStore)
        task = asyncio.create_task(database.write(slow))
        await asyncio.to_thread(begun.wait)
        task.cancel("enough")
        with pytest.raises(asyncio.CancelledError, match="enough"):
            await task
        go_on.set()
        await database.write(lambda db: None)
        assert await database.fetch("SELECT * FROM kept") == []
