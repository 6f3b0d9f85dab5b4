"""What each device shows of a conversation, and which of them must be looked at.

A notice is a state and no queue: however many messages come, there is one row for a conversation
and a device. It becomes due when there may be something to push, and whoever looks reads from the
database what is unread by then. A process takes due notices for some seconds (a lease), looks,
pushes, and settles each. If it dies, the lease ends, and another process takes the notice over.

1. Message 5 comes. The notice is due in five seconds.
2. Sara reads nothing, and is nowhere online. A push is sent, and the notice has `shown_id` 5.
3. Messages 6 and 7 come. It becomes due once, and one push says that three are unread.
4. Sara reads up to 7 elsewhere. It becomes due, a push takes the notification away, and the row
   goes.

Moments are those of the database, so clocks of nodes may differ.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from chat.store.database import Database, Reads, Transaction, in_parts, listed
from chat.times import now

MICROSECONDS = 1_000_000
AT_BEGINNING = -1
"""The `added_seq` of a user with whom somebody began the conversation."""
FEW = 2_000
"""So many notices that are shown are looked at by themselves, without asking what changed."""
DUE = """
    SELECT n.conversation_id, n.device_id FROM notices AS n
    WHERE n.due <= {moment} ORDER BY n.due LIMIT ? {skip_locked}
"""
LEASE = """
    UPDATE notices SET due = {moment} + ?, lease = ? WHERE conversation_id = ? AND device_id = ?
"""
OF_LEASE = "conversation_id = ? AND device_id = ? AND lease = ?"
PUT_OFF = f"""
    UPDATE notices SET due = {{moment}} + ?, failures = ?, lease = NULL WHERE {OF_LEASE}
"""  # noqa: S608 - of ours
# Whatever came since it was looked at: whoever asked meanwhile found it due, and left it.
SHOWN = f"""
    UPDATE notices SET shown_id = ?, shown_seq = ?, failures = 0, lease = NULL,
        added_seq = CASE WHEN added_seq > ? THEN added_seq ELSE 0 END,
        due = CASE WHEN {{seq}} > ? OR {{read}} > ? THEN {{moment}} + ? END
    WHERE {OF_LEASE}
"""  # noqa: S608 - of ours
KEEP = f"""
    UPDATE notices SET failures = 0, lease = NULL,
        added_seq = CASE WHEN added_seq > ? THEN added_seq ELSE 0 END,
        due = CASE WHEN {{seq}} > ? OR {{read}} > ? THEN {{moment}} + ? END
    WHERE {OF_LEASE}
"""  # noqa: S608 - of ours
DROP = f"DELETE FROM notices WHERE {OF_LEASE} AND {{seq}} <= ?"  # noqa: S608 - of ours
SHOWN_NOTHING = f"""
    UPDATE notices SET shown_id = 0, shown_seq = 0, failures = 0, lease = NULL,
        added_seq = CASE WHEN added_seq > ? THEN added_seq ELSE 0 END, due = {{moment}} + ?
    WHERE {OF_LEASE}
"""  # noqa: S608 - of ours
SEQ = """
    coalesce((SELECT c.seq FROM conversations AS c WHERE c.id = notices.conversation_id), 0)
"""
READ = """
    coalesce((SELECT p.last_read_id
              FROM participants AS p JOIN devices AS d ON d.user_id = p.user_id
              WHERE p.conversation_id = notices.conversation_id AND d.id = notices.device_id), 0)
"""

SEEN = """
    SELECT n.conversation_id, n.device_id, n.due IS NULL
    FROM notices AS n
    JOIN devices AS d ON d.id = n.device_id
    JOIN participants AS p ON p.conversation_id = n.conversation_id AND p.user_id = d.user_id
    WHERE n.conversation_id IN ({ids}) AND n.shown_seq > 0
      AND (NOT p.is_active OR CASE WHEN n.shown_id > 0 THEN p.last_read_id >= n.shown_id
                                   ELSE p.read_seq >= n.shown_seq END)
