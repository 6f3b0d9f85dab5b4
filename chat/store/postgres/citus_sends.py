"""Stores new messages in a Citus cluster: one transaction, and one conversation after the other.

As in `sends`, each conversation is locked, in the order of the ids, before anything is read. Here
a statement can lock one only, and none can both insert and update. So a batch takes some round
trips for each conversation, and one for each message.
"""

import logging
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from itertools import groupby
from operator import attrgetter
from typing import Protocol

from chat.errors import Failed, PayamError
from chat.store import mentions
from chat.store.database import Row, Transaction, listed
from chat.store.postgres.citus_statements import LOCK
from chat.store.postgres.dialect import NOTE_TOUCHED, STAMP
from chat.store.sends import FIRST_WITH_KEY, Send, blocked, not_a_participant
from chat.times import now

log = logging.getLogger("payam.writer")

SENDERS = """
    SELECT user_id, is_blocked FROM participants
    WHERE conversation_id = ? AND is_active AND user_id IN ({ids})
"""
STAFF = "SELECT id FROM users WHERE is_staff AND id IN ({ids})"
HAS_TICKETS = "SELECT 1 FROM support_tickets WHERE conversation_id = ? LIMIT 1"
INSERT = f"""
    INSERT INTO messages (conversation_id, sender_id, content, created_at, created_seq, seq,
                          client_id, fingerprint, by_agent, reply_to, metadata, changed)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {STAMP}) RETURNING id
"""  # noqa: S608 - of ours
ADVANCE = f"""
    UPDATE conversations SET seq = ?, last_message_id = ?, active_at = ?, changed = {STAMP}
    WHERE id = ?
"""  # noqa: S608 - of ours


class Transactions(Protocol):
    """What this module needs of the database."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]: ...


async def store(database: Transactions, sends: Sequence[Send]) -> bool:
    """The same as `Database.store_sends`."""
    try:
        await store_together(database, sends)
    except PayamError:
        raise
    except Exception:
        if len(sends) == 1:
            log.exception("a message could not be stored")
            sends[0].error = Failed()
        else:  # one bad row must not make the others fail
            for send in sends:
                await store(database, [send])
    return True


async def store_together(database: Transactions, sends: Sequence[Send]) -> None:
    for send in sends:
        send.begin()
    in_order = sorted(sends, key=attrgetter("conversation_id"))
    changed: list[int] = []
    async with database.transaction() as transaction:
        for conversation_id, those in groupby(in_order, attrgetter("conversation_id")):
            if await store_in(transaction, conversation_id, list(those)):
                changed.append(conversation_id)
        if changed:
            await transaction.execute(NOTE_TOUCHED, (",".join(map(str, changed)), now()))


async def store_in(transaction: Transaction, conversation_id: int, sends: list[Send]) -> bool:
    """Store those of one conversation. Returns whether there were new ones among them."""
    locked = await transaction.fetch(LOCK, (conversation_id,))
    seq: int = locked[0][0] if locked else 0
    sender_ids = listed({send.sender_id for send in sends})
    senders = SENDERS.format(ids=transaction.ids)
    is_blocked: dict[int, bool] = dict(
        await transaction.fetch(senders, (conversation_id, sender_ids))
    )
    agents: set[int] = set()
    if any(is_blocked.get(send.sender_id, True) for send in sends):
        agents = await agents_of(transaction, conversation_id, sender_ids)
    last: Send | None = None
    for send in sends:
        first = await first_of(transaction, send)
        if first is not None:
            send.settle_as_repeat(first)
            continue
        send.by_agent = is_blocked.get(send.sender_id, True)
        if send.by_agent and send.sender_id not in agents:
            has_blocked = is_blocked.get(send.sender_id, False)
            send.error = blocked() if has_blocked else not_a_participant()
            continue
        seq += 1
        ((send.id,),) = await transaction.fetch(INSERT, row_of(send, seq))
        send.seq, last = seq, send
        if send.extras is not None and send.extras.mentions:
            mentioned = [
                (conversation_id, user.id, send.id, user.id == send.sender_id)
                for user in send.extras.mentions
            ]
            await mentions.add(transaction, mentioned)
    if last is None:
        return False
    await transaction.execute(ADVANCE, (seq, last.id, last.created_at, conversation_id))
    return True


async def agents_of(transaction: Transaction, conversation_id: int, sender_ids: str) -> set[int]:
    if not await transaction.fetch(HAS_TICKETS, (conversation_id,)):
        return set()
    rows = await transaction.fetch(STAFF.format(ids=transaction.ids), (sender_ids,))
    return {user_id for (user_id,) in rows}


def row_of(send: Send, seq: int) -> tuple[object, ...]:
    """The parameters of INSERT."""
    extras = send.extras
    return (
        send.conversation_id,
        send.sender_id,
        send.content,
        send.created_at,
        seq,
        seq,
        send.client_id,
        send.fingerprint,
        send.by_agent,
        extras.reply_to if extras else None,
        extras.metadata if extras else None,
    )


async def first_of(transaction: Transaction, send: Send) -> Row | None:
    if send.client_id is None:
        return None
    rows = await transaction.fetch(
        FIRST_WITH_KEY, (send.conversation_id, send.sender_id, send.client_id)
    )
    return rows[0] if rows else None
