"""A turn of a follower in a conversation: a process takes it, works, and settles the position.

A process takes due positions for some seconds (a lease). If it dies, the lease ends, and another
takes the position over; at once where it is known that the process has ended. No transaction stays
open while a follower works: on SQLite nobody else could write then, and on PostgreSQL it would hold
back the cursors of all clients.

Moments are those of the database, so clocks of nodes may differ.
"""

import secrets
from typing import NamedTuple

from chat.store.database import Database
from chat.store.followers import length

DUE = """
    SELECT p.conversation_id, p.seq, p.failures FROM positions AS p
    WHERE p.follower = ? AND p.due <= {moment} ORDER BY p.due LIMIT ? {skip_locked}
"""
LEASE = """
    UPDATE positions SET due = {moment} + ?, lease = ?
    WHERE follower = ? AND conversation_id = ?
"""
RENEW = """
    UPDATE positions SET due = {moment} + ?
    WHERE follower = ? AND conversation_id = ? AND lease = ?
"""
# Whatever changed since it was read: whoever looked for it meanwhile found a lease, and left it.
# Where the position was put back meanwhile (REWIND), it stays there, and is due.
SETTLE = """
    UPDATE positions SET lease = NULL, failures = 0, failing_since = NULL,
        seq = CASE WHEN seq = ? THEN ? ELSE seq END,
        due = CASE WHEN seq <> ? OR
            (SELECT c.seq FROM conversations AS c WHERE c.id = positions.conversation_id) > ?
            THEN {moment} END
    WHERE follower = ? AND conversation_id = ? AND lease = ?
"""
GO_ON_LATER = """
    UPDATE positions SET lease = NULL, due = CASE WHEN seq = ? THEN {moment} + ? ELSE {moment} END,
        failures = CASE WHEN seq <> ? OR seq < ? THEN 0 ELSE failures END + ?,
        failing_since = CASE WHEN seq = ? AND seq >= ? THEN coalesce(failing_since, {failed_at})
                             ELSE {failed_at} END,
        seq = CASE WHEN seq = ? THEN ? ELSE seq END
    WHERE follower = ? AND conversation_id = ? AND lease = ?
"""
PUT_OFF = """
    UPDATE positions SET failures = failures + 1, lease = NULL, due = {moment} + ?,
        failing_since = coalesce(failing_since, {moment})
    WHERE follower = ? AND conversation_id = ? AND lease = ?
"""
FREE = """
    UPDATE positions SET lease = NULL, due = {moment}
    WHERE follower IN (SELECT name FROM followers) AND due > {moment}
      AND substr(lease, 1, length(?)) = ?
"""
RELEASE = """
    UPDATE positions SET lease = NULL, due = {moment}
    WHERE follower = ? AND conversation_id = ? AND lease = ?
"""


class Position(NamedTuple):
    """Up to `seq` the follower has the conversation; `failures` counts those since it moved."""

    conversation_id: int
    seq: int
    failures: int


class Lease(NamedTuple):
    """`token` is of the process, and of this one turn."""

    follower: str
    token: str
    seconds: float


def token_of(owner: str) -> str:
    """One for a turn of this process, or of this serving process's followers."""
    return f"{owner}.{secrets.token_hex(8)}"


async def lease(database: Database, lease: Lease, most: int) -> list[Position]:
    """Take at most so many due positions, that nobody else has."""
    look = DUE.format(moment=database.moment, skip_locked="")
    if not await database.fetch(look, (lease.follower, 1)):
        return []  # the usual answer, for which SQLite needs no turn to write
    due = DUE.format(moment=database.moment, skip_locked=database.skip_locked("p"))
    async with database.transaction() as transaction:
        rows = await transaction.fetch(due, (lease.follower, most))
        await transaction.execute_many(
            LEASE.format(moment=database.moment),
            [(length(lease.seconds), lease.token, lease.follower, row[0]) for row in rows],
        )
    return [Position(*row) for row in rows]


async def renew(database: Database, lease: Lease, conversation_id: int) -> bool:
    """Whether the lease is still the caller's, and lasts as long again."""
    sql = RENEW.format(moment=database.moment)
    parameters = (length(lease.seconds), lease.follower, conversation_id, lease.token)
    async with database.transaction() as transaction:
        return bool(await transaction.execute(sql, parameters))


async def settle(database: Database, lease: Lease, position: Position, seq: int) -> None:
    """The follower has the conversation up to `seq`; nothing is stored where the lease is lost."""
    sql = SETTLE.format(moment=database.moment)
    was = position.seq
    key = (lease.follower, position.conversation_id, lease.token)
    async with database.transaction() as transaction:
        await transaction.execute(sql, (was, seq, was, seq, *key))


async def go_on_later(
    database: Database,
    lease: Lease,
    position: Position,
    seq: int,
    seconds: float,
    *,
    is_failure: bool,
) -> None:
    """The follower has the conversation up to `seq`, and goes on after a pause."""
    failed_at = database.moment if is_failure else "NULL"
    sql = GO_ON_LATER.format(moment=database.moment, failed_at=failed_at)
    was = position.seq
    key = (lease.follower, position.conversation_id, lease.token)
    async with database.transaction() as transaction:
        await transaction.execute(
            sql, (was, length(seconds), was, seq, int(is_failure), was, seq, was, seq, *key)
        )


async def release(database: Database, lease: Lease, conversation_id: int) -> None:
    """Leave the position to others at once, as it was."""
    sql = RELEASE.format(moment=database.moment)
    async with database.transaction() as transaction:
        await transaction.execute(sql, (lease.follower, conversation_id, lease.token))


async def free(database: Database, owner: str) -> None:
    """Leave to others at once what an owner was at work on who has ended."""
    of_owner = f"{owner}."
    async with database.transaction() as transaction:
        await transaction.execute(FREE.format(moment=database.moment), (of_owner, of_owner))


async def put_off(database: Database, lease: Lease, conversation_id: int, seconds: float) -> None:
    """The follower failed there: it is due again after this pause."""
    sql = PUT_OFF.format(moment=database.moment)
    parameters = (length(seconds), lease.follower, conversation_id, lease.token)
    async with database.transaction() as transaction:
        await transaction.execute(sql, parameters)
