"""Stores new messages in SQLite: one function in the thread of the connection that writes."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import TypeVar

from chat.store.agents import IS_AGENT
from chat.store.database import Row
from chat.store.mentions import INSERT as INSERT_MENTION
from chat.store.sends import FIRST_WITH_KEY, Extras, Send, blocked, not_a_participant
from chat.store.sqlite import clock
from chat.times import now

Item = TypeVar("Item")
IS_PARTICIPANT = """
    SELECT 1 FROM participants
    WHERE conversation_id = ? AND user_id = ? AND is_active AND NOT is_blocked
"""
IS_BLOCKED = IS_PARTICIPANT.replace("NOT is_blocked", "is_blocked")
SELECT_AGENT = f"SELECT 1 WHERE {IS_AGENT.format(user='?', conversation='?')}"
COLUMNS = """conversation_id, sender_id, content, created_at, created_seq, seq, client_id,
    fingerprint, by_agent, changed"""
ROW = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
EXTENDED = ", reply_to, metadata"
TEMPLATE = """
    INSERT INTO messages ({columns}) VALUES ({row})
    ON CONFLICT (conversation_id, sender_id, client_id) WHERE client_id IS NOT NULL DO NOTHING
"""
INSERT = TEMPLATE.format(columns=COLUMNS + EXTENDED, row=f"{ROW}, ?, ?")
INSERT_MANY = "INSERT OR IGNORE INTO messages ({columns}) VALUES {rows}"
"""With OR IGNORE the statement never has to undo its own work. Otherwise SQLite would copy each
page before it changes it.
"""
SELECT_SEQS = """
    WITH asked (conversation_id, user_id) AS (VALUES {pairs})
    SELECT asked.conversation_id, asked.user_id, conversations.seq
    FROM asked
    CROSS JOIN participants USING (conversation_id, user_id)
    CROSS JOIN conversations ON conversations.id = asked.conversation_id
    WHERE participants.is_active AND NOT participants.is_blocked
