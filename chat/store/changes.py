"""The log of changes, and what came after a position: messages by `created_seq`, the log by `seq`.

A new message is an entry by its own row, so sending writes nothing else. When a later entry of the
same subject replaces an entry of the log, the earlier one is deleted. (The subject's row has its
`seq`.) Still nobody misses the last state:

1. A message is sent as 3 and edited as 5. The log has 5.
2. It is edited again as 8. The log has 8, and no longer 5.
3. A reader with the position 4 gets 8. A reader with the position 5 gets 8 too.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from chat.records import ID_MAX
from chat.store.database import PART, Reads, Row, Transaction, in_parts, listed
from chat.times import now


class Entry(NamedTuple):
    """One entry of the log. `kind` is the `type` of its frame."""

    conversation_id: int
    seq: int
    kind: str
    subject_id: int


THE_END = "the end"
"""The kind of the row that has the present `seq` of a conversation."""

# One shape for all: seq, kind, id, name, content, created_at, three flags, and what
# few have. The last part is the end itself, which sorts behind the change that bears its number.
SENT = """
    m.created_seq AS seq, 'chat.message' AS kind, m.id AS subject_id, u.username, m.content,
    m.created_at, m.is_edited, m.is_deleted, m.by_agent, m.sender_id, m.client_id, m.reply_to,
    CASE WHEN m.is_deleted THEN NULL ELSE m.metadata END
"""
NOTHING = """
    '', '', 0, FALSE, FALSE, FALSE, 0, CAST(NULL AS text), CAST(NULL AS bigint), CAST(NULL AS text)
"""
LOGGED = f"l.seq, l.kind, l.subject_id, {NOTHING}"
END = f"c.seq, '{THE_END}', 0, {NOTHING}"
LAST = f"CASE WHEN kind = '{THE_END}' THEN 1 ELSE 0 END"
# Those of the wanted conversations that a user is in; one by one, as in `positions.MINE`.
MINE = {
    "postgresql": """
        CROSS JOIN LATERAL (
            SELECT 1 FROM participants AS p
            WHERE p.conversation_id = wanted.one AND p.user_id = ? AND p.is_active OFFSET 0
        ) AS mine
    """,
    "sqlite": """
        WHERE EXISTS (SELECT 1 FROM participants AS p
                      WHERE p.conversation_id = given.one AND p.user_id = ? AND p.is_active)
    """,
}
# At most so many of each arm, for each conversation: PostgreSQL reads no more from either index.
# SQLite has no LATERAL: there the end of what is read is found first.
SINCE = {
    "postgresql": f"""
        SELECT wanted.one, found.* FROM ({{pairs}}) AS wanted {{mine}} CROSS JOIN LATERAL (
            SELECT * FROM (
                SELECT * FROM (
                    SELECT {SENT} FROM messages AS m JOIN users AS u ON u.id = m.sender_id
                    WHERE m.conversation_id = wanted.one AND m.created_seq > wanted.two
                    ORDER BY m.created_seq LIMIT ?
                ) AS of_messages
                UNION ALL SELECT * FROM (
                    SELECT {LOGGED} FROM changes AS l
                    WHERE l.conversation_id = wanted.one AND l.seq > wanted.two
                    ORDER BY l.seq LIMIT ?
                ) AS of_others
                UNION ALL SELECT {END} FROM conversations AS c WHERE c.id = wanted.one
            ) AS both_arms
            ORDER BY seq, {LAST} LIMIT ?
        ) AS found
        ORDER BY wanted.one, seq, {LAST}
    """,  # noqa: S608 - of ours
    "sqlite": f"""
        WITH pairs AS (SELECT one, two FROM ({{pairs}}) AS given {{mine}}),
        wanted AS MATERIALIZED (
            SELECT one, two, coalesce(
                (SELECT m.created_seq FROM messages AS m
                 WHERE m.conversation_id = one AND m.created_seq > two
                 ORDER BY m.created_seq LIMIT 1 OFFSET ?), {ID_MAX}
            ) AS messages_end, coalesce(
                (SELECT l.seq FROM changes AS l WHERE l.conversation_id = one AND l.seq > two
                 ORDER BY l.seq LIMIT 1 OFFSET ?), {ID_MAX}
            ) AS log_end
            FROM pairs
        )
        SELECT * FROM (
            SELECT wanted.one AS one, {SENT}
            FROM wanted CROSS JOIN messages AS m CROSS JOIN users AS u
            WHERE m.conversation_id = wanted.one AND u.id = m.sender_id
              AND m.created_seq > wanted.two AND m.created_seq < wanted.messages_end
            UNION ALL SELECT wanted.one, {LOGGED} FROM wanted CROSS JOIN changes AS l
            WHERE l.conversation_id = wanted.one
              AND l.seq > wanted.two AND l.seq < wanted.log_end
            UNION ALL SELECT wanted.one, {END} FROM wanted CROSS JOIN conversations AS c
            WHERE c.id = wanted.one
        ) ORDER BY one, seq, {LAST}
    """,  # noqa: S608 - of ours
}
LIMITS = {"postgresql": 3, "sqlite": 2}
"""How many parameters of the statement are the limit."""


async def rows_since(
    reads: Reads, positions: Mapping[int, int], limit: int, user_id: int | None = None
) -> dict[int, list[Row]]:
    """The rows after each conversation's position, in order, and then the row of the end.

    They are at most `limit` rows of each. A conversation that the database does not have is left
    out, and with `user_id` also one that this user is not in.
    """
    mine = "" if user_id is None else MINE[reads.dialect]
    sql = SINCE[reads.dialect].format(pairs=reads.pairs, mine=mine)
    limits = [limit] * LIMITS[reads.dialect]
    of_user = () if user_id is None else (user_id,)
    found: dict[int, list[Row]] = {}
    for part in in_parts(positions.items(), reads.part):
        for row in await reads.fetch(sql, (listed(part), *of_user, *limits)):
            rows = found.setdefault(row[0], [])
            if len(rows) < limit:
                rows.append(row[1:])
    return found


async def append(transaction: Transaction, entries: Sequence[Entry], actor_id: int | None) -> None:
    """Add entries, under the conversation's lock, in the transaction that makes the changes."""
    moment = now()
    await transaction.later(
        f"""
        INSERT INTO changes (conversation_id, seq, kind, subject_id, actor_id, at, changed)
        VALUES (?, ?, ?, ?, ?, ?, {transaction.stamp})
        """,  # noqa: S608 - of ours
        [(*entry, actor_id, moment) for entry in entries],
    )


