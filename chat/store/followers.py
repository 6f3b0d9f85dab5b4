"""Which followers there are, and how far each is in each conversation.

A position is due when its follower has something to do there. How a process takes it up is in
`leases`, or in `spans` for many at once. Moments are those of the database, so clocks of nodes may
differ.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from chat.store import touched
from chat.store.cursors import Cursor
from chat.store.database import PART, Database, Reads, Transaction, in_parts, listed
from chat.times import now

MICROSECONDS = 1_000_000
STEP = 10_000
"""Conversations that are compared in one transaction."""
BEGINNING = "beginning "
"""Before the name of a follower whose positions are being made: it follows nothing yet."""
REBUILD = "search rebuild"
"""No follower: up to where the index of search is being made anew."""
COUNTED = 1_000
"""Most conversations that are looked at to say how far a follower is behind."""

# What is behind, and not due or leased already, becomes due.
FIND = """
    INSERT INTO positions (follower, conversation_id, seq, due)
    SELECT CAST(? AS text), c.id, 0, {moment}
    FROM conversations AS c
    LEFT JOIN positions AS p ON p.follower = ? AND p.conversation_id = c.id {among}
    WHERE c.seq > coalesce(p.seq, 0) {which}
    ON CONFLICT (follower, conversation_id) DO UPDATE SET due = excluded.due
    WHERE positions.due IS NULL
"""
BEGIN = """
    INSERT INTO positions (follower, conversation_id, seq)
    SELECT CAST(? AS text), c.id, c.seq FROM conversations AS c
    WHERE c.id > ? AND c.id <= ? AND EXISTS (SELECT 1 FROM followers WHERE name = ?) ORDER BY c.id
    ON CONFLICT (follower, conversation_id) DO NOTHING
"""
BEGUN = """
    INSERT INTO followers (name, cursor) SELECT CAST(? AS text), b.cursor
    FROM followers AS b WHERE b.name = ? ON CONFLICT (name) DO NOTHING
"""
REWIND = """
    UPDATE positions SET seq = ?, failures = 0, failing_since = NULL,
        due = CASE WHEN lease IS NULL THEN {moment} ELSE due END
    WHERE follower = ? AND conversation_id = ? AND seq > ?
"""
FAILING = """
    SELECT failures, {moment} - coalesce(failing_since, {moment}) FROM positions
    WHERE follower = ? AND conversation_id = ?
"""
HASTEN = """
    UPDATE positions SET due = {moment}
    WHERE follower = ? AND due > {moment} AND lease IS NULL
"""
FORGIVE = """
    UPDATE positions SET failures = 0, failing_since = NULL,
        due = CASE WHEN lease IS NULL THEN {moment} ELSE due END
    WHERE follower = ? AND due IS NOT NULL AND failures > 0
"""
FORGET = """
    DELETE FROM positions WHERE follower = ? AND conversation_id IN (
        SELECT conversation_id FROM positions WHERE follower = ? ORDER BY conversation_id LIMIT ?
    )
"""
# What nobody has looked for yet is behind too. Both parts end at COUNTED.
DUE = """
    SELECT p.conversation_id, p.seq FROM positions AS p
    WHERE p.follower = f.name AND p.due IS NOT NULL ORDER BY p.due LIMIT ?
"""
UNSEEN = """
    SELECT c.id AS conversation_id, coalesce(p.seq, 0) AS seq FROM conversations AS c
    LEFT JOIN positions AS p ON p.follower = f.name AND p.conversation_id = c.id
    WHERE c.seq > coalesce(p.seq, 0) {which} LIMIT ?
"""
# Of a change that is no message, its own log has the moment. Both numbers in one text, so that one
# subquery gives them for each follower.
LAG = """
    SELECT f.name, (
        SELECT CAST(count(*) AS text) || ' ' || coalesce(CAST(min(coalesce(
            (SELECT m.created_at FROM messages AS m
             WHERE m.conversation_id = behind.conversation_id AND m.created_seq > behind.seq
             ORDER BY m.created_seq LIMIT 1),
            (SELECT g.at FROM changes AS g
             WHERE g.conversation_id = behind.conversation_id AND g.seq > behind.seq
             ORDER BY g.seq LIMIT 1))) AS text), '')
        FROM (SELECT * FROM ({due}) AS due UNION SELECT * FROM ({unseen}) AS unseen) AS behind)
    FROM followers AS f WHERE f.name IN ({names})
