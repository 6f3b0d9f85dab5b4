"""Computes derived data again, and finds where the stored data differs.

Derived are: a conversation's `seq`, last message, activity and number of participants; the log of
changes; how far a participant may have read; who owns a conversation; who is blocked; which
attachment has a file; and the folding of each user's name. Foldings may differ in another version
of Python, with a newer Unicode. What search looks in is compared by `search_doctor`.

Reading everything takes a while. It is meant for a database at rest, because what is being written
at this moment may look like drift.
"""

from collections.abc import Collection

from chat.store import (
    blocks_doctor,
    files_doctor,
    leftovers_doctor,
    reactions_doctor,
    roles_doctor,
)
from chat.store.database import Database, listed
from chat.store.drift import Drift
from chat.store.files import Files
from chat.store.users import foldings

CONVERSATIONS = """
    WITH entries (conversation_id, seq, kind, subject_id) AS ({entries}),
    changes_of AS (
        SELECT conversation_id, max(seq) AS seq FROM (
            SELECT conversation_id, seq FROM entries
            UNION ALL SELECT conversation_id, seq FROM changes
            UNION ALL SELECT conversation_id, created_seq FROM messages
        ) AS every GROUP BY conversation_id
    )
    SELECT * FROM (
        SELECT c.id, c.seq, coalesce(c.last_message_id, 0) AS last_message_id, c.active_at,
               c.participant_count,
               coalesce((SELECT m.id FROM messages AS m WHERE m.conversation_id = c.id
                         ORDER BY m.created_seq DESC LIMIT 1), 0) AS true_last,
               coalesce(changes_of.seq, 0) AS least_seq,
               coalesce((SELECT m.created_at FROM messages AS m
                         WHERE m.conversation_id = c.id
                         ORDER BY m.created_seq DESC LIMIT 1), c.created_at)
                   AS true_active,
               (SELECT count(*) FROM participants AS p
                WHERE p.conversation_id = c.id AND p.is_active) AS true_count
        FROM conversations AS c LEFT JOIN changes_of ON changes_of.conversation_id = c.id
    ) AS checked
    WHERE seq < least_seq OR last_message_id <> true_last OR active_at <> true_active
          OR participant_count <> true_count
    ORDER BY id
"""
# The entries of the log whose kinds this release knows, and the entries that it must have.
LOG = """
    WITH entries (conversation_id, seq, kind, subject_id) AS ({entries}),
    log AS (SELECT conversation_id, seq, kind, subject_id FROM changes WHERE kind IN ({texts})),
    strays AS (SELECT * FROM log EXCEPT SELECT * FROM entries),
    missing AS (SELECT * FROM entries EXCEPT SELECT * FROM log)
    SELECT 0 AS is_missing, strays.* FROM strays UNION ALL SELECT 1, missing.* FROM missing
    ORDER BY is_missing, conversation_id, seq
"""
READERS = """
    SELECT p.conversation_id, p.user_id, p.last_read_id, coalesce(c.last_message_id, 0)
    FROM participants AS p JOIN conversations AS c ON c.id = p.conversation_id
    WHERE p.last_read_id > coalesce(
        (SELECT m.id FROM messages AS m WHERE m.conversation_id = p.conversation_id
         ORDER BY m.created_seq DESC LIMIT 1), 0)
    ORDER BY p.conversation_id, p.user_id
"""
MEND_CONVERSATION = """
    UPDATE conversations
    SET seq = ?, last_message_id = nullif(?, 0), active_at = ?, participant_count = ? WHERE id = ?
"""
MEND_STRAY = """
    DELETE FROM changes WHERE conversation_id = ? AND seq = ? AND kind = ? AND subject_id = ?
"""
MEND_MISSING = """
    INSERT INTO changes (conversation_id, seq, kind, subject_id) VALUES (?, ?, ?, ?)
    ON CONFLICT (conversation_id, seq)
    DO UPDATE SET kind = excluded.kind, subject_id = excluded.subject_id
"""
MEND_READER = """
    UPDATE participants SET last_read_id = coalesce(
        (SELECT m.id FROM messages AS m WHERE m.conversation_id = participants.conversation_id
         ORDER BY m.created_seq DESC LIMIT 1), 0)
    WHERE conversation_id = ? AND user_id = ?
"""
# If another user has the name by now, both keep their accounts: see `store/users.py`.
MEND_NAME = """
    UPDATE users SET username_key = CASE
        WHEN NOT EXISTS (SELECT 1 FROM users AS o WHERE o.username_key = ?) THEN ? ELSE ? END
    WHERE id = ?
"""