async def forget(transaction: Transaction, conversation_id: int, seqs: Iterable[int]) -> None:
    """Delete the entries with these numbers, if they exist."""
    rows = [(conversation_id, seq) for seq in seqs if seq]
    if rows:
        await transaction.later("DELETE FROM changes WHERE conversation_id = ? AND seq = ?", rows)


async def moments(reads: Reads, conversation_id: int, seqs: Iterable[int]) -> dict[int, int]:
    """By `seq`, when these entries of the log were written, as far as it is known."""
    rows = await reads.fetch(
        f"""
        SELECT seq, at FROM changes
        WHERE conversation_id = ? AND seq IN ({reads.ids}) AND at IS NOT NULL
        """,  # noqa: S608 - of ours
        (conversation_id, listed(seqs)),
    )
    return dict(rows)


async def first_since(reads: Reads, moment: int, after: int) -> tuple[dict[int, int], int | None]:
    """Of some conversations with an id above `after`, the first `seq` that is of `moment` or later.

    Those without such a change are left out. Returns the last id that was looked at too, or None
    where there was none.
    """
    ((last,),) = await reads.fetch(
        """
        SELECT max(id) FROM (SELECT id FROM conversations WHERE id > ? ORDER BY id LIMIT ?) AS part
        """,
        (after, PART),
    )
    if last is None:
        return {}, None
    rows = await reads.fetch(
        """
        SELECT conversation_id, min(seq) FROM (
            SELECT conversation_id, created_seq AS seq FROM messages
            WHERE conversation_id > ? AND conversation_id <= ? AND created_at >= ?
            UNION ALL
            SELECT conversation_id, seq FROM changes
            WHERE conversation_id > ? AND conversation_id <= ? AND at >= ?
        ) AS found GROUP BY conversation_id
        """,
        (after, last, moment) * 2,
    )
    return dict(rows), last