"""


class Place(NamedTuple):
    conversation_id: int
    device_id: int


class Lease(NamedTuple):
    """`token` is of the process, and of this one turn."""

    token: str
    seconds: float


async def lease(database: Database, lease: Lease, most: int) -> list[Place]:
    """Take at most so many due notices, that nobody else has."""
    look = DUE.format(moment=database.moment, skip_locked="")
    if not await database.fetch(look, (1,)):
        return []  # the usual answer, for which SQLite needs no turn to write
    due = DUE.format(moment=database.moment, skip_locked=database.skip_locked("n"))
    async with database.transaction() as transaction:
        rows = await transaction.fetch(due, (most,))
        await transaction.execute_many(
            LEASE.format(moment=database.moment),
            [(length(lease.seconds), lease.token, *row) for row in rows],
        )
    return [Place(*row) for row in rows]


async def put_off(
    transaction: Transaction, token: str, places: Iterable[tuple[Place, float, int]]
) -> None:
    """Look again at each after so many seconds. The number is how often it has failed."""
    sql = PUT_OFF.format(moment=transaction.moment)
    await transaction.execute_many(
        sql,
        [(length(seconds), failures, *place, token) for place, seconds, failures in sorted(places)],
    )


class Looked(NamedTuple):
    """What was there when a notice was looked at: the conversation's `seq`, and what was read."""

    place: Place
    seq: int
    last_read_id: int


async def shown(
    transaction: Transaction, token: str, looked: Looked, shown_id: int, seconds: float
) -> None:
    """The device shows this message now. If more came meanwhile, look in so many seconds."""
    await transaction.execute(
        SHOWN.format(moment=transaction.moment, seq=SEQ, read=READ),
        (
            *(shown_id, max(looked.seq, 1), looked.seq),  # 0 would stand for nothing
            *(looked.seq, looked.last_read_id, length(seconds)),
            *(*looked.place, token),
        ),
    )


async def keep(
    transaction: Transaction, token: str, looked: Iterable[Looked], seconds: float
) -> None:
    """Mark that these devices show what they should."""
    await transaction.execute_many(
        KEEP.format(moment=transaction.moment, seq=SEQ, read=READ),
        [
            (one.seq, one.seq, one.last_read_id, length(seconds), *one.place, token)
            for one in sorted(looked)
        ],
    )


async def drop(
    transaction: Transaction, token: str, looked: Iterable[Looked], seconds: float
) -> None:
    """These devices show nothing. If more came meanwhile, look in so many seconds."""
    looked = sorted(looked)
    await transaction.execute_many(
        DROP.format(seq=SEQ), [(*one.place, token, one.seq) for one in looked]
    )
    await transaction.execute_many(
        SHOWN_NOTHING.format(moment=transaction.moment),
        [(one.seq, length(seconds), *one.place, token) for one in looked],
    )


async def forget(transaction: Transaction, places: Iterable[Place]) -> None:
    """Their devices are gone."""
    await transaction.execute_many(
        "DELETE FROM notices WHERE conversation_id = ? AND device_id = ?", sorted(places)
    )


async def any_shown(reads: Reads) -> bool:
    return bool(await reads.fetch("SELECT 1 FROM notices WHERE shown_seq > 0 LIMIT 1"))


async def shown_conversations(reads: Reads, changed: Collection[int] | None) -> list[int]:
    """The conversations that some device shows something of, among those that changed.

    None stands for all. Where FEW are shown it begins with those.
    """
    rows = await reads.fetch(
        "SELECT DISTINCT conversation_id FROM notices WHERE shown_seq > 0 LIMIT ?", (FEW,)
    )
    if len(rows) < FEW:
        return [id_ for (id_,) in rows if changed is None or id_ in changed]
    if changed is not None:
        return list(changed)
    every = await reads.fetch("SELECT DISTINCT conversation_id FROM notices WHERE shown_seq > 0")
    return [id_ for (id_,) in every]


async def mark_seen(database: Database, conversation_ids: Collection[int]) -> set[int]:
    """Have notices looked at whose user has read what is shown, or has left.

    Returns the conversations in which somebody is at work on such a notice: ask for these again.
    """
    at_work: set[int] = set()
    for part in in_parts(conversation_ids):
        rows = await database.fetch(SEEN.format(ids=database.ids), (listed(part),))
        at_work.update(row[0] for row in rows if not row[2])
        if free := sorted((row[0], row[1]) for row in rows if row[2]):
            async with database.transaction() as transaction:
                await transaction.execute_many(
                    f"""
                    UPDATE notices SET due = {database.moment}
                    WHERE conversation_id = ? AND device_id = ? AND due IS NULL
                    """,  # noqa: S608 - of ours
                    free,
                )
    return at_work


async def waiting(reads: Reads) -> float:
    """The seconds for which the longest waiting notice has been due; 0 where none waits."""
    ((due,),) = await reads.fetch("SELECT min(due) FROM notices WHERE due IS NOT NULL")
    return 0.0 if due is None else max(0.0, (now() - due) / MICROSECONDS)


def length(seconds: float) -> int:
    return int(seconds * MICROSECONDS)