"""
"""CROSS JOIN keeps the order: for each pair, one look into each index."""
PARTS = (64, 32, 16, 8, 4, 2, 1)
"""How many rows one statement has. So SQLite sees few statements, which it need not parse again."""

Pair = tuple[int, int]
"""A conversation and a sender."""


def store_all(db: sqlite3.Connection, sends: Sequence[Send]) -> None:
    """Store them within a write transaction. It is the only one, so nothing changes meanwhile."""
    stamp = clock.next_stamp(db)
    pairs = {(one.conversation_id, one.sender_id) for one in sends}
    seqs = seqs_of_participants(db, pairs)
    if len(seqs) < len(pairs) or not insert_together(db, sends, seqs, stamp):
        insert_one_by_one(db, sends, stamp)
    lasts: dict[int, Send] = {}
    for send in sends:
        if send.error is None and not send.is_repeat:
            lasts[send.conversation_id] = send
            if send.extras is not None:
                store_mentions(db, send, send.extras)
    if not lasts:
        return
    db.executemany(
        """
        UPDATE conversations SET seq = ?, last_message_id = ?, active_at = ?, changed = ?
        WHERE id = ?
        """,
        [(one.seq, one.id, one.created_at, stamp, id_) for id_, one in lasts.items()],
    )
    clock.advance(db, stamp, list(lasts), now())


def seqs_of_participants(db: sqlite3.Connection, pairs: Collection[Pair]) -> dict[Pair, int]:
    """The positions of the conversations of those who may send as participants."""
    return {
        (conversation_id, user_id): seq
        for part in parts_of(list(pairs))
        for conversation_id, user_id, seq in db.execute(
            select_seqs(len(part)), list(chain.from_iterable(part))
        )
    }


def insert_together(
    db: sqlite3.Connection, sends: Sequence[Send], known: Mapping[Pair, int], stamp: int
) -> bool:
    """Insert messages of participants, many in one statement. That takes half of the time.

    Returns whether all are new. Otherwise none is stored.
    """
    seqs = {conversation_id: seq for (conversation_id, _), seq in known.items()}
    extended = any([send.extras is not None for send in sends])  # noqa: C419 - a list is faster
    (before,) = db.execute("SELECT max(id) FROM messages").fetchone()
    for part in parts_of(sends):
        values: list[object] = []
        for send in part:
            send.seq = seqs[send.conversation_id] = seqs[send.conversation_id] + 1
            values += row_of(send, send.seq, stamp)
            if extended:
                values += extras_of(send)
        cursor = db.execute(insert_many(len(part), extended=extended), values)
        if cursor.rowcount < len(part):
            db.execute("DELETE FROM messages WHERE id > ?", (before or 0,))
            return False
        assert cursor.lastrowid is not None
        for id_, send in enumerate(part, cursor.lastrowid - len(part) + 1):
            send.id = id_
    return True


def insert_one_by_one(db: sqlite3.Connection, sends: Sequence[Send], stamp: int) -> None:
    """The same for all others: agents, retries, and those who are refused."""
    seqs: dict[int, int] = {}
    for send in sends:
        send.id = send.seq = 0
        conversation_id, sender_id = send.conversation_id, send.sender_id
        if db.execute(IS_PARTICIPANT, (conversation_id, sender_id)).fetchone() is None:
            first = first_of(db, send)
            if first is not None:
                send.settle_as_repeat(first)
                continue
            if db.execute(SELECT_AGENT, (sender_id, conversation_id)).fetchone() is None:
                is_blocked = db.execute(IS_BLOCKED, (conversation_id, sender_id)).fetchone()
                send.error = blocked() if is_blocked else not_a_participant()
                continue
            send.by_agent = True
        seq = seqs.get(conversation_id)
        if seq is None:
            (seq,) = db.execute(
                "SELECT seq FROM conversations WHERE id = ?", (conversation_id,)
            ).fetchone()
        seq += 1
        cursor = db.execute(INSERT, row_of(send, seq, stamp) + extras_of(send))
        if cursor.rowcount == 0:
            first = first_of(db, send)
            assert first is not None
            send.settle_as_repeat(first)
            continue
        assert cursor.lastrowid is not None
        send.id, send.seq = cursor.lastrowid, seq
        seqs[conversation_id] = seq


def parts_of(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    at = 0
    for size in PARTS:
        while len(items) - at >= size:
            yield items[at : at + size]
            at += size


@cache
def select_seqs(count: int) -> str:
    return SELECT_SEQS.format(pairs=", ".join(["(?, ?)"] * count))


@cache
def insert_many(count: int, *, extended: bool) -> str:
    columns, row = (COLUMNS + EXTENDED, f"({ROW}, ?, ?)") if extended else (COLUMNS, f"({ROW})")
    return INSERT_MANY.format(columns=columns, rows=", ".join([row] * count))


def row_of(send: Send, seq: int, stamp: int) -> tuple[object, ...]:
    return (
        send.conversation_id,
        send.sender_id,
        send.content,
        send.created_at,
        seq,
        seq,
        send.client_id,
        send.fingerprint,
        send.by_agent,
        stamp,
    )


def extras_of(send: Send) -> tuple[object, ...]:
    extras = send.extras
    return (None, None) if extras is None else (extras.reply_to, extras.metadata)


def store_mentions(db: sqlite3.Connection, send: Send, extras: Extras) -> None:
    db.executemany(
        INSERT_MENTION,
        [
            (send.conversation_id, user.id, send.id, user.id == send.sender_id)
            for user in extras.mentions
        ],
    )


def first_of(db: sqlite3.Connection, send: Send) -> Row | None:
    if send.client_id is None:
        return None
    first: Row | None = db.execute(
        FIRST_WITH_KEY, (send.conversation_id, send.sender_id, send.client_id)
    ).fetchone()
    return first
