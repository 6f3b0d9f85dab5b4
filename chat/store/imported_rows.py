"""Rows that come from another chat server, in bulk."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from chat.store import ticket_answers
from chat.store.attachments import StoredFile
from chat.store.changes import Entry
from chat.store.database import Database, Reads, Transaction, listed
from chat.store.followers import BEGINNING
from chat.store.search_texts import FOLLOWER
from chat.store.users import APART
from chat.text.names import key_of

Rows = Sequence[Sequence[Any]]


class Standing(Struct, frozen=True):
    """The role of a message's sender in its conversation."""

    is_staff: bool
    is_participant: bool


async def names_like(reads: Reads, keys: Collection[str]) -> dict[str, list[tuple[int, str]]]:
    """By folded name, the users who have it: id and name."""
    rows = await reads.fetch(
        f"SELECT username_key, id, username FROM users WHERE username_key IN ({reads.texts})",  # noqa: S608 - of ours
        (listed(keys),),
    )
    found: dict[str, list[tuple[int, str]]] = {key: [(id_, name)] for key, id_, name in rows}
    after = chr(ord(APART) + 1)
    for key in found:
        found[key] += await reads.fetch(
            f"""
            SELECT id, username FROM users
            WHERE username_key > ?{reads.binary} AND username_key < ?{reads.binary}
            """,  # noqa: S608 - a constant of the dialect
            (key + APART, key + after),
        )
    return found


async def add_users(transaction: Transaction, rows: Rows) -> None:
    await transaction.execute_many(
        """
        INSERT INTO users (id, username, username_key, password_hash, password_rounds, is_staff,
                           created_at, display_name)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        rows,
    )


async def add_nobody(transaction: Transaction, name: str, moment: int) -> int | None:
    """A user who cannot sign in. Returns the id, or None if the name is taken."""
    rows = await transaction.fetch(
        """
        INSERT INTO users (username, username_key, created_at) VALUES (?, ?, ?)
        ON CONFLICT (username_key) DO NOTHING RETURNING id
        """,
        (name, key_of(name), moment),
    )
    return rows[0][0] if rows else None


async def add_conversations(transaction: Transaction, rows: Rows) -> None:
    """Each is id, title, creator, beginning, and the number of participants."""
    await transaction.execute_many(
        """
        INSERT INTO conversations (id, title, created_by, created_at, active_at, participant_count)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        rows,
    )


async def add_participants(transaction: Transaction, rows: Rows) -> None:
    """Each is conversation, user and role."""
    await transaction.execute_many(
        f"""
        INSERT INTO participants (conversation_id, user_id, role, changed)
        VALUES (?, ?, ?, {transaction.stamp})
        """,  # noqa: S608 - of ours
        rows,
    )


async def known_users(reads: Reads, user_ids: Collection[int]) -> set[int]:
    rows = await reads.fetch(
        f"SELECT id FROM users WHERE id IN ({reads.ids})",  # noqa: S608 - of ours
        (listed(user_ids),),
    )
    return {id_ for (id_,) in rows}


async def standings(
    reads: Reads, pairs: Collection[tuple[int, int]]
) -> dict[tuple[int, int], Standing]:
    """The role of each (conversation, user), for users who exist."""
    rows = await reads.fetch(
        f"""
        SELECT pair.one, pair.two, u.is_staff, p.user_id FROM ({reads.pairs}) AS pair
        JOIN users AS u ON u.id = pair.two
        LEFT JOIN participants AS p ON p.conversation_id = pair.one AND p.user_id = pair.two
        """,  # noqa: S608 - of ours
        (listed(pairs),),
    )
    return {(one, two): Standing(bool(staff), who is not None) for one, two, staff, who in rows}


async def add_former(transaction: Transaction, pairs: Collection[tuple[int, int]]) -> None:
    """Those who wrote in a conversation and are in its list no more (conversation, user)."""
    await transaction.execute_many(
        """
        INSERT INTO participants (conversation_id, user_id, is_active) VALUES (?, ?, FALSE)
        ON CONFLICT (conversation_id, user_id) DO NOTHING
        """,
        sorted(pairs),
    )


async def add_messages(transaction: Transaction, rows: Rows) -> None:
    await transaction.execute_many(
        f"""
        INSERT INTO messages (id, conversation_id, sender_id, content, created_at, created_seq, seq,
                              is_edited, is_deleted, by_agent, changed)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {transaction.stamp})
        """,  # noqa: S608 - of ours
        rows,
    )


async def add_unread(transaction: Transaction, rows: Rows) -> None:
    """Each is a conversation, a sender, and the `seq` of an unread message; the first one stays."""
    await transaction.execute_many(
        """
        INSERT INTO import_unread (conversation_id, sender_id, seq) VALUES (?, ?, ?)
        ON CONFLICT (conversation_id, sender_id) DO NOTHING
        """,
        rows,
    )


