"""What search looks in, in a file of its own beside the SQLite database.

One connection at a time can write to a file of SQLite. In the database's own file each part of the
index would keep senders waiting. Here neither waits for the other: a connection to the index has
the database attached, and can only read it. So all statements stay as they are: `search_texts` and
the position of `search` are in this file, and conversations and messages in the other one.

All of it can be made again from the messages. So it need not be in a backup, and it is emptied
where it was made of another history of the database, as its follower's cursor shows.
"""

import sqlite3

from chat.store.cursors import Cursor
from chat.store.migrations.m0023_followers import STATEMENTS as FOLLOWERS
from chat.store.migrations.m0026_search import SQLITE as SEARCH
from chat.store.patience import Patience
from chat.store.search_texts import FOLLOWER
from chat.store.sqlite.database import SqliteStore

SUFFIX = ".search"
VERSION = 2
"""Of these tables. With another one they are made anew, and filled from the messages."""
READERS = 2
MAKE = (
    # The one about participants is for the database itself.
    *(one for one in FOLLOWERS if "participants" not in one),
    "ALTER TABLE positions ADD COLUMN failing_since BIGINT",
    *SEARCH,
    f"PRAGMA user_version = {VERSION}",
)
TABLES = ("search_pieces", "search_texts", "positions", "followers")
HISTORIES = """
    SELECT f.cursor, (SELECT epoch FROM history), (SELECT value + 1 FROM clock)
    FROM followers AS f WHERE f.name = ?
"""


class SqliteIndex(SqliteStore):
    def __init__(self, path: str, readers: int, patience: Patience) -> None:
        """`path` is that of the database."""
        super().__init__(path + SUFFIX, min(readers, READERS), patience, attached=path)

    async def open(self) -> None:
        """Make the file, and its tables, where they are not there. The database is there."""
        await super().open()
        await self.align()

    async def _prepare(self) -> None:
        """A reader that had seen this file without the table `followers` would go on to read the
        one of the database: SQLite looks only whether files have changed that a statement uses.
        """
        await self.write(prepare)

    async def align(self) -> bool:
        rows = await self.fetch(HISTORIES, (FOLLOWER,))
        if not rows or is_of(*rows[0]):
            return False
        return await self.write(empty_of_another)


def is_of(text: str, epoch: str, horizon: int) -> bool:
    """Whether who has this cursor has followed the present history of the database."""
    cursor = Cursor.read(text)
    return cursor.epoch == epoch and cursor.point <= horizon


def prepare(db: sqlite3.Connection) -> None:
    # Reading the file's schema makes this connection notice what another process has made.
    db.execute("SELECT count(*) FROM main.sqlite_master").fetchall()
    ((version,),) = db.execute("PRAGMA main.user_version").fetchall()
    if version != VERSION:
        make(db)


def empty_of_another(db: sqlite3.Connection) -> bool:
    """The same question once more, because another process may have done it."""
    rows = db.execute(HISTORIES, (FOLLOWER,)).fetchall()
    if not rows or is_of(*rows[0]):
        return False
    make(db)
    return True


def make(db: sqlite3.Connection) -> None:
    for name in TABLES:
        db.execute(f"DROP TABLE IF EXISTS main.{name}")
    for statement in MAKE:
        db.execute(statement)


def connect(url: str, pool_size: int, patience: Patience) -> SqliteIndex:
    return SqliteIndex(url.removeprefix("sqlite:///"), pool_size, patience)
