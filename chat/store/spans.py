"""Spans: what happened in many conversations since a follower was there, taken up together.

The positions are those of `followers`, without leases. One transaction locks them, does the
follower's work and settles them. Whoever comes second finds that they have moved.
"""

from collections.abc import Sequence
from typing import NamedTuple

from chat.store.database import Database, Reads, Transaction, listed
from chat.store.followers import length

PAGE = 200
"""Most changes of one conversation that are gathered at once."""

DUE = """
    SELECT p.conversation_id, p.seq, c.seq, p.failures
    FROM positions AS p JOIN conversations AS c ON c.id = p.conversation_id
    WHERE p.follower = ? AND p.due <= {moment} ORDER BY p.due LIMIT ?
"""
HOLD = """
    SELECT p.conversation_id, p.seq FROM positions AS p
    WHERE p.follower = ? AND p.conversation_id IN ({ids}) {skip_locked}
"""
# Whichever way an UPDATE would join the two, of a million positions it could go through all.
SETTLE = """
    INSERT INTO positions (follower, conversation_id, seq)
    SELECT CAST(? AS text), ends.one, ends.two FROM ({pairs}) AS ends WHERE true
    ON CONFLICT (follower, conversation_id) DO UPDATE SET
        seq = excluded.seq, failures = 0, due = CASE
            WHEN (SELECT c.seq FROM conversations AS c WHERE c.id = excluded.conversation_id)
                 > excluded.seq
            THEN {moment} END
"""
# Where conversations are divided among servers, for one of them.
SETTLE_ONE = """
    UPDATE positions SET seq = ?, failures = 0, due = CASE
        WHEN (SELECT c.seq FROM conversations AS c WHERE c.id = ?) > ? THEN {moment} END
    WHERE follower = ? AND conversation_id = ?
"""
PUT_OFF = """
    UPDATE positions SET failures = failures + 1, due = {moment} + ?
    WHERE follower = ? AND conversation_id = ? AND seq = ?
"""


class Span(NamedTuple):
    """What happened in a conversation after one `seq`, up to and with another one."""

    conversation_id: int
    after: int
    upto: int
    failures: int = 0


async def due(reads: Reads, name: str, most: int) -> list[Span]:
    """Where the follower has something to do now, with about so many changes in all."""
    rows = await reads.fetch(DUE.format(moment=reads.moment), (name, most))
    found: list[Span] = []
    for conversation_id, after, seq, failures in rows:
        if most <= 0:
            break
        span = Span(conversation_id, after, min(seq, after + PAGE), failures)
        most -= max(1, span.upto - after)
        found.append(span)
    return found


def is_full(spans: Sequence[Span], most: int) -> bool:
    """Whether `due` may have left something out, of at most so many changes."""
    lengths = [span.upto - span.after for span in spans]
    return sum(lengths) >= most or PAGE in lengths


async def hold(
    database: Database, transaction: Transaction, name: str, spans: Sequence[Span]
) -> list[Span]:
    """Lock the positions of these spans; those are left out in which others were at work."""
    sql = HOLD.format(ids=database.ids, skip_locked=database.skip_locked("p"))
    ids = listed([span.conversation_id for span in spans])
    held = {row[0]: row[1] for row in await transaction.fetch(sql, (name, ids))}
    return [span for span in spans if held.get(span.conversation_id) == span.after]


async def settle(transaction: Transaction, name: str, spans: Sequence[Span]) -> None:
    """The follower has these conversations up to the ends of the spans, which it holds."""
    if transaction.form == "citus":
        sql = SETTLE_ONE.format(moment=transaction.moment)
        for one, _, upto, _ in spans:
            await transaction.execute(sql, (upto, one, upto, name, one))
        return
    ends = listed([(span.conversation_id, span.upto) for span in spans])
    sql = SETTLE.format(moment=transaction.moment, pairs=transaction.pairs)
    await transaction.execute(sql, (name, ends))


async def put_off(database: Database, name: str, span: Span, seconds: float) -> None:
    """The follower failed there: it is due again after this pause, unless it went on meanwhile."""
    sql = PUT_OFF.format(moment=database.moment)
    async with database.transaction() as transaction:
        await transaction.execute(sql, (length(seconds), name, span.conversation_id, span.after))
