"""A turn of a follower in a conversation: a process takes it, works, and settles the position.

A process takes due positions for some seconds (a lease). If it dies, the lease ends, and another
takes the position over; at once where it is known that the process has ended. No transaction stays
open while a follower works: on SQLite nobody else could write then, and on PostgreSQL it would hold
back the cursors of all clients.

Moments are those of the database, so clocks of nodes may differ.
"""

import secrets
from collections.abc import Sequence
from typing import NamedTuple

from chat.store.database import Database, listed
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
HOLD = """
    SELECT p.conversation_id FROM positions AS p
    WHERE p.follower = ? AND p.conversation_id IN ({ids}) {skip_locked}
"""
# Whatever changed since it was read: whoever looked for it meanwhile found a lease, and left it.
# Where the position was put back meanwhile (REWIND), it stays there, and is due. So is one whose
# failures were forgiven meanwhile.
SETTLE = """
    UPDATE positions SET lease = NULL, failures = 0, failing_since = NULL,
        seq = CASE WHEN seq = ? THEN ? ELSE seq END,
        due = CASE WHEN seq <> ? OR
            (SELECT c.seq FROM conversations AS c WHERE c.id = positions.conversation_id) > ?
            THEN {moment} END
    WHERE follower = ? AND conversation_id = ? AND lease = ?
"""
GO_ON_LATER = """
    UPDATE positions SET lease = NULL,
        due = CASE WHEN seq = ? AND failures = ? THEN {moment} + ? ELSE {moment} END,
        failures = CASE WHEN seq <> ? OR seq < ? THEN 0 ELSE failures END + ?,
        failing_since = CASE WHEN seq = ? AND seq >= ? AND failing_since IS NOT NULL
                             THEN failing_since WHEN ? > 0 THEN {moment} END,
        seq = CASE WHEN seq = ? THEN ? ELSE seq END
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


class Turn(NamedTuple):
    """How a turn ended: the follower has the conversation up to `seq`.

    It goes on after `pause` seconds; with None, when there is something new. `is_failure` says that
    something failed.
    """

    lease: Lease
    position: Position
    seq: int
    pause: float | None = None
    is_failure: bool = False


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


async def settle(database: Database, turns: Sequence[Turn]) -> list[Turn]:
    """Store how these turns of one follower ended, in one transaction; nothing of those whose lease
    is lost.

    Returns those that are still to be stored, because others hold their positions at this moment.
    It does not wait for these: they may be waiting for a position that is held here.
    """
    moment = database.moment
    hold = HOLD.format(ids=database.ids, skip_locked=database.skip_locked("p"))
    ids = listed([turn.position.conversation_id for turn in turns])
    async with database.transaction() as transaction:
        rows = await transaction.fetch(hold, (turns[0].lease.follower, ids))
        held = {conversation_id for (conversation_id,) in rows}
        ended = [turn for turn in turns if turn.position.conversation_id in held]
        done = [_done(turn) for turn in ended if turn.pause is None]
        later = [_later(turn, turn.pause) for turn in ended if turn.pause is not None]
        for sql, rows in ((SETTLE, done), (GO_ON_LATER, later)):
            if rows:
                await transaction.execute_many(sql.format(moment=moment), rows)
    return [turn for turn in turns if turn.position.conversation_id not in held]


def _done(turn: Turn) -> tuple[int | str, ...]:
    was, seq = turn.position.seq, turn.seq
    return was, seq, was, seq, *_key(turn)


def _later(turn: Turn, pause: float) -> tuple[int | str, ...]:
    was, seq, failed = turn.position.seq, turn.seq, int(turn.is_failure)
    failures = turn.position.failures
    return was, failures, length(pause), was, seq, failed, was, seq, failed, was, seq, *_key(turn)


def _key(turn: Turn) -> tuple[str, int, str]:
    return turn.lease.follower, turn.position.conversation_id, turn.lease.token


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
