"""Stores new messages in SQLite: one function in the thread of the connection that writes."""

import sqlite3
from collections.abc import Sequence

from chat.store.agents import IS_AGENT
from chat.store.database import Row
from chat.store.mentions import INSERT as INSERT_MENTION
from chat.store.sends import FIRST_WITH_KEY, Extras, Send, blocked, not_a_participant
from chat.store.sqlite import clock
from chat.times import now

IS_PARTICIPANT = """
    SELECT 1 FROM participants
    WHERE conversation_id = ? AND user_id = ? AND is_active AND NOT is_blocked
"""
IS_BLOCKED = IS_PARTICIPANT.replace("NOT is_blocked", "is_blocked")
SELECT_AGENT = f"SELECT 1 WHERE {IS_AGENT.format(user='?', conversation='?')}"
TEMPLATE = """
    INSERT INTO messages (conversation_id, sender_id, content, created_at, created_seq, seq,
                          client_id, fingerprint, by_agent, changed{columns})
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, {by_agent}, ?{values})
    ON CONFLICT (conversation_id, sender_id, client_id) WHERE client_id IS NOT NULL DO NOTHING
"""
INSERTS = {
    (by_agent, extended): TEMPLATE.format(
        by_agent="TRUE" if by_agent else "FALSE",
        columns=", reply_to, metadata" if extended else "",
        values=", ?, ?" if extended else "",
    )
    for by_agent in (False, True)
    for extended in (False, True)
}


def store_all(db: sqlite3.Connection, sends: Sequence[Send]) -> None:
    """Store them within a write transaction. It is the only one, so nothing changes meanwhile."""
    seqs: dict[int, int] = {}
    lasts: dict[int, tuple[int, int, int]] = {}  # conversation: seq, last message, its time
    members: dict[tuple[int, int], bool] = {}
    stamp = clock.next_stamp(db)
    for send in sends:
        conversation_id, sender_id = send.conversation_id, send.sender_id
        member = members.get((conversation_id, sender_id))
        if member is None:
            row = db.execute(IS_PARTICIPANT, (conversation_id, sender_id)).fetchone()
            member = members[conversation_id, sender_id] = row is not None
        if not member:
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
        cursor = db.execute(*insert_of(send, seq, stamp))
        if cursor.rowcount == 0:
            first = first_of(db, send)
            assert first is not None
            send.settle_as_repeat(first)
            continue
        assert cursor.lastrowid is not None
        send.id, send.seq = cursor.lastrowid, seq
        if send.extras is not None:
            store_extras(db, send, send.extras)
        seqs[conversation_id] = seq
        lasts[conversation_id] = (seq, send.id, send.created_at)
    if not lasts:
        return
    db.executemany(
        """
        UPDATE conversations SET seq = ?, last_message_id = ?, active_at = ?, changed = ?
        WHERE id = ?
        """,
        [(*last, stamp, conversation_id) for conversation_id, last in lasts.items()],
    )
    clock.advance(db, stamp, list(lasts), now())


def insert_of(send: Send, seq: int, stamp: int) -> tuple[str, tuple[object, ...]]:
    """The statement that inserts a message, and its parameters."""
    row = (
        send.conversation_id,
        send.sender_id,
        send.content,
        send.created_at,
        seq,
        seq,
        send.client_id,
        send.fingerprint,
        stamp,
    )
    if send.extras is None:
        return INSERTS[send.by_agent, False], row
    return INSERTS[send.by_agent, True], (*row, send.extras.reply_to, send.extras.metadata)


def store_extras(db: sqlite3.Connection, send: Send, extras: Extras) -> None:
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