"""


# The same where conversations are divided among servers: what is behind first, and then its age.
BEHIND = f"""
    SELECT * FROM ({DUE.replace("f.name", "?")}) AS due
    UNION SELECT * FROM ({UNSEEN.replace("f.name", "?")}) AS unseen
"""  # noqa: S608 - of ours
OLDEST = """
    SELECT min(at) FROM (
        SELECT m.created_at AS at FROM ({pairs}) AS behind
        JOIN messages AS m ON m.conversation_id = behind.one AND m.created_seq > behind.two
        UNION ALL
        SELECT g.at FROM ({pairs}) AS behind
        JOIN changes AS g ON g.conversation_id = behind.one AND g.seq > behind.two
    ) AS waiting
"""


class Failing(NamedTuple):
    """How often in a row a follower has failed in a conversation, and since how many seconds."""

    failures: int
    seconds: float


class Lag(NamedTuple):
    """`seconds` is the age of the oldest change that is not handled, of COUNTED conversations."""

    seconds: float
    conversations: int


NO_LAG = Lag(0.0, 0)


async def begin(database: Database, name: str, *, with_past: bool) -> None:
    """Make the follower known, once: with all that has happened, or with what comes from now on."""
    if await is_begun(database, name):
        return
    cursor = await touched.present(database)
    async with database.transaction() as transaction:
        if with_past:  # with a cursor that is older than all that is kept
            await _insert(transaction, name, Cursor(cursor.epoch, cursor.incarnation, 0))
        elif not await is_begun(transaction, name):
            await prepare(transaction, name, cursor)
    await complete(database, name)


async def prepare(transaction: Transaction, name: str, cursor: Cursor) -> None:
    """Note that the follower begins with what comes. The cursor was read before the transaction.

    `complete` does the rest, in steps that keep nobody waiting. Where it is interrupted, whoever
    runs the follower completes it. All use this cursor, which is older than the positions that any
    of them makes. So a conversation that changes meanwhile is looked at once more.
    """
    await _insert(transaction, BEGINNING + name, cursor)


async def _insert(transaction: Transaction, name: str, cursor: Cursor) -> None:
    await transaction.execute(
        "INSERT INTO followers (name, cursor) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
        (name, str(cursor)),
    )


async def complete(database: Database, name: str) -> None:
    """Give a follower that begins its positions, where that is not done. It has begun then."""
    beginning = BEGINNING + name
    if not await is_begun(database, beginning):
        return
    ((last,),) = await database.fetch("SELECT coalesce(max(id), 0) FROM conversations")
    for start in range(0, last, STEP):
        async with database.transaction() as transaction:
            await transaction.execute(BEGIN, (name, start, start + STEP, beginning))
    async with database.transaction() as transaction:
        await transaction.execute(BEGUN, (name, beginning))
        await transaction.execute("DELETE FROM followers WHERE name = ?", (beginning,))


async def end(transaction: Transaction, name: str) -> None:
    """Make the follower unknown. No process looks for anything in its name any more."""
    await transaction.execute(
        "DELETE FROM followers WHERE name IN (?, ?)", (name, BEGINNING + name)
    )


async def forget(database: Database, name: str) -> None:
    """Delete the positions of a follower that has ended, some at a time."""
    deleted = 1
    while deleted:
        async with database.transaction() as transaction:
            deleted = await transaction.execute(FORGET, (name, name, PART))


async def find(database: Database, name: str) -> None:
    """Have positions that are behind become due; of processes that look at once, one does it."""
    row = await database.fetch_one("SELECT cursor FROM followers WHERE name = ?", (name,))
    if row is None:  # it has ended
        return
    (text,) = row
    found = await touched.since(database, Cursor.read(text))
    if found.ids is None:
        await _find_everywhere(database, name)
    if not found.ids and found.ids is not None and str(found.cursor) == text:
        return
    async with database.transaction() as transaction:
        rows = await transaction.fetch(
            f"SELECT f.cursor FROM followers AS f WHERE f.name = ? {database.skip_locked('f')}",  # noqa: S608 - of ours
            (name,),
        )
        if rows != [(text,)]:
            return
        if found.ids is not None:
            which = f"AND c.id IN ({database.ids})"
            sql = FIND.format(moment=database.moment, among="", which=which)
            for part in in_parts(found.ids):
                await transaction.execute(sql, (name, name, listed(part)))
        await transaction.execute(
            "UPDATE followers SET cursor = ? WHERE name = ?", (str(found.cursor), name)
        )


async def _find_everywhere(database: Database, name: str) -> None:
    """Compare all conversations, in steps that keep no sender waiting."""
    ((last,),) = await database.fetch("SELECT coalesce(max(id), 0) FROM conversations")
    # Said of both tables, because PostgreSQL otherwise reads all positions in each step.
    among = "AND p.conversation_id > ? AND p.conversation_id <= ?"
    which = "AND c.id > ? AND c.id <= ?"
    sql = FIND.format(moment=database.moment, among=among, which=which)
    for start in range(0, last, STEP):
        step = (start, start + STEP)
        async with database.transaction() as transaction:
            await transaction.execute(sql, (name, name, *step, *step))


async def rewind(database: Database, name: str, seqs: Mapping[int, int]) -> None:
    """Put the follower back to these positions, by conversation, where it is further."""
    sql = REWIND.format(moment=database.moment)
    for part in in_parts(seqs.items()):
        async with database.transaction() as transaction:
            await transaction.execute_many(
                sql, [(seq, name, conversation_id, seq) for conversation_id, seq in part]
            )


async def hasten(database: Database, name: str) -> None:
    """Have all that was put off become due now."""
    sql = HASTEN.format(moment=database.moment)
    async with database.transaction() as transaction:
        await transaction.execute(sql, (name,))


async def forgive(transaction: Transaction, name: str) -> None:
    """Have all in which it has failed become due now, as if it had never failed."""
    await transaction.execute(FORGIVE.format(moment=transaction.moment), (name,))


async def failing(reads: Reads, name: str, conversation_id: int) -> Failing:
    """How the follower fails in the conversation."""
    rows = await reads.fetch(FAILING.format(moment=reads.moment), (name, conversation_id))
    return Failing(rows[0][0], rows[0][1] / MICROSECONDS) if rows else Failing(0, 0.0)


async def names(reads: Reads) -> list[str]:
    """Those of all followers that have begun."""
    rows = await reads.fetch("SELECT name FROM followers WHERE name <> ?", (REBUILD,))
    return [name for (name,) in rows if not name.startswith(BEGINNING)]


async def lag(reads: Reads, name: str) -> Lag:
    """How far the follower is behind, on all nodes, whether or not it runs. Raises Unavailable."""
    return (await lags(reads, [name])).get(name, NO_LAG)


async def lags(reads: Reads, names: Collection[str]) -> dict[str, Lag]:
    """How far these are behind, by name; without those that have not begun.

    However many there are, it takes the same few statements. Raises Unavailable.
    """
    sql = f"SELECT name, cursor FROM followers WHERE name IN ({reads.texts})"  # noqa: S608 - of ours
    # Cursors of one history are compared with the database at once, by the oldest.
    cursors: dict[tuple[str, str], dict[str, int]] = {}
    for name, text in await reads.fetch(sql, (listed(names),)):
        cursor = Cursor.read(text)
        cursors.setdefault((cursor.epoch, cursor.incarnation), {})[name] = cursor.point
    moment = now()
    found: dict[str, Lag] = {}
    for of, points in cursors.items():
        touch = await touched.since(reads, Cursor(*of, min(points.values())))
        which, some = "", tuple[str, ...]()
        if touch.ids is not None:  # otherwise one has not looked for long, and any may be behind
            which, some = f"AND c.id IN ({reads.ids})", (listed(list(touch.ids)[:COUNTED]),)
        if reads.form == "citus":
            for name in points:
                found[name] = await _lag_among_servers(reads, name, which, some, moment)
            continue
        sql = LAG.format(due=DUE, unseen=UNSEEN.format(which=which), names=reads.texts)
        parameters = (COUNTED, *some, COUNTED, listed(points))
        for name, text in await reads.fetch(sql, parameters):
            conversations, oldest = text.split(" ")
            found[name] = Lag(_age(int(oldest) if oldest else None, moment), int(conversations))
    return found


async def _lag_among_servers(
    reads: Reads, name: str, which: str, some: tuple[str, ...], moment: int
) -> Lag:
    behind = BEHIND.format(which=which)
    rows = await reads.fetch(behind, (name, COUNTED, name, *some, COUNTED))
    ((oldest,),) = await reads.fetch(OLDEST.format(pairs=reads.pairs), (listed(rows),) * 2)
    return Lag(_age(oldest, moment), len(rows))


def _age(oldest: int | None, moment: int) -> float:
    return 0.0 if oldest is None else max(0.0, (moment - oldest) / MICROSECONDS)


def length(seconds: float) -> int:
    return int(seconds * MICROSECONDS)


async def is_begun(reads: Reads, name: str) -> bool:
    return bool(await reads.fetch("SELECT 1 FROM followers WHERE name = ?", (name,)))
