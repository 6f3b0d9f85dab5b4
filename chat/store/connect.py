"""Chooses the engine that DATABASE_URL names. Nothing else knows which engines exist.

An engine is imported when it is chosen. So a server on SQLite never imports psycopg, and
gunicorn's master, which only takes the lock, imports no database at all.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from chat.store.patience import PATIENCE, Patience
from chat.store.sqlite import lock

if TYPE_CHECKING:
    from chat.store.database import Database

SQLITE = "sqlite:///"


def connect(url: str, pool_size: int, patience: Patience = PATIENCE) -> "Database":
    """The database that `url` names. Call `open` before using it."""
    engine = "sqlite" if url.startswith(SQLITE) else "postgres"
    module = import_module(f"chat.store.{engine}.database")
    database: Database = module.connect(url, pool_size, patience)
    return database


def connect_index(
    database: "Database", url: str, pool_size: int, patience: Patience = PATIENCE
) -> "Database":
    """Where search looks: the database itself, but on SQLite a file of its own.

    Open it after the database, and after that has its schema.
    """
    if database.dialect != "sqlite":
        return database
    module = import_module("chat.store.sqlite.index")
    index: Database = module.connect(url, pool_size, patience)
    return index


def attempt_lock(url: str, *, has_relay: bool) -> None:
    """Raises SettingsError if `hold_lock` would. It holds nothing, and makes no file."""
    if url.startswith(SQLITE):
        lock.attempt(url.removeprefix(SQLITE), has_relay=has_relay)


def hold_lock(url: str, *, has_relay: bool) -> None:
    """Keep other servers from a database that only one may serve, until this process ends.

    Servers that have a relay may share it. Raises SettingsError, whose text is one line.
    """
    if url.startswith(SQLITE):
        lock.hold(url.removeprefix(SQLITE), has_relay=has_relay)
