"""Who may know of whose presence, and when a user was last online."""

from collections.abc import Collection, Mapping

import msgspec

from chat.store.database import Reads, Transaction, listed
from chat.times import to_text

SHARED_MAX = 20
"""The most participants of a conversation in which they hear of each other's presence."""

# As one value per user: rows of their own would hold the event loop where there are many.
# The conversations are not joined: PostgreSQL would read all that there are, for each user.
OF_EACH = """
    SELECT u.id, u.username, (
        SELECT {joined} FROM participants AS p WHERE p.user_id = u.id AND p.is_active AND (
            SELECT c.participant_count BETWEEN 2 AND {most}
            FROM conversations AS c WHERE c.id = p.conversation_id))
    FROM users AS u WHERE u.id IN ({ids})
"""
SHARED = {
    "sqlite": OF_EACH,
    "postgresql": OF_EACH,
    # A cluster begins with what is divided: users are on each of its servers.
    "citus": """
        SELECT u.id, u.username, shared.ids FROM users AS u LEFT JOIN (
            SELECT p.user_id, {joined} AS ids FROM participants AS p
            WHERE p.user_id IN ({ids}) AND p.is_active AND (
                SELECT c.participant_count BETWEEN 2 AND {most}
                FROM conversations AS c WHERE c.id = p.conversation_id)
            GROUP BY p.user_id
        ) AS shared ON shared.user_id = u.id WHERE u.id IN ({ids})
    """,
}
JOINED = {
    "sqlite": "group_concat(p.conversation_id, ',')",
    "postgresql": "string_agg(CAST(p.conversation_id AS text), ',')",
}

_ids = msgspec.json.Decoder(list[int]).decode


async def shared(reads: Reads, user_ids: Collection[int]) -> dict[int, tuple[str, list[int]]]:
    """The name of each user, and the conversations whose participants hear of its presence."""
    sql = SHARED[reads.form].format(joined=JOINED[reads.dialect], most=SHARED_MAX, ids=reads.ids)
    lists = 2 if reads.form == "citus" else 1
    rows = await reads.fetch(sql, (listed(user_ids),) * lists)
    return {user_id: (username, _ids(f"[{joined or ''}]")) for user_id, username, joined in rows}


async def keep(transaction: Transaction, seen: Mapping[int, int]) -> None:
    """Keep when these users were last online, in microseconds since the epoch."""
    await transaction.execute_many(
        "UPDATE users SET last_seen_at = ? WHERE id = ?",
        [(moment, user_id) for user_id, moment in seen.items()],
    )


async def last_seen(reads: Reads, user_ids: Collection[int]) -> dict[int, str]:
    """When each of these was last online, as far as it is known."""
    rows = await reads.fetch(
        f"SELECT id, last_seen_at FROM users WHERE last_seen_at > 0 AND id IN ({reads.ids})",  # noqa: S608 - of ours
        (listed(user_ids),),
    )
    return {user_id: to_text(moment) for user_id, moment in rows}