async def examine(
    database: Database,
    files: Files,
    kinds: Collection[str],
    entries: str,
    index: Database | None = None,
) -> list[Drift]:
    """Find every drift. Each says in words what differs, and has what repairs it.

    `kinds` are the kinds of the log that this release knows. `entries` is the SELECT of the
    entries that the log must have of them: conversation, seq, kind and subject. `index` is where
    search looks, if that is another file: through it all of the database can be read as well.
    """
    return [
        *await examine_log(database, kinds, entries),
        *await examine_conversations(database, entries),
        *await examine_readers(database),
        *await examine_names(database),
        *await roles_doctor.examine(database),
        *await blocks_doctor.examine(database),
        *await leftovers_doctor.examine(index or database),
        *await reactions_doctor.examine(database),
        *await files_doctor.examine(database, files),
    ]


async def mend(database: Database, drifts: list[Drift], files: Files | None = None) -> None:
    """Repair them. What is to be deleted in a bucket needs `files`."""
    async with database.transaction() as transaction:
        for drift in drifts:
            for statement, parameters in drift.statements:
                await transaction.execute(statement, parameters)
    for drift in drifts:
        for path in drift.files:
            path.unlink(missing_ok=True)
        if drift.objects and files is not None and files.bucket is not None:
            await files.bucket.remove(drift.objects)


async def examine_log(database: Database, kinds: Collection[str], entries: str) -> list[Drift]:
    """The drift of the log. Entries without a subject come first, because another entry may be
    missing at the same number.
    """
    drifts = []
    sql = LOG.format(entries=entries, texts=database.texts)
    for is_missing, conversation_id, seq, kind, subject_id in await database.fetch(
        sql, (listed(kinds),)
    ):
        state = "is missing in the log" if is_missing else "is in the log, but did not happen"
        drifts.append(
            Drift(
                f"conversation {conversation_id}: {kind} {seq}, of {subject_id}, {state}",
                [
                    (
                        MEND_MISSING if is_missing else MEND_STRAY,
                        (conversation_id, seq, kind, subject_id),
                    )
                ],
            )
        )
    return drifts


async def examine_conversations(database: Database, entries: str) -> list[Drift]:
    drifts = []
    for row in await database.fetch(CONVERSATIONS.format(entries=entries)):
        id_, seq, last, active, count, true_last, least_seq, true_active, true_count = row
        wrong = []
        if seq < least_seq:
            wrong.append(f"seq is {seq}, but there is a change {least_seq}")
        if last != true_last:
            wrong.append(f"its last message is {true_last or None}, not {last or None}")
        if active != true_active:
            wrong.append("its activity is not its last message's")
        if count != true_count:
            wrong.append(f"it has {true_count} participants, not {count}")
        parameters = (max(seq, least_seq), true_last, true_active, true_count, id_)
        drifts.append(
            Drift(f"conversation {id_}: {'; '.join(wrong)}", [(MEND_CONVERSATION, parameters)])
        )
    return drifts


async def examine_readers(database: Database) -> list[Drift]:
    return [
        Drift(
            f"conversation {conversation_id}: user {user_id} has read up to {last_read_id},"
            f" beyond its last message",
            [(MEND_READER, (conversation_id, user_id))],
        )
        for conversation_id, user_id, last_read_id, _ in await database.fetch(READERS)
    ]


async def examine_names(database: Database) -> list[Drift]:
    """The drift of names, read in pages, because there may be millions of users."""
    drifts: list[Drift] = []
    last = 0
    while page := await foldings(database, last):
        for user_id, username, kept, keys in page:
            if kept not in keys:
                drifts.append(
                    Drift(
                        f"user {user_id}: the name {username!r} is kept as {kept!r},"
                        f" not as {keys[0]!r}",
                        [(MEND_NAME, (keys[0], keys[0], keys[1], user_id))],
                    )
                )
        last = page[-1][0]
    return drifts