async def add_attachments(
    transaction: Transaction, rows: Sequence[tuple[int, int, int, int, int, StoredFile, int]]
) -> None:
    """Each is id, conversation, message, its sender, `seq`, the file, and when it was attached."""
    await transaction.execute_many(
        """
        INSERT INTO attachments (id, conversation_id, message_id, sender_id, seq, name,
                                 stored_name, size, content_type, sha256, created_at, width,
                                 height, thumbnail_size, duration_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            (
                *(id_, conversation_id, message_id, sender_id, seq),
                *(file.name, file.stored_name, file.size, file.content_type, file.sha256),
                *(at, file.width, file.height, file.thumbnail_size, file.duration_ms),
            )
            for id_, conversation_id, message_id, sender_id, seq, file, at in rows
        ],
    )


async def add_tickets(transaction: Transaction, rows: Rows) -> None:
    """After the messages, because of a closed ticket is kept now when it was answered."""
    await transaction.execute_many(
        """
        INSERT INTO support_tickets (id, conversation_id, seq, subject, status, priority,
                                     created_by, assigned_to, created_at, updated_at,
                                     closed_at, subject_key)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        rows,
    )
    closed = [(place, id_) for id_, place, *_, closed_at, _ in rows if closed_at is not None]
    await ticket_answers.record(transaction, closed)


async def log(transaction: Transaction, entries: Sequence[Entry]) -> None:
    """Entries of the log. Who did it, and when, is not known."""
    await transaction.execute_many(
        f"""
        INSERT INTO changes (conversation_id, seq, kind, subject_id, changed)
        VALUES (?, ?, ?, ?, {transaction.stamp})
        """,  # noqa: S608 - of ours
        entries,
    )


class Sent(NamedTuple):
    """The part of a message that matters to its files; `at` is when it was sent."""

    is_deleted: bool
    at: int
    sender_id: int


async def sent(reads: Reads, places: Collection[tuple[int, int]]) -> dict[int, Sent]:
    """By id, those of the messages (conversation, id) that exist."""
    rows = await reads.fetch(
        f"""
        SELECT m.id, m.is_deleted, m.created_at, m.sender_id FROM ({reads.pairs}) AS place
        JOIN messages AS m ON m.conversation_id = place.one AND m.id = place.two
        """,  # noqa: S608 - of ours
        (listed(places),),
    )
    return {id_: Sent(bool(is_deleted), at, sender_id) for id_, is_deleted, at, sender_id in rows}


async def with_open_tickets(reads: Reads, conversation_ids: Collection[int]) -> set[int]:
    rows = await reads.fetch(
        f"""
        SELECT conversation_id FROM support_tickets
        WHERE status <> 'closed' AND conversation_id IN ({reads.ids})
        """,  # noqa: S608 - of ours
        (listed(conversation_ids),),
    )
    return {id_ for (id_,) in rows}


async def active_at(reads: Reads, conversation_ids: Collection[int]) -> dict[int, int]:
    """The moment of the last message of each conversation, or of its beginning."""
    if not conversation_ids:
        return {}
    sql = f"SELECT id, active_at FROM conversations WHERE id IN ({reads.ids})"  # noqa: S608 - of ours
    return dict(await reads.fetch(sql, (listed(conversation_ids),)))


async def set_positions(
    transaction: Transaction,
    seqs: dict[int, int],
    lasts: dict[int, tuple[int, int]] | None = None,
) -> None:
    """Store the new `seq` of each conversation, and, of some, the last message and its time.

    Followers that act on what is new, as webhooks do, take none of it for new. Search does.
    """
    rows = [(seq, id_) for id_, seq in seqs.items()]
    await transaction.execute_many("UPDATE conversations SET seq = ? WHERE id = ?", rows)
    await transaction.execute_many(
        "UPDATE conversations SET last_message_id = ?, active_at = ? WHERE id = ?",
        [(*last, id_) for id_, last in (lasts or {}).items()],
    )
    await transaction.execute(
        f"""
        INSERT INTO positions (follower, conversation_id, seq)
        SELECT replace(f.name, '{BEGINNING}', ''), c.id, c.seq
        FROM followers AS f CROSS JOIN conversations AS c
        WHERE f.name <> '{FOLLOWER}' AND c.id IN ({transaction.ids})
        ON CONFLICT (follower, conversation_id) DO UPDATE SET seq = excluded.seq
        """,  # noqa: S608 - of ours
        (listed(seqs),),
    )
    await transaction.touch(sorted(seqs))


# Up to the message before the first one of somebody else that nobody has read.
MARKS = """
    UPDATE participants SET last_read_id = coalesce((
        SELECT m.id FROM messages AS m
        WHERE m.conversation_id = participants.conversation_id AND m.created_seq < coalesce((
            SELECT min(u.seq) FROM import_unread AS u
            WHERE u.conversation_id = participants.conversation_id
              AND u.sender_id <> participants.user_id), {most})
        ORDER BY m.created_seq DESC LIMIT 1), 0),
        read_seq = (SELECT c.seq FROM conversations AS c
                    WHERE c.id = participants.conversation_id)
    WHERE conversation_id > ? AND conversation_id <= ? AND last_read_id = 0
"""


async def set_marks(transaction: Transaction, after: int, upto: int) -> None:
    """Set the marks of reading in these conversations, where nobody has read in Payam yet."""
    await transaction.execute(MARKS.format(most=2**62), (after, upto))


async def forget_unread(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.execute("DELETE FROM import_unread")
