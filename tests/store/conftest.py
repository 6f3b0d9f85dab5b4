"""A database for each test, on SQLite and on PostgreSQL."""

import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from chat.store.database import Database
from chat.store.models import TABLES
from chat.store.models.changes import Clock, History
from chat.store.models.desk import Desk
from tests.conftest import migrate
from tests.store.world import opened
from tests.support.postgres_server import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """A test that asks for it, or for a database, runs on both."""
    kind: str = request.param
    return kind


@pytest.fixture
def empty_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without a table."""
    if dialect == "sqlite":
        return f"sqlite:///{tmp_path / 'payam.sqlite3'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.create_database()


@pytest.fixture(scope="session")
def shared_url(postgres_server: PostgresServer, migrated_template: str) -> str:
    """A migrated database that tests use one after another: a new one each costs too much."""
    return postgres_server.create_database(template=migrated_template)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database, to be copied: the migrations take longer than most tests."""
    folder = tmp_path_factory.mktemp("migrated")
    path = folder / "payam.sqlite3"
    migrate(f"sqlite:///{path}", folder)
    return path


@pytest.fixture
def database_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of the database that `database` has open."""
    if dialect == "sqlite":
        path = shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "payam.sqlite3")
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("shared_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Migrated, and without a row but the name of its history and the clock."""
    async with opened(database_url, migrated=True) as database:
        if database.dialect == "postgresql":  # an earlier test had it
            models = [one for one in reversed(TABLES) if one not in (History, Clock, Desk)]
            deletes = "".join(f"DELETE FROM {one._meta.table_name};" for one in models)  # noqa: S608 - tables of ours
            async with database.transaction() as transaction:
                await transaction.execute(f"DO $$ BEGIN {deletes} END $$")
        yield database


@pytest.fixture
async def other_node(database: Database, database_url: str) -> AsyncIterator[Database]:
    """The same database, as another process has it open."""
    async with opened(database_url) as second:
        yield second


@pytest.fixture
def statements(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by each statement that asks this kind of database for rows."""
    found: list[str] = []
    fetch = type(database).fetch

    async def counted(self: Database, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        found.append(sql)
        return await fetch(self, sql, parameters)

    monkeypatch.setattr(type(database), "fetch", counted)
    return found
