"""Fills a seeded database with messages, directly in the tables and consistently.

One recursive statement makes the rows on both databases, so both have the same rows. The
conversations take turns, as in a real chat, and so do the members of each.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

from loadtest.crowd import Crowd

ROWS = 500_000
"""Rows per transaction."""
UNREAD = 5
"""So many last messages of each conversation are unread."""
GAP = 1_000_000
"""Microseconds between two messages. The last one was sent just now."""

Execute = Callable[[str], object]

MESSAGES = """
    WITH RECURSIVE numbers (n) AS (
        SELECT CAST({first} AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < {last}
    ),
    places AS (
        SELECT n, (n - 1) % {conversations} + 1 AS conversation,
               (n - 1) / {conversations} + 1 AS seq
        FROM numbers
    )
    INSERT INTO messages (
        id, conversation_id, sender_id, content, created_at, created_seq, seq
    )
    SELECT n, conversation,
           CASE conversation WHEN 1 THEN seq % {users} + 1
           ELSE (conversation * {members} + seq % {members}) % {users} + 1 END,
           'message ' || CAST(n AS TEXT) || ' of those that were there before the run began',
           {began} + n * {gap}, seq, seq
    FROM places
"""
CONVERSATION = """
    UPDATE conversations SET seq = {seq}, last_message_id = {last},
           created_at = {created_at}, active_at = {active_at}
    WHERE id = {conversation}
"""
READERS = "UPDATE participants SET last_read_id = {read} WHERE conversation_id = {conversation}"


def fill(settings: Mapping[str, str], crowd: Crowd, messages: int) -> None:
    """Store so many messages in the database of these settings. It must have the crowd and no
    message, and nothing else may use it meanwhile.
    """
    began = time.time_ns() // 1000 - messages * GAP
    conversations = crowd.conversations + 1
    with opened(settings) as execute:
        for first in range(1, messages + 1, ROWS):
            numbers = {"first": first, "last": min(first + ROWS - 1, messages)}
            people = {"users": crowd.users, "members": crowd.members}
            times = {"began": began, "gap": GAP}
            execute(MESSAGES.format(conversations=conversations, **numbers, **people, **times))
        for conversation in range(1, min(conversations, messages) + 1):
            seq = (messages - conversation) // conversations + 1
            last = (seq - 1) * conversations + conversation
            moments = {
                "created_at": began + conversation * GAP,
                "active_at": began + last * GAP,
            }
            execute(CONVERSATION.format(conversation=conversation, seq=seq, last=last, **moments))
            read = max(last - UNREAD * conversations, 0)
            execute(READERS.format(conversation=conversation, read=read))


@contextmanager
def opened(settings: Mapping[str, str]) -> Iterator[Execute]:
    """Yields a function that runs one statement in a transaction of its own. At the end the
    database looks like one that has been in use for a long time.
    """
    if "DATABASE_URL" in settings:
        with psycopg.connect(settings["DATABASE_URL"], autocommit=True) as server:
            yield server.execute
            server.execute(
                "SELECT setval(pg_get_serial_sequence('messages', 'id'),"
                " (SELECT max(id) FROM messages))"
            )
            # Otherwise autovacuum would do it during the measuring.
            server.execute("VACUUM ANALYZE")
    else:
        file = Path(settings["DATA_DIR"]) / "payam.sqlite3"
        with closing(sqlite3.connect(file, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous = OFF")  # filling is not measured
            yield database.execute
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
