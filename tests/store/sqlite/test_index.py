"""What search looks in, on SQLite: a file beside the database, which can always be made again."""

import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from chat.errors import Unavailable
from chat.store import history, search_doctor
from chat.store.database import Database
from chat.store.sqlite import index as module
from tests.followers.test_search import follow, found
from tests.store.world import opened, opened_index, pair, sent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a folder" / "payam.sqlite3"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    async with opened(f"sqlite:///{path}", migrated=True) as database:
        yield database


def remove(path: Path, *ends: str) -> None:
    for end in ends:
        Path(f"{path}{end}").unlink(missing_ok=True)


async def count(index: Database) -> int:
    ((texts,),) = await index.fetch("SELECT count(*) FROM search_texts")
    return int(texts)


async def test_nobody_waits_for_who_writes_to_the_other_file(
    database: Database, path: Path
) -> None:
    """With a write transaction open in the one, the other one takes changes; and the reverse."""
    talk, ali, _ = await pair(database)
    async with opened_index(f"sqlite:///{path}") as index:
        async with index.transaction() as transaction:
            await transaction.execute("INSERT INTO search_texts VALUES (1, 1, 1, 'x')")
            await sent(database, talk, ali)
        async with database.transaction() as transaction:
            await transaction.execute("UPDATE conversations SET title = 'x'")
            await follow_once(index)
    assert await database.fetch("SELECT count(*) FROM search_texts") == [(0,)]


async def follow_once(index: Database) -> None:
    async with index.transaction() as transaction:
        await transaction.execute("INSERT INTO search_texts VALUES (1, 2, 1, 'x')")


async def test_through_the_index_the_database_is_only_read(database: Database, path: Path) -> None:
    await pair(database)
    async with opened_index(f"sqlite:///{path}") as index:
        with pytest.raises(Unavailable):
            async with index.transaction() as transaction:
                await transaction.execute("UPDATE conversations SET title = 'x'")


async def test_an_index_of_another_history_begins_anew(path: Path) -> None:
    """After `restored`, and where a database that is older than the index was put there."""
    url = f"sqlite:///{path}"
    async with opened(url, migrated=True) as database:
        talk, ali, sara = await pair(database)
        await sent(database, talk, ali, "first")
        with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(f"{path}.old")) as old:
            live.backup(old)
        await sent(database, talk, ali, "second")
        async with opened_index(url) as index:
            await follow(index)
            assert len(await found(index, sara, "second", by_pieces=True)) == 1
            assert not await index.align()
            await history.renew(database)
            assert await index.align()
            assert await count(index) == 0
            await follow(index)
            assert await count(index) == 2
    remove(path, "-wal", "-shm")
    shutil.copy(f"{path}.old", path)
    async with opened_index(url) as index:
        assert await count(index) == 0
        await follow(index)
        assert await found(index, sara, "second", by_pieces=True) == []
        assert len(await found(index, sara, "first", by_pieces=True)) == 1
        assert await search_doctor.examine(index) == []


async def test_a_lost_index_and_one_of_another_release_are_made_anew(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{path}"
    talk, ali, sara = await pair(database)
    await sent(database, talk, ali, "first")
    async with opened_index(url) as index:
        await follow(index)
    monkeypatch.setattr(module, "VERSION", module.VERSION + 1)
    async with opened_index(url) as index:
        assert await count(index) == 0
        await follow(index)
    remove(path, ".search", ".search-wal", ".search-shm")
    async with opened_index(url) as index:
        await follow(index)
        assert len(await found(index, sara, "first", by_pieces=True)) == 1
