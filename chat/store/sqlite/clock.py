"""Numbers the transactions that change conversations, because SQLite itself does not."""

import sqlite3
from collections.abc import Sequence


def next_stamp(db: sqlite3.Connection) -> int:
    """The stamp of the present write transaction."""
    (stamp,) = db.execute("SELECT value + 1 FROM clock").fetchone()
    return int(stamp)


def touch(db: sqlite3.Connection, conversation_ids: Sequence[int], moment: int) -> None:
    """The same as `Transaction.touch`."""
    stamp = next_stamp(db)
    db.executemany(
        "UPDATE conversations SET changed = ? WHERE id = ?",
        [(stamp, conversation_id) for conversation_id in conversation_ids],
    )
    advance(db, stamp, conversation_ids, moment)


def advance(
    db: sqlite3.Connection, stamp: int, conversation_ids: Sequence[int], moment: int
) -> None:
    """Set the clock to this stamp, and note that its transaction changed these conversations."""
    db.execute("UPDATE clock SET value = ?", (stamp,))
    db.execute(
        "INSERT INTO touched (changed, ids, at) VALUES (?, ?, ?)",
        (stamp, ",".join(map(str, conversation_ids)), moment),
    )
